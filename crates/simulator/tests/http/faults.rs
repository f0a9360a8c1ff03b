//! `/simulator/v1/faults`, and the faults that are about any answer.

use std::time::Duration;

use axum::http::Request;
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::Instant;

use crate::harness::{BAKERY, Simulator, client_credentials};

const PATH: &str = "/simulator/v1/faults";

#[tokio::test]
async fn shown_changed_and_reset() {
    let simulator = Simulator::new();
    let shown = simulator.get(PATH, "").await.json;
    assert_eq!(
        shown,
        json!({
            "slowMs": 0, "failNext": 0, "failStatus": 500, "resetNext": 0, "paths": [],
            "deadTokens": "inactive", "secretExpired": false, "uninstalled": [],
            "retryAfter": true, "requestsPerMinute": 200, "tokenLifetimeSeconds": 14_400,
            "tokenInfo": "right", "apiKeyRefused": false,
        })
    );
    let change = json!({ "uninstalled": [BAKERY], "slowMs": 1 });
    let changed = simulator.put(PATH, &change).await.json;
    assert_eq!(changed["uninstalled"], json!([BAKERY]));
    let bad = simulator
        .put(PATH, &json!({ "slowMs": 2, "slower": 1 }))
        .await;
    assert_eq!(
        (bad.status.as_u16(), bad.code()),
        (400, "REQUEST_MALFORMED")
    );
    assert!(bad.json["message"].as_str().unwrap().contains("`slower`"));
    assert_eq!(
        simulator.get(PATH, "").await.json,
        changed,
        "all or nothing"
    );
    assert_eq!(simulator.put(PATH, &json!([])).await.status, 400);
    assert_eq!(simulator.delete(PATH, "").await.json, shown);
}

#[tokio::test(start_paused = true)]
async fn slow() {
    let simulator = Simulator::new();
    simulator
        .set_faults(json!({ "slowMs": 5000, "paths": ["/oauth2/"] }))
        .await;
    let took = async |path: &str| {
        let start = Instant::now();
        simulator.get(path, "").await;
        start.elapsed()
    };
    let wait = Duration::from_secs(5);
    assert!(took("/oauth2/token").await >= wait);
    assert!(took("/a").await < wait);
    assert!(took("/simulator/v1/world").await < wait);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_did_not_wait_is_seen() {
    let simulator = Simulator::new();
    simulator.set_faults(json!({ "slowMs": 5000 })).await;
    let asked = simulator.get("/a/v1", "");
    tokio::time::timeout(Duration::from_secs(1), asked)
        .await
        .err()
        .unwrap();
    let calls = simulator.calls("").await;
    assert_eq!(calls["calls"][0]["status"], json!(null));
}

#[tokio::test]
async fn failing() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    simulator
        .set_faults(json!({ "failNext": 2, "failStatus": 503 }))
        .await;
    for _ in 0..2 {
        let response = simulator.get("/a", &token).await;
        assert_eq!(response.status, 503);
        assert_eq!(response.json, json!({ "message": "", "details": {} }));
        assert!(response.headers.contains_key("x-wix-request-id"));
    }
    assert_eq!(simulator.get("/a", &token).await.status, 200);
    assert_eq!(simulator.get(PATH, "").await.json["failNext"], 0);
    assert_eq!(simulator.calls("").await["calls"][0]["status"], 503);
}

#[tokio::test]
async fn breaking_off() {
    let simulator = Simulator::new();
    simulator.set_faults(json!({ "resetNext": 1 })).await;
    let body = client_credentials(BAKERY).to_string();
    let request = || {
        Request::post("/oauth2/token")
            .body(body.clone().into())
            .unwrap()
    };
    let response = simulator.send(request()).await;
    assert_eq!(response.status(), 200);
    let announced: usize = response.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut pieces = response.into_body().into_data_stream();
    let half = pieces.next().await.unwrap().unwrap();
    assert_eq!(half.len(), announced / 2);
    assert!(pieces.next().await.unwrap().is_err());
    let whole = simulator.send(request()).await;
    assert!(axum::body::to_bytes(whole.into_body(), 4096).await.is_ok());
}
