//! The data room and the items of handlers, in process. What the real clients make of it is seen by the
//! end-to-end tests.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use backlot_server::{Items, ItemsFault};
use backlot_store::collections::Collections as _;
use backlot_store::instance_details::{Details, InstanceDetails as _};
use backlot_wix::AppInstance;
use backlot_wix::data::collection::Definition;
use serde_json::{Value, json};

use crate::harness::{
    INSTANCE_ID, NEW_SECRET, NOW, PAGE, Reply, TestServer, instance, payload, request, signed,
    to_router,
};

const API_KEY: &str = "IST.the-key-of-the-account";

async fn with_collection(server: &TestServer, id: &str, permissions: Value) {
    let definition = json!({
        "id": id,
        "fields": [{ "key": "title", "type": "TEXT", "required": true }, { "key": "rating", "type": "NUMBER" }],
        "permissions": permissions,
    });
    let definition = Definition::from_wire(&definition).unwrap();
    let instance_id = INSTANCE_ID.parse().unwrap();
    let made = server
        .store
        .create_collection(instance_id, definition)
        .await;
    made.unwrap().unwrap();
}

fn open() -> Value {
    json!({ "read": "ANYONE", "insert": "SITE_MEMBER", "update": "SITE_MEMBER_AUTHOR", "remove": "SITE_MEMBER_AUTHOR" })
}

async fn call(server: &TestServer, credential: &str, path: &str, body: Value) -> Reply {
    let headers = [("authorization", credential), ("origin", PAGE)];
    let path = format!("/wix-data/v2/{path}");
    request(server.address, "POST", &path, &headers, &body.to_string()).await
}

#[tokio::test]
async fn a_page_reads_and_writes_by_the_collections_permissions() {
    let server = TestServer::start(vec![]).await;
    with_collection(&server, "reviews", open()).await;
    let item = json!({ "dataCollectionId": "reviews", "dataItem": { "data": { "title": "x", "rating": 5 } } });
    let made = call(&server, &instance("member"), "items", item.clone()).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.header("access-control-allow-origin"), PAGE);
    assert_eq!(made.header("cache-control"), "no-store");
    let id = made.json()["dataItem"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        made.json()["dataItem"]["data"]["_createdDate"]["$date"],
        "2026-11-22T12:00:00.000Z"
    );

    let refused = call(&server, &instance("visitor"), "items", item).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "WDE0027"));
    let says =
        "WDE0027: The current user does not have permissions to insert on the reviews collection.";
    assert_eq!(refused.json()["message"], says);

    let found = call(
        &server,
        &instance("visitor"),
        "items/query",
        json!({ "dataCollectionId": "reviews" }),
    )
    .await;
    assert_eq!(found.json()["dataItems"][0]["id"], id.as_str());
    let remove = json!({ "dataCollectionId": "reviews", "dataItemId": id });
    let mut another = payload("member");
    another["uid"] = json!("8f1f7b9d-1b2e-4c3d-9e4f-a0b1c2d3e4f5");
    another["siteMemberId"] = another["uid"].clone();
    let refused = call(
        &server,
        &signed(NEW_SECRET, &another),
        "items/remove",
        remove.clone(),
    )
    .await;
    assert_eq!(refused.code(), "WDE0027");
    let removed = call(&server, &instance("member"), "items/remove", remove.clone()).await;
    assert_eq!(removed.status, 200);
    let gone = call(&server, &instance("member"), "items/remove", remove).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "WDE0073"));
}

#[tokio::test]
async fn another_instance_sees_nothing_of_it() {
    let server = TestServer::start(vec![]).await;
    with_collection(&server, "reviews", open()).await;
    let mut other = payload("owner");
    other["instanceId"] = json!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e61");
    let other = signed(NEW_SECRET, &other);
    let refused = call(
        &server,
        &other,
        "items/query",
        json!({ "dataCollectionId": "reviews" }),
    )
    .await;
    assert_eq!((refused.status, refused.code().as_str()), (404, "WDE0025"));
}

