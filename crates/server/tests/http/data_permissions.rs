//! What the answers to writes, conditions and jobs tell of items that may not be read.

use serde_json::{Value, json};

use crate::data::{call, with_collection};
use crate::harness::{NEW_SECRET, TestServer, instance, payload, request, signed};

/// Two items of the owner's, in a collection that members write and may not read.
async fn with_unreadable_items(server: &TestServer) {
    let permissions =
        json!({ "read": "ADMIN", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" });
    with_collection(server, "letters", permissions).await;
    for id in ["one", "two"] {
        let item = json!({ "dataCollectionId": "letters", "dataItem": { "data": { "_id": id, "title": "secret", "rating": 7 } } });
        let made = call(server, &instance("owner"), "items", item).await;
        assert_eq!(made.status, 200, "{}", made.body);
    }
}

#[tokio::test]
async fn writes_hand_out_nothing_that_may_not_be_read() {
    let server = TestServer::start(vec![]).await;
    with_unreadable_items(&server).await;
    let change = json!([{ "fieldPath": "rating", "action": "SET_FIELD", "setFieldOptions": { "value": 1 } }]);
    let patch = json!({ "dataItemId": "one", "fieldModifications": change });
    let whole = json!({ "data": { "_id": "one", "title": "mine" } });
    for (path, more) in [
        ("items/patch", json!({ "patch": patch })),
        (
            "items/patch",
            json!({ "patch": patch, "includeReferencedItems": true }),
        ),
        ("items/update", json!({ "dataItem": whole })),
        ("items/save", json!({ "dataItem": whole })),
        (
            "bulk/items/patch",
            json!({ "patches": [patch], "returnEntity": true }),
        ),
        (
            "bulk/items/update",
            json!({ "dataItems": [whole], "returnEntity": true }),
        ),
        (
            "bulk/items/save",
            json!({ "dataItems": [whole], "returnEntity": true }),
        ),
        (
            "bulk/items/remove",
            json!({ "dataItemIds": ["one"], "returnEntity": true }),
        ),
        ("items/remove", json!({ "dataItemId": "two" })),
    ] {
        let mut body = json!({ "dataCollectionId": "letters" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let response = call(&server, &instance("member"), path, body).await;
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        let response = response.json();
        let item = response["dataItem"]["data"].as_object();
        let item = item.or_else(|| response["results"][0]["dataItem"]["data"].as_object());
        let names: Vec<_> = item.unwrap().keys().collect();
        // Of a whole item, what the caller sent comes back.
        let sent: &[&str] = match path {
            "items/update" | "items/save" => &["_id", "_updatedDate", "title"],
            _ => &["_id"],
        };
        assert_eq!(names, sent, "{path}");
    }
}

#[tokio::test]
async fn conditions_and_filters_of_jobs_need_read() {
    let server = TestServer::start(vec![]).await;
    with_unreadable_items(&server).await;
    let guess = json!({ "title": { "$startsWith": "s" } });
    let change = json!([{ "fieldPath": "rating", "action": "SET_FIELD", "setFieldOptions": { "value": 1 } }]);
    for (path, more) in [
        (
            "items/remove",
            json!({ "dataItemId": "one", "condition": { "filter": guess } }),
        ),
        (
            "bulk/items/remove",
            json!({ "dataItemIds": ["one"], "condition": { "filter": guess } }),
        ),
        (
            "bulk/items/async-remove-by-filter",
            json!({ "filter": guess }),
        ),
        (
            "bulk/items/async-patch-by-filter",
            json!({ "filter": guess, "fieldModifications": change }),
        ),
    ] {
        let mut body = json!({ "dataCollectionId": "letters" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let response = call(&server, &instance("member"), path, body).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (403, "WDE0027"),
            "{path}: {}",
            response.body
        );
    }
    let all = json!({ "dataCollectionId": "letters", "fieldModifications": change });
    let job = call(
        &server,
        &instance("member"),
        "bulk/items/async-patch-by-filter",
        all,
    )
    .await;
    let path = format!(
        "/wix-data/v2/async-jobs/{}/status",
        job.json()["jobId"].as_str().unwrap()
    );
    let status = |role: &'static str| {
        let (address, path) = (server.address, path.clone());
        async move {
            request(
                address,
                "GET",
                &path,
                &[("authorization", &instance(role))],
                "",
            )
            .await
            .json()
        }
    };
    assert!(status("member").await.get("successCount").is_none());
    assert!(status("owner").await.get("successCount").is_some());
}

/// Whether a field can be incremented, or stands within its bounds then, tells what it holds.
#[tokio::test]
async fn patches_that_depend_on_the_item_need_read() {
    let server = TestServer::start(vec![]).await;
    with_unreadable_items(&server).await;
    let options = |value: Value| json!({ "value": value });
    let increment = |by: i32| json!({ "fieldPath": "rating", "action": "INCREMENT_FIELD", "incrementFieldOptions": options(json!(by)) });
    let append = json!({ "fieldPath": "list", "action": "APPEND_TO_ARRAY", "appendToArrayOptions": options(json!(1)) });
    let nested =
        json!({ "fieldPath": "a.b", "action": "SET_FIELD", "setFieldOptions": options(json!(1)) });
    let plain = json!({ "fieldPath": "rating", "action": "SET_FIELD", "setFieldOptions": options(json!(7)) });
    let said = async |path: &str, more: Value| {
        let mut body = json!({ "dataCollectionId": "letters" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let response = call(&server, &instance("member"), path, body).await;
        (response.status, response.body)
    };
    for probe in [increment(1), increment(0), append, nested] {
        let patch = json!({ "dataItemId": "one", "fieldModifications": [plain, probe] });
        let harmless = json!({ "dataItemId": "two", "fieldModifications": [plain] });
        let missing = json!({ "dataItemId": "three", "fieldModifications": [probe] });
        for (path, more) in [
            ("items/patch", json!({ "patch": patch })),
            ("items/patch", json!({ "patch": missing })),
            ("bulk/items/patch", json!({ "patches": [harmless, patch] })),
            (
                "bulk/items/async-patch-by-filter",
                json!({ "filter": {}, "fieldModifications": [probe] }),
            ),
            (
                "bulk/items/async-patch-by-filter",
                json!({ "fieldModifications": [plain, probe] }),
            ),
        ] {
            let (status, body) = said(path, more).await;
            let is_refused = body.contains("WDE0027") && body.contains("permissions to read");
            assert!(status == 403 && is_refused, "{path} {body}");
        }
    }
    let patch = json!({ "dataItemId": "one", "fieldModifications": [plain] });
    assert_eq!(said("items/patch", json!({ "patch": patch })).await.0, 200);
    let job = json!({ "fieldModifications": [plain] });
    assert_eq!(said("bulk/items/async-patch-by-filter", job).await.0, 200);
}

/// A condition that would not hold is refused, not passed over.
#[tokio::test]
async fn a_condition_holds_or_is_refused() {
    let server = TestServer::start(vec![]).await;
    let anyone =
        json!({ "read": "ANYONE", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" });
    with_collection(&server, "letters", anyone).await;
    let item = json!({ "data": { "_id": "one", "title": "x", "rating": 7 } });
    let new = json!({ "data": { "_id": "two", "title": "x", "rating": 7 } });
    let insert = json!({ "dataCollectionId": "letters", "dataItem": item });
    call(&server, &instance("member"), "items", insert).await;
    let is = |rating: i32| json!({ "filter": { "rating": rating } });
    let credential = instance("member");
    let headers = [("authorization", credential.as_str())];
    let ask = async |method: &str, path: &str, more: Value| {
        let mut body = json!({ "dataCollectionId": "letters" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let path = format!("/wix-data/v2/{path}");
        let response = request(server.address, method, &path, &headers, &body.to_string()).await;
        (response.status, response.code())
    };
    let unmet = (409, "WDE0300".to_owned());
    for (method, path) in [("PUT", "items/one"), ("POST", "items/update")] {
        let body = json!({ "dataItem": item, "condition": is(8) });
        assert_eq!(ask(method, path, body).await, unmet, "{method} {path}");
        let body = json!({ "dataItem": item, "condition": is(7) });
        assert_eq!(ask(method, path, body).await.0, 200, "{method} {path}");
    }
    // There may be no item that could meet it.
    let invalid = (400, "WDE0080".to_owned());
    for (path, body) in [
        ("items", json!({ "dataItem": new, "condition": is(7) })),
        ("items/save", json!({ "dataItem": new, "condition": is(7) })),
        (
            "items/save",
            json!({ "dataItem": item, "condition": is(7) }),
        ),
        (
            "bulk/items/insert",
            json!({ "dataItems": [new], "condition": is(7) }),
        ),
        (
            "bulk/items/save",
            json!({ "dataItems": [item], "condition": is(7) }),
        ),
    ] {
        assert_eq!(ask("POST", path, body).await, invalid, "{path}");
    }
    for condition in [
        json!({}),
        json!({ "rating": 8 }),
        json!({ "filter": null }),
        json!({ "filter": "rating" }),
        json!({ "filter": {}, "rating": 8 }),
        json!("rating"),
        json!([]),
    ] {
        let change = json!([{ "fieldPath": "rating", "action": "REMOVE_FIELD" }]);
        let patch = json!({ "dataItemId": "one", "fieldModifications": change });
        let body = json!({ "dataItem": item, "dataItems": [item], "dataItemIds": ["one"], "patch": patch, "condition": condition });
        for (method, path) in [
            ("PUT", "items/one"),
            ("PATCH", "items/one"),
            ("DELETE", "items/one"),
            ("POST", "bulk/items/update"),
            ("POST", "bulk/items/remove"),
        ] {
            let told = ask(method, path, body.clone()).await;
            assert_eq!(told, invalid, "{method} {path} {condition}");
        }
    }
    let path = "/wix-data/v2/items/one?dataCollectionId=letters&condition.filter=%7B%7D";
    let response = request(server.address, "DELETE", path, &headers, "").await;
    assert_eq!((response.status, response.code()), invalid);
    let body = json!({ "dataItemId": "one", "condition": is(7) });
    assert_eq!(ask("DELETE", "items/one", body).await.0, 200);
}

#[tokio::test]
async fn a_member_without_an_id_owns_nothing() {
    let server = TestServer::start(vec![]).await;
    let permissions = json!({ "read": "ANYONE", "insert": "ANYONE", "update": "SITE_MEMBER_AUTHOR", "remove": "SITE_MEMBER_AUTHOR" });
    with_collection(&server, "reviews", permissions).await;
    let item = json!({ "dataCollectionId": "reviews", "dataItem": { "data": { "_id": "one", "title": "kept" } } });
    call(&server, &instance("owner"), "items", item).await;
    let mut nobody = payload("member");
    nobody["uid"] = Value::Null;
    nobody["siteMemberId"] = Value::Null;
    let nobody = signed(NEW_SECRET, &nobody);
    let all = json!({ "dataCollectionId": "reviews", "filter": {} });
    let job = call(&server, &nobody, "bulk/items/async-remove-by-filter", all).await;
    if job.status == 200 {
        let path = format!(
            "/wix-data/v2/async-jobs/{}/status",
            job.json()["jobId"].as_str().unwrap()
        );
        loop {
            let owner = instance("owner");
            let status = request(
                server.address,
                "GET",
                &path,
                &[("authorization", &owner)],
                "",
            )
            .await
            .json();
            if status["status"] == "SUCCEEDED" {
                assert_eq!(status["successCount"], 0);
                break;
            }
            assert_ne!(status["status"], "FAILED");
            tokio::task::yield_now().await;
        }
    }
    let found = call(
        &server,
        &instance("owner"),
        "items/query",
        json!({ "dataCollectionId": "reviews" }),
    )
    .await;
    assert_eq!(found.json()["dataItems"].as_array().unwrap().len(), 1);
}
