//! What one site may keep, ask for and cost.

use backlot_wix::data::collection::Definition;
use serde_json::{Value, json};

use crate::data::{call, open, with_collection};
use crate::harness::{
    INSTANCE_ID, NEW_SECRET, PAGE, TestServer, instance, payload, request, signed,
};

fn most(figure: u64) -> backlot_server::policy::quota::Quotas {
    backlot_server::policy::quota::Quotas {
        plans: vec![("pro".to_owned(), 1000)],
        others: Some(figure),
    }
}

#[tokio::test]
async fn a_site_keeps_no_more_than_its_plan_allows() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_api.storage.items = most(2);
    })
    .await;
    with_collection(&server, "reviews", open()).await;
    let insert = |credential: String, id: &'static str| {
        let item = json!({ "dataCollectionId": "reviews", "dataItem": { "data": { "_id": id, "title": "x" } } });
        let server = &server;
        async move { call(server, &credential, "items", item).await }
    };
    for id in ["one", "two"] {
        assert_eq!(insert(instance("owner"), id).await.status, 200);
    }
    let refused = insert(instance("owner"), "three").await;
    let says = (refused.status, refused.code());
    assert_eq!(
        says,
        (403, "STORAGE_QUOTA_EXCEEDED".to_owned()),
        "{}",
        refused.body
    );
    let data = &refused.json()["details"]["applicationError"]["data"];
    assert_eq!((&data["items"], &data["maxItems"]), (&json!(2), &json!(2)));
    let update = json!({ "dataCollectionId": "reviews", "dataItem": { "data": { "_id": "one", "title": "y" } } });
    let updated = call(&server, &instance("owner"), "items/update", update).await;
    assert_eq!(updated.status, 200, "what is there may be changed");

    let mut paying = payload("owner");
    paying["vendorProductId"] = json!("pro");
    assert_eq!(
        insert(signed(NEW_SECRET, &paying), "three").await.status,
        200
    );
    let remove = json!({ "dataCollectionId": "reviews", "dataItemIds": ["one", "two", "three"] });
    call(&server, &instance("owner"), "bulk/items/remove", remove).await;
    assert_eq!(insert(instance("owner"), "four").await.status, 200);

    let path = format!("/admin/v1/instances/{INSTANCE_ID}");
    let known = loop {
        // The register is written behind the requests.
        let known = request(server.admin, "GET", &path, &[], "").await.json();
        if known["storage"].is_object() {
            break known;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&known["storage"]["items"], &known["storage"]["maxItems"]),
        (&json!(1), &json!(2))
    );
}

#[tokio::test]
async fn a_visitor_calls_so_often_and_others_are_not_affected() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_api.rates.visitor = Some(crate::harness::an_hour(2));
        settings.data_api.rates.instance = Some(crate::harness::an_hour(5));
    })
    .await;
    with_collection(&server, "reviews", open()).await;
    let ask = |credential: String| {
        let server = &server;
        async move {
            let query = json!({ "dataCollectionId": "reviews" });
            let response = call(server, &credential, "items/query", query).await;
            (response.status, !response.header("retry-after").is_empty())
        }
    };
    let mut another = payload("visitor");
    another["aid"] = json!("9f1f7b9d-1b2e-4c3d-9e4f-a0b1c2d3e4f5");
    assert_eq!(ask(instance("visitor")).await.0, 200);
    assert_eq!(ask(signed(NEW_SECRET, &another)).await.0, 200);
    // A new id is no new allowance.
    assert_eq!(ask(signed(NEW_SECRET, &another)).await, (429, true));
    for _ in 0..3 {
        assert_eq!(ask(instance("member")).await.0, 200);
    }
    assert_eq!(ask(instance("owner")).await, (429, true));
    let mut elsewhere = payload("owner");
    elsewhere["instanceId"] = json!("11111111-2222-4333-8444-555555555555");
    assert_ne!(ask(signed(NEW_SECRET, &elsewhere)).await.0, 429);
}