#[tokio::test]
async fn preflights_know_the_room_and_unknown_paths_are_none() {
    let server = TestServer::start(vec![]).await;
    for prefix in ["/wix-data/v2", "/_api/cloud-data/v2"] {
        let headers = [("origin", PAGE), ("access-control-request-method", "PATCH")];
        let path = format!("{prefix}/items/query");
        let reply = request(server.address, "OPTIONS", &path, &headers, "").await;
        assert_eq!(reply.status, 204);
        assert!(
            reply
                .header("access-control-allow-methods")
                .contains("PATCH")
        );
        assert!(
            reply
                .header("access-control-allow-headers")
                .contains("x-wix-bi-gateway")
        );
        let credential = instance("owner");
        let headers = [("authorization", credential.as_str())];
        let path = format!("{prefix}/nonsense");
        let reply = request(server.address, "GET", &path, &headers, "").await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "ROUTE_NOT_FOUND")
        );
    }
}

async fn with_site(server: &TestServer) {
    let answer =
        json!({ "instance": { "instanceId": INSTANCE_ID }, "site": { "siteId": "site-1" } });
    let answer: AppInstance = serde_json::from_value(answer).unwrap();
    let details = Details {
        instance_id: INSTANCE_ID.parse().unwrap(),
        answer,
        fetched_at: NOW.parse().unwrap(),
    };
    server.store.keep_details(details).await.unwrap();
}

#[tokio::test]
async fn the_configured_api_key_is_the_app_on_the_site_that_it_names() {
    let server = TestServer::start(vec![]).await;
    with_site(&server).await;
    let ask = async |headers: &[(&str, &str)]| {
        request(
            server.address,
            "GET",
            "/wix-data/v2/collections",
            headers,
            "",
        )
        .await
    };
    let good = ask(&[("authorization", API_KEY), ("wix-site-id", "site-1")]).await;
    assert_eq!(good.status, 200, "{}", good.body);
    for (headers, code) in [
        (vec![("authorization", API_KEY)], "SITE_ID_MISSING"),
        (
            vec![
                ("authorization", API_KEY),
                ("wix-site-id", "a"),
                ("wix-site-id", "b"),
            ],
            "SITE_ID_MISSING",
        ),
        (
            vec![("authorization", API_KEY), ("wix-site-id", "elsewhere")],
            "INSTANCE_NOT_FOUND",
        ),
        (
            vec![
                ("authorization", "IST.another-key"),
                ("wix-site-id", "site-1"),
            ],
            "API_KEY_NOT_ACCEPTED",
        ),
        (
            vec![
                ("authorization", API_KEY),
                ("wix-site-id", "site-1"),
                ("origin", PAGE),
            ],
            "API_KEY_NOT_ACCEPTED",
        ),
    ] {
        assert_eq!(ask(&headers).await.code(), code, "{headers:?}");
    }
    let other = instance("visitor");
    for second in [&*other, "", "IST.another-key", API_KEY] {
        let headers = [
            ("authorization", API_KEY),
            ("authorization", second),
            ("wix-site-id", "site-1"),
        ];
        assert_eq!(
            ask(&headers).await.code(),
            "CREDENTIAL_REPEATED",
            "{second}"
        );
        let reversed = [headers[1], headers[0], headers[2]];
        assert_eq!(
            ask(&reversed).await.code(),
            "CREDENTIAL_REPEATED",
            "{second}"
        );
    }
    for (method, name) in [
        ("GET", "instance"),
        ("GET", "%69nstance"),
        ("DELETE", "instance"),
    ] {
        let path = format!("/wix-data/v2/items/x?dataCollectionId=reviews&{name}={other}");
        let headers = [("authorization", API_KEY), ("wix-site-id", "site-1")];
        let reply = request(server.address, method, &path, &headers, "").await;
        assert_eq!(reply.code(), "CREDENTIAL_REPEATED", "{method} {name}");
    }
    // In every other room a key is what it always was.
    let headers = [("authorization", API_KEY), ("wix-site-id", "site-1")];
    let reply = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(reply.code(), "API_KEY_NOT_ACCEPTED");
}

async fn best(items: Items) -> Result<Json<Vec<Value>>, ItemsFault> {
    let best = items.query("reviews").ge("rating", 4).descending("rating");
    Ok(Json(best.limit(2).find().await?.items))
}

async fn add(items: Items, Json(item): Json<Value>) -> Result<Json<Value>, ItemsFault> {
    Ok(Json(items.insert("reviews", &item).await?))
}

