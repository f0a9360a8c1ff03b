//! How large definitions of collections may be, and how they are listed.

use backlot_wix::data::collection::Definition;
use backlot_wix::data::limits;
use serde_json::{Value, json};

use crate::data::{API_KEY, with_site};
use crate::harness::{INSTANCE_ID, Reply, TestServer, instance, request};

fn permissions() -> Value {
    json!({ "read": "ANYONE", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" })
}

async fn with(server: &TestServer, definition: Value) {
    let definition = Definition::from_wire(&definition).unwrap();
    let id = INSTANCE_ID.parse().unwrap();
    let made = server.store.insert_collection(id, definition).await;
    made.unwrap();
}

async fn ask(server: &TestServer, method: &str, path: &str, body: &str) -> Reply {
    let headers = [("authorization", API_KEY), ("wix-site-id", "site-1")];
    let path = format!("/wix-data/v2/{path}");
    request(server.address, method, &path, &headers, body).await
}

async fn list(server: &TestServer, query: &str) -> Reply {
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let path = format!("/wix-data/v2/collections?{query}");
    request(server.address, "GET", &path, &headers, "").await
}

fn ids(response: &Reply) -> Vec<String> {
    let response = response.json();
    let all = response["collections"].as_array().unwrap().iter();
    all.map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn definitions_have_a_size_that_they_may_not_pass() {
    let server = TestServer::start(vec![]).await;
    with_site(&server).await;
    let field = |key: &str| json!({ "key": key, "type": "TEXT" });
    let described = |number: usize, bytes: usize| json!({ "key": format!("f{number}"), "type": "TEXT", "description": "x".repeat(bytes) });
    let of =
        |fields: Vec<Value>| json!({ "id": "c", "fields": fields, "permissions": permissions() });
    let with = |key: &str, value: Value| {
        let mut collection = of(vec![field("a")]);
        collection[key] = value;
        collection
    };
    let long = "x".repeat(limits::DISPLAY_NAME_CHARACTERS + 1);
    let mut named = field("a");
    named["displayName"] = json!(long);
    let mut patterned = field("a");
    patterned["pattern"] = json!("(");
    for refused in [
        with("displayName", json!(long)),
        with("displayField", json!(long)),
        with("plugins", json!(vec!["x".repeat(1_000); 300])),
        of(vec![named.clone()]),
        of(vec![patterned]),
        of(vec![field(&"k".repeat(limits::FIELD_KEY_CHARACTERS + 1))]),
        of(vec![described(0, limits::DESCRIPTION_CHARACTERS + 1)]),
        of((0..27).map(|it| described(it, 10_000)).collect()),
        of((0..=limits::FIELDS)
            .map(|it| field(&format!("f{it}")))
            .collect()),
    ] {
        let body = json!({ "collection": refused }).to_string();
        let response = ask(&server, "POST", "collections", &body).await;
        let told = (response.status, response.code());
        assert_eq!(told, (400, "WDE0080".to_owned()), "{:.200}", response.body);
    }
    // Characters count, not bytes; and what is just small enough is made.
    let umlauts = "ä".repeat(limits::DISPLAY_NAME_CHARACTERS);
    for (id, fields) in [
        (
            "described",
            (0..25).map(|it| described(it, 10_000)).collect(),
        ),
        (
            "many",
            (0..limits::FIELDS)
                .map(|it| field(&format!("f{it}")))
                .collect::<Vec<_>>(),
        ),
    ] {
        let mut collection = of(fields);
        collection["id"] = json!(id);
        collection["displayName"] = json!(umlauts);
        let body = json!({ "collection": collection }).to_string();
        let response = ask(&server, "POST", "collections", &body).await;
        assert_eq!(response.status, 200, "{:.200}", response.body);
        let found = ask(&server, "GET", &format!("collections/{id}"), "").await;
        assert_eq!(found.json()["collection"]["displayName"], json!(umlauts));
    }
    for (path, body) in [
        (
            "collections/create-field",
            json!({ "dataCollectionId": "many", "field": field("one_more") }),
        ),
        (
            "collections/create-field",
            json!({ "dataCollectionId": "described", "field": described(99, 10_000) }),
        ),
        (
            "collections/update-field",
            json!({ "dataCollectionId": "many", "field": { "key": "f0", "type": "TEXT", "displayName": long } }),
        ),
        (
            "collections/add-plugin",
            json!({ "dataCollectionId": "described", "plugin": { "type": "x".repeat(12_000) } }),
        ),
    ] {
        let response = ask(&server, "POST", path, &body.to_string()).await;
        let told = (response.status, response.code());
        assert_eq!(
            told,
            (400, "WDE0080".to_owned()),
            "{path} {:.200}",
            response.body
        );
    }
}

/// An owner with more than one response can hold is told to ask for fewer, and can.
#[tokio::test]
async fn collections_are_listed_page_by_page_within_a_budget() {
    let server = TestServer::start(vec![]).await;
    let fields: Vec<Value> = (0..limits::FIELDS)
        .map(|it| json!({ "key": format!("f{it}"), "type": "ANY" }))
        .collect();
    for number in 0..150 {
        let names = ["zebra", "ape", ""];
        let mut collection = json!({ "id": format!("c{number:03}"), "fields": fields, "permissions": permissions() });
        if number < 2 {
            collection["displayName"] = json!(names[number]);
        }
        with(&server, collection).await;
    }
    let all = list(&server, "paging.limit=1000").await;
    assert_eq!(
        (all.status, all.code()),
        (422, "QUERY_TOO_COSTLY".to_owned())
    );
    let first = list(&server, "").await;
    assert_eq!(first.status, 200, "{:.200}", first.body);
    let metadata = &first.json()["pagingMetadata"];
    assert_eq!(metadata["count"], 50);
    assert_eq!(
        (&metadata["total"], &metadata["hasNext"]),
        (&json!(150), &json!(true))
    );
    assert_eq!(ids(&first)[..2], ["c000", "c001"]);
    let wire = first.json()["collections"][0].clone();
    assert_eq!(wire["fields"].as_array().unwrap().len(), limits::FIELDS + 4);
    let last = list(&server, "paging.limit=20&paging.offset=140").await;
    assert_eq!(ids(&last).len(), 10);
    assert_eq!(last.json()["pagingMetadata"]["hasNext"], json!(false));
    let beyond = list(&server, "paging.offset=4000000000").await;
    assert_eq!((beyond.status, ids(&beyond).len()), (200, 0));
    let down = list(&server, "paging.limit=2&sort.fieldName=id&sort.order=DESC").await;
    assert_eq!(ids(&down), ["c149", "c148"]);
    let by_name = "paging.limit=3&sort.fieldName=displayName&sort.order=DESC";
    assert_eq!(ids(&list(&server, by_name).await), ["c000", "c001", "c149"]);
}
