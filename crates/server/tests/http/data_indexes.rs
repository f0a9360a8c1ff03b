//! Indexes of large collections: made at once, built afterwards, and told as they stand.

use backlot_store::items::mutation::{Author, Document};
use backlot_store::items::{Batch, CollectionRef, Mutation};
use backlot_wix::data::{Budget, Date, Object, Value as DataValue};
use serde_json::{Value, json};

use crate::data::{API_KEY, open, with_collection, with_site};
use crate::harness::{INSTANCE_ID, Reply, TestServer, request};

async fn ask(server: &TestServer, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [("authorization", API_KEY), ("wix-site-id", "site-1")];
    let path = format!("/wix-data/v2/{path}");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    request(server.address, method, &path, &headers, &body).await
}

/// More items than are indexed at once; the ratings of the last two are the same.
async fn fill(server: &TestServer) {
    let instance_id = INSTANCE_ID.parse().unwrap();
    let found = server.store.find_collection(instance_id, "reviews").await;
    let of = CollectionRef::new(instance_id, found.unwrap().unwrap());
    let write = |number: u32| {
        let rating = DataValue::from(f64::from(number.min(898)));
        Mutation::Insert(Document {
            item_id: format!("i{number}"),
            fields: Object::from_iter([("rating".to_owned(), rating)]),
            links: Vec::new(),
        })
    };
    let batch = Batch {
        writes: (0..900).map(write).collect(),
        condition: None,
        author: Author::app(None),
        now: Date::EPOCH,
        stops_at_failure: false,
        budget: Budget::unlimited(),
        room: None,
        tells_items: false,
    };
    for outcome in server.store.commit(&of, batch).await.unwrap() {
        outcome.unwrap();
    }
}

/// The index of a name, once it is not being built any more.
async fn built(server: &TestServer, name: &str) -> Value {
    loop {
        let path = "indexes?dataCollectionId=reviews";
        let listed = ask(server, "GET", path, &Value::Null).await.json();
        let mut indexes = listed["indexes"].as_array().unwrap().iter();
        let index = indexes.find(|index| index["name"] == name).unwrap();
        if index["status"] != "BUILDING" {
            return index.clone();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_index_of_a_large_collection_is_built_after_its_call_is_answered() {
    let server = TestServer::start(vec![]).await;
    with_site(&server).await;
    with_collection(&server, "reviews", open()).await;
    fill(&server).await;
    let index = |name: &str, is_unique: bool| {
        json!({
            "dataCollectionId": "reviews",
            "index": { "name": name, "fields": [{ "path": "rating", "order": "ASC" }], "unique": is_unique },
        })
    };
    let made = ask(&server, "POST", "indexes", &index("ratings", false)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let ready = built(&server, "ratings").await;
    assert_eq!(ready["status"], "ACTIVE");
    assert!(ready.get("failure").is_none());
    let query = json!({ "dataCollectionId": "reviews", "query": { "filter": { "rating": 7 } } });
    let found = ask(&server, "POST", "items/query", &query).await.json();
    assert_eq!(found["dataItems"][0]["id"], "i7");

    let made = ask(&server, "POST", "indexes", &index("once", true)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let failed = built(&server, "once").await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["failure"]["code"], "WDE0113");
    assert_eq!(failed["failure"]["itemId"], "i899");
    let twice = json!({ "dataCollectionId": "reviews", "dataItem": { "data": { "title": "x", "rating": 7 } } });
    let inserted = ask(&server, "POST", "items", &twice).await;
    assert_eq!(inserted.status, 200, "it refuses nothing");
}