async fn force(items: Items, Path(id): Path<String>) -> Result<String, ItemsFault> {
    let known: Option<Value> = items.get("reviews", &id).await?;
    let removed = items.as_app().remove("reviews", &id).await?;
    Ok(format!("{} {removed}", known.is_some()))
}

#[tokio::test]
async fn handlers_reach_items_with_their_callers_rights() {
    let routes = Router::new()
        .route("/api/best", get(best))
        .route("/api/add", post(add))
        .route("/api/force/{id}", post(force));
    let server = TestServer::start(vec![to_router("/api", routes)]).await;
    with_collection(&server, "reviews", open()).await;
    let ask = async |role: &str, method: &str, path: &str, body: Value| {
        let credential = instance(role);
        let headers = [
            ("authorization", credential.as_str()),
            ("content-type", "application/json"),
        ];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        request(server.address, method, path, &headers, &body).await
    };
    for rating in [3, 4, 5] {
        let item = json!({ "_id": format!("r{rating}"), "title": "x", "rating": rating });
        let made = ask("member", "POST", "/api/add", item).await;
        assert_eq!(made.json()["rating"], rating, "{}", made.body);
    }
    let refused = ask("visitor", "POST", "/api/add", json!({ "title": "x" })).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "WDE0027"));
    let refused = ask("member", "POST", "/api/add", json!({ "rating": 1 })).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "WDE0080"));
    let best = ask("visitor", "GET", "/api/best", Value::Null).await.json();
    assert_eq!(best[0]["_id"], "r5");
    assert_eq!(best[1]["_id"], "r4");
    assert_eq!(
        ask("visitor", "POST", "/api/force/r5", Value::Null)
            .await
            .body,
        "true true"
    );
    assert_eq!(
        ask("visitor", "POST", "/api/force/r5", Value::Null)
            .await
            .body,
        "false false"
    );
}

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
        let reply = call(&server, &instance("member"), path, body).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        let reply = reply.json();
        let item = reply["dataItem"]["data"].as_object();
        let item = item.or_else(|| reply["results"][0]["dataItem"]["data"].as_object());
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
        let reply = call(&server, &instance("member"), path, body).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (403, "WDE0027"),
            "{path}: {}",
            reply.body
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

fn most(figure: u64) -> backlot_server::connections::Quotas {
    backlot_server::connections::Quotas {
        plans: vec![("pro".to_owned(), 1000)],
        others: Some(figure),
    }
}

#[tokio::test]
async fn a_site_keeps_no_more_than_its_plan_allows() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_room.storage.items = most(2);
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
        settings.data_room.rates.visitor = Some(crate::harness::an_hour(2));
        settings.data_room.rates.instance = Some(crate::harness::an_hour(5));
    })
    .await;
    with_collection(&server, "reviews", open()).await;
    let ask = |credential: String| {
        let server = &server;
        async move {
            let query = json!({ "dataCollectionId": "reviews" });
            let reply = call(server, &credential, "items/query", query).await;
            (reply.status, !reply.header("retry-after").is_empty())
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

/// A page of items that all include the same large one: it is kept once.
#[tokio::test]
async fn an_included_item_is_shared_by_all_that_refer_to_it() {
    let server = TestServer::start(vec![]).await;
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
            .create_collection(INSTANCE_ID.parse().unwrap(), definition)
            .await;
        made.unwrap().unwrap();
    }
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
    let reply = call(&server, &instance("visitor"), "items/query", query.clone()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body.len() / 450_000, 400);
    // What looks into each of them makes copies, which are counted.
    let mut looking = query;
    looking["query"]["fields"] = json!(["author.life"]);
    let reply = call(&server, &instance("visitor"), "items/query", looking).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (422, "QUERY_TOO_COSTLY")
    );
}

/// A filter of thousands of terms ends by itself, with a code and a remedy, and the server goes on.
#[tokio::test]
async fn a_filter_of_thousands_of_terms_is_too_costly() {
    let server = TestServer::start_with(vec![], |settings| {
        settings.data_room.limits.budget.work = 50_000_000;
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
        let reply = call(&server, &instance("visitor"), path, body).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (422, "QUERY_TOO_COSTLY"),
            "{path}: {}",
            reply.body
        );
        assert_eq!(reply.header("access-control-allow-origin"), PAGE);
        assert_eq!(reply.header("retry-after"), "");
    }
}
