//! Calls to Wix by handlers in Rust.

use axum::routing::get;
use axum::{Json, Router};
use backlot_server::{Wix, WixCallError, WixResponse};
use serde_json::{Value, json};

use crate::harness::{FakeWix, INSTANCE_ID, Reply, TestServer, instance, request, to_router};

async fn products(wix: Wix) -> Result<Json<Value>, WixCallError> {
    let query = json!({ "query": {} });
    let answer = wix
        .post("/stores/v1/products/query")
        .json(&query)
        .send()
        .await?;
    Ok(Json(answer.json().await?))
}

async fn as_it_is(wix: Wix) -> Result<WixResponse, WixCallError> {
    wix.get("/stores/v1/products/query?x=1")
        .in_background()
        .send()
        .await
}

async fn site(wix: Wix) -> Result<String, WixCallError> {
    let known = wix.app_instance().await?;
    Ok(known.site.url.unwrap_or_default())
}

async fn start(wix: &FakeWix) -> TestServer {
    let router = Router::new()
        .route("/api/products", get(products))
        .route("/api/as-it-is", get(as_it_is))
        .route("/api/site", get(site));
    TestServer::start_with(vec![to_router("/api", router)], |settings| {
        wix.apply_to(settings);
    })
    .await
}

async fn ask(server: &TestServer, path: &str) -> Reply {
    let credential = instance("member");
    request(
        server.address,
        "GET",
        path,
        &[("authorization", &credential)],
        "",
    )
    .await
}

#[tokio::test]
async fn a_handler_calls_wix_on_its_callers_instance() {
    let wix = FakeWix::start().await;
    wix.on("/stores/v1/products/query", 200, r#"{"products":[1]}"#);
    wix.on(
        "/apps/v1/instance",
        200,
        r#"{"instance":{},"site":{"url":"https://a.example"}}"#,
    );
    let server = start(&wix).await;
    let response = ask(&server, "/api/products").await;
    assert_eq!(
        (response.status, &*response.body),
        (200, r#"{"products":[1]}"#)
    );
    let asked = wix.asked("/stores/v1/products/query").pop().unwrap();
    assert_eq!(asked.method, http::Method::POST);
    assert_eq!(asked.body, r#"{"query":{}}"#);
    assert_eq!(asked.headers["authorization"], "the-apps-own-token");
    assert!(wix.asked("/oauth2/token")[0].body.contains(INSTANCE_ID));
    for _ in 0..2 {
        assert_eq!(ask(&server, "/api/site").await.body, "https://a.example");
    }
    assert_eq!(wix.asked("/apps/v1/instance").len(), 1, "kept");
}

#[tokio::test]
async fn faults_become_replies_with_codes() {
    let wix = FakeWix::start().await;
    let server = start(&wix).await;
    let body = r#"{"message":"no","details":{"applicationError":{"code":"NO"}}}"#;
    wix.on("/stores/v1/products/query", 403, body);
    for path in ["/api/products", "/api/as-it-is"] {
        let response = ask(&server, path).await;
        assert_eq!((response.status, &*response.body), (403, body), "{path}");
        assert_eq!(response.header("set-cookie"), "", "{path}");
    }
    wix.on("/stores/v1/products/query", 200, "not json");
    assert_eq!(ask(&server, "/api/products").await.code(), "INTERNAL");
    let nobody = FakeWix::start().await;
    nobody.on("/oauth2/token", 500, "");
    let server = start(&nobody).await;
    let response = ask(&server, "/api/site").await;
    assert_eq!(
        (response.status, &*response.code()),
        (503, "WIX_UNAVAILABLE")
    );
}
