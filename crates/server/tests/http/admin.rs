//! The admin listener.

use crate::harness::{TestServer, instance, raw, request};

#[tokio::test]
async fn it_says_what_runs_and_counts() {
    let server = TestServer::start(vec![]).await;
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    request(server.address, "GET", "/whoami", &headers, "").await;
    request(server.address, "GET", "/whoami", &[], "").await;
    assert_eq!(
        request(server.admin, "GET", "/healthz", &[], "")
            .await
            .status,
        200
    );
    let page = request(server.admin, "GET", "/", &[], "").await;
    assert!(page.body.contains("<h1>Backlot"), "{page:?}");
    let metrics = request(server.admin, "GET", "/metrics", &[], "").await;
    assert!(
        metrics
            .body
            .contains("backlot_requests_total{route_group=\"whoami\",status=\"2xx\"} 1"),
        "{metrics:?}"
    );
    assert!(
        metrics
            .body
            .contains("backlot_refusals_total{code=\"CREDENTIAL_MISSING\"} 1"),
        "{metrics:?}"
    );
    assert_eq!(
        request(server.address, "GET", "/metrics", &[], "")
            .await
            .status,
        404,
        "not for the world"
    );
}

#[tokio::test]
async fn a_page_that_renames_loopback_is_turned_away() {
    let server = TestServer::start(vec![]).await;
    for (host, status) in [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:8081", 200),
        ("evil.com", 421),
        ("127.0.0.1.evil.com", 421),
        ("", 421),
    ] {
        let text = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let response = raw(server.admin, text.as_bytes()).await.unwrap();
        assert_eq!(response.status, status, "{host}");
    }
}

#[tokio::test]
async fn what_it_does_not_serve_is_answered_as_on_the_public_listener() {
    let server = TestServer::start(vec![]).await;
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/nothing/here?a=1", 404, "ROUTE_NOT_FOUND"),
        ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
    ] {
        let public = request(server.address, method, path, &[], "").await;
        let admin = request(server.admin, method, path, &[], "").await;
        for response in [&public, &admin] {
            assert_eq!(
                (response.status, response.code().as_str()),
                (status, code),
                "{response:?}"
            );
            assert_eq!(response.header("content-type"), "application/json");
        }
        let description = |response: &crate::harness::Reply| {
            response.json()["details"]["applicationError"]["description"].clone()
        };
        assert_eq!(description(&public), description(&admin));
        let message = admin.json()["message"].as_str().unwrap().to_owned();
        assert!(!message.contains("[[api]]"), "{message}");
    }
    let wrong = request(server.admin, "DELETE", "/admin/v1/instances", &[], "").await;
    assert_eq!(wrong.header("allow"), "GET,HEAD");
}
