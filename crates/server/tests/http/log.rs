//! The log: one line a request, and never a credential in it.

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::harness::{
    INSTANCE_ID, TestServer, echo, instance, request, signed, to_router, to_upstream,
};

#[tokio::test]
async fn one_line_a_request() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let response = request(server.address, "GET", "/api/x%22y?secret=1", &headers, "").await;
    let id = response.header("x-request-id");
    request(server.address, "HEAD", "/whoami", &[], "").await;
    let log = server.stop_and_read_log().await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert_eq!(lines[0]["request_id"], id);
    assert_eq!(lines[0]["path"], "/api/x%22y");
    assert_eq!(lines[0]["route_group"], "api");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["instance_id"], INSTANCE_ID);
    assert_eq!(lines[0]["role"], "owner");
    assert_eq!(lines[0]["time"], "2026-11-22T12:00:00.000Z");
    assert_eq!(lines[0]["reply_bytes"], response.body.len());
    assert!(lines[0]["duration_us"].is_u64());
    assert_eq!(lines[0]["ending"], Value::Null);
    assert_eq!(lines[1]["code"], "CREDENTIAL_MISSING");
    assert_eq!(lines[1]["ending"], Value::Null);
}

#[tokio::test]
async fn nothing_that_opens_a_door_is_written_down() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let good = instance("owner");
    let bad = signed("another secret", &serde_json::json!({"instanceId": "x"}));
    let mut tokens = Vec::new();
    for credential in [&good, &bad, "IST.verysecret", "OauthNG.JWS.verysecret"] {
        for path in ["/whoami", "/api/x", "/nothing"] {
            let headers = [("authorization", credential)];
            let response = request(server.address, "GET", path, &headers, "").await;
            let pairs = response.json()["headers"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let token = pairs
                .iter()
                .find(|pair| pair[0] == "x-backlot-elevated-token");
            tokens.extend(token.map(|pair| pair[1].as_str().unwrap().to_owned()));
            let query = format!("{path}?instance={credential}");
            request(server.address, "GET", &query, &[], "").await;
        }
    }
    assert!(!tokens.is_empty());
    let metrics = request(server.admin, "GET", "/metrics", &[], "").await.body;
    let everything = server.stop_and_read_log().await + &metrics;
    let signature = good.split_once('.').unwrap().0;
    for secret in [
        "verysecret",
        &good,
        &bad,
        signature,
        "instance=",
        &tokens[0],
    ] {
        assert!(!everything.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn whoever_leaves_before_the_reply_leaves_a_trace() {
    let (reached, mut reaching) = mpsc::unbounded_channel();
    let wait = async move || {
        reached.send(()).unwrap();
        std::future::pending::<String>().await
    };
    let router = Router::new().route("/api/wait", get(wait));
    let server = TestServer::start(vec![to_router("/api", router)]).await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let credential = instance("owner");
    let text = format!("GET /api/wait HTTP/1.1\r\nhost: a\r\nauthorization: {credential}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    reaching.recv().await.unwrap();
    drop(stream);
    let log = server.stop_and_read_log().await;
    let line: Value = serde_json::from_str(log.lines().next().expect("a line")).unwrap();
    assert_eq!(line["path"], "/api/wait");
    assert_eq!(line["status"], 499);
    assert_eq!(line["ending"], "client_went_away");
    assert_eq!(line["instance_id"], INSTANCE_ID);
}