/// Books that refer to authors, both open to everybody.
async fn with_books_and_authors(server: &TestServer) {
    let fields = json!([{ "key": "author", "type": "REFERENCE", "typeMetadata": { "reference": { "referencedCollectionId": "authors" } } }]);
    let permissions =
        json!({ "read": "ANYONE", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" });
    for definition in [
        json!({ "id": "books", "fields": fields, "permissions": permissions }),
        json!({ "id": "authors", "fields": [{ "key": "life", "type": "TEXT" }], "permissions": permissions }),
    ] {
        let definition = Definition::from_wire(&definition).unwrap();
        let made = server
            .store
            .insert_collection(INSTANCE_ID.parse().unwrap(), definition)
            .await;
        made.unwrap();
    }
}

/// What a write includes is looked for in the work pool; the write is done there, too, and once.
#[tokio::test]
async fn a_write_that_includes_references_is_done_once() {
    let server = TestServer::start(vec![]).await;
    with_books_and_authors(&server).await;
    let owner = instance("owner");
    let author = json!({ "dataCollectionId": "authors", "dataItem": { "data": { "_id": "a", "life": "long" } } });
    assert_eq!(call(&server, &owner, "items", author).await.status, 200);
    let book = json!({ "_id": "b", "author": "a", "pages": 1 });
    let one_more = json!([{ "fieldPath": "pages", "action": "INCREMENT_FIELD", "incrementFieldOptions": { "value": 1 } }]);
    for (path, more, pages) in [
        ("items", json!({ "data": { "author": "a", "pages": 1 } }), 1),
        ("items", json!({ "data": book }), 1),
        (
            "items/patch",
            json!({ "dataItemId": "b", "fieldModifications": one_more }),
            2,
        ),
    ] {
        let name = if path == "items" { "dataItem" } else { "patch" };
        let body =
            json!({ "dataCollectionId": "books", name: more, "includeReferencedItems": true });
        let response = call(&server, &owner, path, body).await;
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        let item = &response.json()["dataItem"]["data"];
        assert_eq!(
            (&item["author"]["life"], &item["pages"]),
            (&json!("long"), &json!(pages))
        );
    }
    let count = json!({ "dataCollectionId": "books" });
    let count = call(&server, &owner, "items/count", count).await.json();
    assert_eq!(count["totalCount"], 2);
}

/// A page of items that all include the same large one: it is kept once.
#[tokio::test]
async fn an_included_item_is_shared_by_all_that_refer_to_it() {
    let server = TestServer::start(vec![]).await;
    with_books_and_authors(&server).await;
    let author = json!({ "dataCollectionId": "authors", "dataItem": { "data": { "_id": "a", "life": "x".repeat(450_000) } } });
    assert_eq!(
        call(&server, &instance("owner"), "items", author)
            .await
            .status,
        200
    );
    let books: Vec<Value> = (0..400)
        .map(|number| json!({ "data": { "_id": format!("b{number}"), "author": "a" } }))
        .collect();
    let books = json!({ "dataCollectionId": "books", "dataItems": books });
    assert_eq!(
        call(&server, &instance("owner"), "bulk/items/insert", books)
            .await
            .status,
        200
    );
    let query = json!({ "dataCollectionId": "books", "query": { "paging": { "limit": 400 } }, "includeReferences": [{ "field": "author" }] });
    // 180 MB are sent, of an item that takes up half a megabyte.
    let response = call(&server, &instance("visitor"), "items/query", query.clone()).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body.len() / 450_000, 400);
    // What looks into each of them makes copies, which are counted.
    let mut looking = query;
    looking["query"]["fields"] = json!(["author.life"]);
    let response = call(&server, &instance("visitor"), "items/query", looking).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (422, "QUERY_TOO_COSTLY")
    );
}

/// A filter of thousands of terms ends by itself, with a code and a remedy, and the server goes on.
#[tokio::test]
async fn a_filter_of_thousands_of_terms_is_too_costly() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_api.limits.budget.work = 50_000_000;
    })
    .await;
    with_collection(&server, "reviews", open()).await;
    let items: Vec<Value> = (0..1000)
        .map(|number| json!({ "data": { "title": format!("{number} {}", "word ".repeat(400)) } }))
        .collect();
    let items = json!({ "dataCollectionId": "reviews", "dataItems": items });
    assert_eq!(
        call(&server, &instance("owner"), "bulk/items/insert", items)
            .await
            .status,
        200
    );
    let terms: Vec<Value> = (0..4_900)
        .map(|number| json!({ "title": { "$contains": format!("none of them {number}") } }))
        .collect();
    for (path, mut body) in [
        ("items/count", json!({})),
        ("items/query", json!({})),
        (
            "items/aggregate",
            json!({ "aggregation": { "operations": [{ "resultFieldName": "n", "itemCount": {} }] } }),
        ),
    ] {
        body["dataCollectionId"] = json!("reviews");
        let filter = json!({ "$or": terms });
        match path {
            "items/query" => body["query"] = json!({ "filter": filter }),
            "items/aggregate" => body["initialFilter"] = filter,
            _ => body["filter"] = filter,
        }
        let response = call(&server, &instance("visitor"), path, body).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (422, "QUERY_TOO_COSTLY"),
            "{path}: {}",
            response.body
        );
        assert_eq!(response.header("access-control-allow-origin"), PAGE);
        assert_eq!(response.header("retry-after"), "");
    }
}
