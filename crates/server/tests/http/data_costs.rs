//! What the words of one request may cost: while they are read, and by what they ask for.

use backlot_wix::data::collection::Definition;
use backlot_wix::data::limits;
use serde_json::{Value, json};

use crate::data::call;
use crate::harness::{INSTANCE_ID, PAGE, Reply, TestServer, instance, request};

/// `c`, open to everybody, with `many` to itself.
async fn with_open_collection(server: &TestServer, read: &str) {
    let definition = json!({
        "id": "c",
        "fields": [
            { "key": "t", "type": "TEXT" },
            { "key": "many", "type": "MULTI_REFERENCE",
              "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } } },
        ],
        "permissions": { "read": read, "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" },
    });
    let definition = Definition::from_wire(&definition).unwrap();
    let id = INSTANCE_ID.parse().unwrap();
    server
        .store
        .insert_collection(id, definition)
        .await
        .unwrap();
}

async fn ask(server: &TestServer, path: &str, body: &str) -> Reply {
    let credential = instance("visitor");
    let headers = [("authorization", credential.as_str()), ("origin", PAGE)];
    let path = format!("/wix-data/v2/{path}");
    request(server.address, "POST", &path, &headers, body).await
}

fn says(response: &Reply) -> (u16, String) {
    (response.status, response.code())
}

fn costly() -> (u16, String) {
    (422, "QUERY_TOO_COSTLY".to_owned())
}

/// Sixteen megabytes of them were five gigabytes in memory.
#[tokio::test]
async fn small_json_that_is_large_in_memory_is_refused_while_it_is_read() {
    let server = TestServer::start(vec![]).await;
    with_open_collection(&server, "ANYONE").await;
    let many = |element: &str| vec![element; (3 << 20) / (element.len() + 1)].join(",");
    let objects = many(r#"{"":0}"#);
    let texts = many(r#""t""#);
    for (path, body) in [
        (
            "items/query",
            format!(r#""query":{{"filter":{{"a":[{objects}]}}}}"#),
        ),
        ("items/query", format!(r#""query":{{"sort":[{objects}]}}"#)),
        ("items/query", format!(r#""query":{{"fields":[{texts}]}}"#)),
        ("items/count", format!(r#""filter":{{"$or":[{objects}]}}"#)),
        (
            "items",
            format!(r#""dataItem":{{"data":{{"l":[{objects}]}}}}"#),
        ),
        (
            "items/patch",
            format!(
                r#""patch":{{"dataItemId":"x","fieldModifications":[{{"fieldPath":"a","action":"SET_FIELD","setFieldOptions":{{"value":[{objects}]}}}}]}}"#
            ),
        ),
        ("bulk/items/insert", format!(r#""dataItems":[{objects}]"#)),
        ("bulk/items/patch", format!(r#""patches":[{objects}]"#)),
        ("bulk/items/remove", format!(r#""dataItemIds":[{texts}]"#)),
        (
            "items/aggregate-pipeline",
            format!(r#""pipeline":{{"stages":[{objects}]}}"#),
        ),
        (
            "items/aggregate",
            format!(r#""initialFilter":{{"a":[{objects}]}}"#),
        ),
        (
            "items/query-distinct-values",
            format!(r#""fieldName":"t","filter":{{"a":[{objects}]}}"#),
        ),
        (
            "items/search",
            format!(r#""search":{{"filter":{{"a":[{objects}]}}}}"#),
        ),
        (
            "items/replace-references",
            format!(r#""newReferencedItemIds":[{texts}]"#),
        ),
        (
            "bulk/items/async-patch-by-filter",
            format!(r#""filter":{{"a":[{objects}]}}"#),
        ),
    ] {
        let body = format!(r#"{{"dataCollectionId":"c",{body}}}"#);
        let response = ask(&server, path, &body).await;
        assert_eq!(says(&response), costly(), "{path}: {}", response.body);
        let data = &response.json()["details"]["applicationError"]["data"];
        assert_eq!(data["limit"], "memory", "{path}");
        assert_eq!(response.header("retry-after"), "");
    }
    // What no call looks at is not read.
    let body = format!(r#"{{"dataCollectionId":"c","junk":[{objects}]}}"#);
    assert_eq!(ask(&server, "items/query", &body).await.status, 200);
}

/// What is large and ordinary works as before.
#[tokio::test]
async fn large_requests_of_ordinary_items_are_served() {
    let server = TestServer::start(vec![]).await;
    with_open_collection(&server, "ANYONE").await;
    let item = |number: usize| {
        let mut data = json!({ "_id": format!("i{number}"), "t": "word ".repeat(1_000) });
        for field in 0..60 {
            data[format!("field {field}")] = json!(field);
        }
        json!({ "data": data })
    };
    let items: Vec<Value> = (0..1_000).map(item).collect();
    let body = json!({ "dataCollectionId": "c", "dataItems": items });
    let made = call(&server, &instance("visitor"), "bulk/items/insert", body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.json()["bulkActionMetadata"]["totalSuccesses"], 1_000);
    let ids: Vec<String> = (0..9_000).map(|number| format!("i{number}")).collect();
    let query = json!({ "dataCollectionId": "c", "filter": { "_id": { "$hasSome": ids } } });
    let counted = call(&server, &instance("visitor"), "items/count", query).await;
    assert_eq!(counted.json()["totalCount"], 1_000, "{}", counted.body);
    let links: Vec<Value> = (0..1_000)
        .map(|number| json!({ "referringItemFieldName": "many", "referringItemId": "i0", "referencedItemId": format!("i{number}") }))
        .collect();
    let body = json!({ "dataCollectionId": "c", "dataItemReferences": links });
    let linked = call(
        &server,
        &instance("visitor"),
        "bulk/items/insert-references",
        body,
    )
    .await;
    assert_eq!(linked.json()["bulkActionMetadata"]["totalSuccesses"], 1_000);
}

/// 150,000 names took 14 seconds, past the deadline, and went on without their client.
#[tokio::test]
async fn chosen_fields_are_capped_and_each_counts_once() {
    let server = TestServer::start(vec![]).await;
    with_open_collection(&server, "ANYONE").await;
    let item = json!({ "dataCollectionId": "c", "dataItem": { "data": { "_id": "1", "t": "x", "u": 1 } } });
    call(&server, &instance("visitor"), "items", item).await;
    let fields =
        |names: Vec<String>| json!({ "dataCollectionId": "c", "query": { "fields": names } });
    let same = fields(vec!["t".to_owned(); 150_000]);
    let response = call(&server, &instance("visitor"), "items/query", same).await;
    let data = &response.json()["dataItems"][0]["data"];
    assert_eq!(*data, json!({ "_id": "1", "t": "x" }));
    let names = |count: usize| (0..count).map(|number| format!("f{number}")).collect();
    let most = fields(names(limits::CHOSEN_FIELDS));
    let response = call(&server, &instance("visitor"), "items/query", most).await;
    assert_eq!(response.status, 200);
    let more = fields(names(limits::CHOSEN_FIELDS + 1));
    let response = call(&server, &instance("visitor"), "items/query", more).await;
    assert_eq!(says(&response), (400, "WDE0080".to_owned()));
}

/// References to several items had a limit in two calls of six.
#[tokio::test]
async fn links_are_capped_in_every_call() {
    let server = TestServer::start(vec![]).await;
    with_open_collection(&server, "ANYONE").await;
    for id in ["1", "2"] {
        let item = json!({ "dataCollectionId": "c", "dataItem": { "data": { "_id": id } } });
        call(&server, &instance("visitor"), "items", item).await;
    }
    let ids = |count: usize| {
        (0..count)
            .map(|number| format!("r{number}"))
            .collect::<Vec<_>>()
    };
    let set = |count: usize| json!([{ "fieldPath": "many", "action": "SET_FIELD", "setFieldOptions": { "value": ids(count) } }]);
    let replace = |count: usize| json!({ "referringItemFieldName": "many", "referringItemId": "1", "newReferencedItemIds": ids(count) });
    let patch =
        |count: usize| json!({ "patch": { "dataItemId": "1", "fieldModifications": set(count) } });
    let insert = |count: usize| json!({ "saveReferences": true, "dataItem": { "data": { "many": ids(count) } } });
    let job = |count: usize| json!({ "fieldModifications": set(count) });
    let (field, most) = (limits::LINKS_OF_FIELD, limits::LINKS_OF_FIELD + 1);
    for (path, body, status) in [
        ("items/replace-references", replace(field), 200),
        ("items/replace-references", replace(most), 400),
        ("items/patch", patch(field), 200),
        ("items/patch", patch(most), 400),
        ("items", insert(field), 200),
        ("items", insert(most), 400),
        ("bulk/items/async-patch-by-filter", job(field), 200),
        ("bulk/items/async-patch-by-filter", job(most), 400),
    ] {
        let mut body = body;
        body["dataCollectionId"] = json!("c");
        let response = call(&server, &instance("visitor"), path, body).await;
        assert_eq!(response.status, status, "{path}: {}", response.body);
        if status == 400 {
            assert_eq!(response.code(), "WDE0080", "{path}");
        }
    }
    let patches: Vec<Value> = (0..3)
        .map(|_| json!({ "dataItemId": "1", "fieldModifications": set(4_000) }))
        .collect();
    let body = json!({ "dataCollectionId": "c", "patches": patches });
    let response = call(&server, &instance("visitor"), "bulk/items/patch", body).await;
    assert_eq!(
        says(&response),
        (400, "WDE0080".to_owned()),
        "{}",
        response.body
    );
}

/// With read denied, existing and missing links told of the item.
#[tokio::test]
async fn links_tell_nothing_of_items_that_may_not_be_read() {
    for (read, exists, missing) in [("ANYONE", 409, 404), ("ADMIN", 200, 200)] {
        let server = TestServer::start(vec![]).await;
        with_open_collection(&server, read).await;
        let item =
            json!({ "dataCollectionId": "c", "dataItem": { "data": { "_id": "1", "t": "x" } } });
        call(&server, &instance("owner"), "items", item).await;
        let link = json!({ "dataCollectionId": "c", "dataItemReference": { "referringItemFieldName": "many", "referringItemId": "1", "referencedItemId": "2" } });
        for (path, status) in [
            ("items/insert-reference", 200),
            ("items/insert-reference", exists),
            ("items/remove-reference", 200),
            ("items/remove-reference", missing),
        ] {
            let response = call(&server, &instance("visitor"), path, link.clone()).await;
            assert_eq!(response.status, status, "{read} {path}: {}", response.body);
        }
        let change = json!([{ "fieldPath": "t", "action": "INCREMENT_FIELD", "incrementFieldOptions": { "value": 1 } }]);
        let patch = json!({ "dataCollectionId": "c", "patch": { "dataItemId": "1", "fieldModifications": change } });
        let response = call(&server, &instance("visitor"), "items/patch", patch).await;
        let (status, code) = if read == "ANYONE" {
            (400, "WDE0080")
        } else {
            (403, "WDE0027")
        };
        assert_eq!(says(&response), (status, code.to_owned()));
    }
}

/// A full site could be filled further by jobs, by links and by one large update.
#[tokio::test]
async fn a_full_site_is_filled_in_no_way() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_api.storage.bytes = backlot_server::policy::quota::Quotas {
            plans: Vec::new(),
            others: Some(20_000),
        };
    })
    .await;
    with_open_collection(&server, "ANYONE").await;
    let visitor = instance("visitor");
    for id in ["1", "2"] {
        let item = json!({ "dataCollectionId": "c", "dataItem": { "data": { "_id": id, "t": "x".repeat(8_000) } } });
        let made = call(&server, &visitor, "items", item).await;
        assert_eq!(made.status, 200, "{}", made.body);
    }
    let set = |field: &str, value: Value| json!([{ "fieldPath": field, "action": "SET_FIELD", "setFieldOptions": { "value": value } }]);
    let large = || set("big", json!("y".repeat(9_000)));
    let ids: Vec<String> = (0..900).map(|number| format!("r{number}")).collect();
    let links: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "referringItemFieldName": "many", "referringItemId": "1", "referencedItemId": id }))
        .collect();
    let full = (403, "STORAGE_QUOTA_EXCEEDED".to_owned());
    for (path, mut body) in [
        (
            "items/update",
            json!({ "dataItem": { "data": { "_id": "1", "t": "z".repeat(190_000) } } }),
        ),
        (
            "items/patch",
            json!({ "patch": { "dataItemId": "1", "fieldModifications": large() } }),
        ),
        (
            "items/patch",
            json!({ "patch": { "dataItemId": "1", "fieldModifications": set("many", json!(ids)) } }),
        ),
        (
            "bulk/items/async-patch-by-filter",
            json!({ "fieldModifications": large() }),
        ),
        (
            "bulk/items/insert-references",
            json!({ "dataItemReferences": links }),
        ),
        (
            "items/replace-references",
            json!({ "referringItemFieldName": "many", "referringItemId": "1", "newReferencedItemIds": ids }),
        ),
    ] {
        body["dataCollectionId"] = json!("c");
        let response = call(&server, &visitor, path, body).await;
        assert_eq!(says(&response), full, "{path}: {}", response.body);
    }
    // A job that has room for one item and not for all fails with the one that has none.
    let body = json!({ "dataCollectionId": "c", "fieldModifications": set("big", json!("y".repeat(2_500))) });
    let job = call(&server, &visitor, "bulk/items/async-patch-by-filter", body).await;
    let id = job.json()["jobId"].as_str().unwrap().to_owned();
    let path = format!("/wix-data/v2/async-jobs/{id}/status");
    let status = loop {
        let headers = [("authorization", visitor.as_str()), ("origin", PAGE)];
        let response = request(server.address, "GET", &path, &headers, "").await;
        let status = response.json()["status"].as_str().unwrap().to_owned();
        if !["INITIALIZED", "PROCESSING"].contains(&status.as_str()) {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(status, "FAILED");
    // What is there may be changed as long as it does not grow.
    let smaller =
        json!({ "dataCollectionId": "c", "dataItem": { "data": { "_id": "1", "t": "small" } } });
    let response = call(&server, &visitor, "items/update", smaller).await;
    assert_eq!(response.status, 200, "{}", response.body);
}
