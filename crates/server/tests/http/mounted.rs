//! Routers of Rust programs in the place of an upstream.

use axum::routing::{get, post};
use axum::{Json, Router};
use backlot_server::Caller;
use backlot_server::policy::AuthPolicy;

use crate::harness::{INSTANCE_ID, PAGE, TestServer, instance, request, to_router};

fn routes() -> Router {
    Router::new()
        .route(
            "/api/me",
            get(async |caller: Caller| format!("{} {}", caller.role, caller.instance_id)),
        )
        .route(
            "/api/maybe",
            get(async |caller: Option<Caller>| caller.is_some().to_string()),
        )
        .route("/api/echo", post(async |body: String| body))
        .route("/api/panic", get(panics))
        .route("/api/late", get(std::future::pending::<String>))
}

async fn panics() -> Json<()> {
    panic!("a handler's own mistake")
}

#[tokio::test]
async fn handlers_get_the_caller() {
    let server = TestServer::start(vec![to_router("/api", routes())]).await;
    let credential = instance("member");
    let headers = [("authorization", credential.as_str()), ("origin", PAGE)];
    let response = request(server.address, "GET", "/api/me", &headers, "").await;
    assert_eq!(response.body, format!("member {INSTANCE_ID}"));
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    let response = request(server.address, "POST", "/api/echo", &headers, "hello").await;
    assert_eq!(response.body, "hello");
    let response = request(server.address, "GET", "/api/none", &headers, "").await;
    assert_eq!(response.status, 404);
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    let response = request(server.address, "GET", "/api/me", &[], "").await;
    assert_eq!(response.code(), "CREDENTIAL_MISSING");
}

#[tokio::test]
async fn a_handler_that_wants_a_caller_never_runs_without() {
    let mut open = to_router("/api", routes());
    open.access = AuthPolicy::Anybody;
    let server = TestServer::start(vec![open]).await;
    let response = request(server.address, "GET", "/api/me", &[], "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (401, "CREDENTIAL_MISSING")
    );
    let response = request(server.address, "GET", "/api/maybe", &[], "").await;
    assert_eq!(response.body, "false");
}

#[tokio::test]
async fn a_panic_costs_one_request_and_a_late_answer_is_not_waited_for() {
    let mut entry = to_router("/api", routes());
    entry.limits.timeout = std::time::Duration::from_millis(100);
    let server = TestServer::start(vec![entry]).await;
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str()), ("origin", PAGE)];
    let response = request(server.address, "GET", "/api/panic", &headers, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (500, "INTERNAL")
    );
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    let response = request(server.address, "GET", "/api/late", &headers, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (504, "UPSTREAM_TIMEOUT")
    );
    let response = request(server.address, "GET", "/api/me", &headers, "").await;
    assert_eq!(response.status, 200);
}
