//! The faults that are about secrets, tokens and token info.

use axum::http::Request;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::harness::{BAKERY, STUDIO, Simulator, client_credentials};

#[tokio::test]
async fn a_secret_that_was_rotated() {
    let simulator = Simulator::new();
    simulator.set_faults(json!({ "secretExpired": true })).await;
    let response = simulator.grant(&client_credentials(BAKERY)).await;
    assert_eq!(
        (response.status.as_u16(), &response.json["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn an_app_that_was_removed() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let other = simulator.token(STUDIO, "app").await;
    simulator
        .set_faults(json!({ "uninstalled": [BAKERY] }))
        .await;
    let response = simulator.grant(&client_credentials(BAKERY)).await;
    assert_eq!(
        (response.status.as_u16(), &response.json["error"]),
        (400, &json!("invalid_grant"))
    );
    assert_eq!(
        simulator.token_info(&token).await.json,
        json!({ "active": false })
    );
    assert_eq!(simulator.get("/a", &token).await.status, 401);
    assert_eq!(simulator.get("/a", &other).await.status, 200);
    simulator.set_faults(json!({ "uninstalled": [] })).await;
    assert_eq!(simulator.get("/a", &token).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn token_info_out_of_its_mind() {
    let simulator = Simulator::new();
    let ask = async || {
        let body = json!({ "token": "x" }).to_string().into();
        simulator
            .send(Request::post("/oauth2/token-info").body(body).unwrap())
            .await
    };
    simulator
        .set_faults(json!({ "tokenInfo": "notJson" }))
        .await;
    let response = simulator.token_info("x").await;
    assert_eq!(
        (response.status.as_u16(), response.json),
        (200, json!(null))
    );

    simulator.set_faults(json!({ "tokenInfo": "huge" })).await;
    let mut bytes = 0;
    let mut pieces = ask().await.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        bytes += piece.unwrap().len();
    }
    assert!(bytes > 300 << 20, "{bytes}");

    simulator
        .set_faults(json!({ "tokenInfo": "endless" }))
        .await;
    let pieces = ask().await.into_body().into_data_stream();
    let some: Vec<_> = pieces.take(500).collect().await;
    assert_eq!(some.len(), 500);
}
