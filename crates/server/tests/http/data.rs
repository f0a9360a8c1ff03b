//! The data API and the items of handlers, in process. What the real clients make of it is seen by the
//! end-to-end tests.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use backlot_server::{Items, ItemsError};
use backlot_store::instance_details::Details;
use backlot_wix::AppInstance;
use backlot_wix::data::collection::Definition;
use serde_json::{Value, json};

use crate::harness::{
    INSTANCE_ID, NEW_SECRET, NOW, PAGE, Reply, TestServer, instance, payload, request, signed,
    to_router,
};

pub(crate) const API_KEY: &str = "IST.the-key-of-the-account";

pub(crate) async fn with_collection(server: &TestServer, id: &str, permissions: Value) {
    let definition = json!({
        "id": id,
        "fields": [{ "key": "title", "type": "TEXT", "required": true }, { "key": "rating", "type": "NUMBER" }],
        "permissions": permissions,
    });
    let definition = Definition::from_wire(&definition).unwrap();
    let instance_id = INSTANCE_ID.parse().unwrap();
    let made = server
        .store
        .insert_collection(instance_id, definition)
        .await;
    made.unwrap();
}

pub(crate) fn open() -> Value {
    json!({ "read": "ANYONE", "insert": "SITE_MEMBER", "update": "SITE_MEMBER_AUTHOR", "remove": "SITE_MEMBER_AUTHOR" })
}

pub(crate) async fn call(server: &TestServer, credential: &str, path: &str, body: Value) -> Reply {
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
        let response = request(server.address, "OPTIONS", &path, &headers, "").await;
        assert_eq!(response.status, 204);
        assert!(
            response
                .header("access-control-allow-methods")
                .contains("PATCH")
        );
        assert!(
            response
                .header("access-control-allow-headers")
                .contains("x-wix-bi-gateway")
        );
        let credential = instance("owner");
        let headers = [("authorization", credential.as_str())];
        let path = format!("{prefix}/nonsense");
        let response = request(server.address, "GET", &path, &headers, "").await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (404, "ROUTE_NOT_FOUND")
        );
    }
}

pub(crate) async fn with_site(server: &TestServer) {
    let answer =
        json!({ "instance": { "instanceId": INSTANCE_ID }, "site": { "siteId": "site-1" } });
    let answer: AppInstance = serde_json::from_value(answer).unwrap();
    let details = Details {
        instance_id: INSTANCE_ID.parse().unwrap(),
        answer,
        fetched_at: NOW.parse().unwrap(),
    };
    server.store.upsert_details(details).await.unwrap();
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
        let response = request(server.address, method, &path, &headers, "").await;
        assert_eq!(response.code(), "CREDENTIAL_REPEATED", "{method} {name}");
    }
    // On every other route a key is what it always was.
    let headers = [("authorization", API_KEY), ("wix-site-id", "site-1")];
    let response = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(response.code(), "API_KEY_NOT_ACCEPTED");
}

async fn best(items: Items) -> Result<Json<Vec<Value>>, ItemsError> {
    let best = items.query("reviews").ge("rating", 4).descending("rating");
    Ok(Json(best.limit(2).find().await?.items))
}

async fn add(items: Items, Json(item): Json<Value>) -> Result<Json<Value>, ItemsError> {
    Ok(Json(items.insert("reviews", &item).await?))
}

async fn force(items: Items, Path(id): Path<String>) -> Result<String, ItemsError> {
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
    let refused = ask("member", "POST", "/api/add", json!({ "_id": "a#b" })).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "WDE0079"));
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
