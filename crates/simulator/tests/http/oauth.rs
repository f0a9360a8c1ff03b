//! `POST /oauth2/token`.

use axum::http::Request;
use serde_json::{Value, json};

use crate::harness::{BAKERY, NOWHERE, SECRET, STUDIO, Simulator, client_credentials, read};

fn with(changes: &[(&str, Value)]) -> Value {
    let mut body = client_credentials(BAKERY);
    for (key, value) in changes {
        body[*key] = value.clone();
    }
    body
}

#[tokio::test]
async fn the_app_on_an_instance() {
    let simulator = Simulator::new();
    let response = simulator.grant(&client_credentials(BAKERY)).await;
    assert_eq!(response.status, 200);
    let fields: Vec<&String> = response.json.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["access_token", "expires_in", "token_type"]);
    assert_eq!(response.json["token_type"], "Bearer");
    assert_eq!(response.json["expires_in"], 14_400);
    assert!(response.headers["x-wix-request-id"].len() == 36);
    let token = response.json["access_token"].as_str().unwrap();
    let info = simulator.token_info(token).await.json;
    assert_eq!(info["subjectType"], "APP");
    assert_eq!(info["instanceId"], BAKERY);
}

#[tokio::test]
async fn as_a_form() {
    let simulator = Simulator::new();
    let body = client_credentials(BAKERY);
    let fields = body.as_object().unwrap().iter();
    let pairs: Vec<String> = fields
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    let request = Request::post("/oauth2/token")
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(pairs.join("&").into())
        .unwrap();
    let response = read(simulator.send(request).await).await;
    assert_eq!(response.status, 200);
    assert!(response.json["access_token"].is_string());
}

#[tokio::test]
async fn json_that_is_called_a_form() {
    let simulator = Simulator::new();
    let request = Request::post("/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(client_credentials(BAKERY).to_string().into())
        .unwrap();
    assert_eq!(read(simulator.send(request).await).await.status, 200);
    let calls = simulator.calls("").await.to_string();
    assert!(!calls.contains(SECRET), "{calls}");
}

#[tokio::test]
async fn every_refusal() {
    let simulator = Simulator::new();
    for (body, status, error) in [
        (
            with(&[("client_secret", json!("x"))]),
            401,
            "invalid_client",
        ),
        (
            with(&[("client_secret", json!(null))]),
            401,
            "invalid_client",
        ),
        (
            with(&[("client_secret", json!(&SECRET[1..]))]),
            401,
            "invalid_client",
        ),
        (with(&[("client_id", json!(STUDIO))]), 401, "invalid_client"),
        (with(&[("client_id", json!("x"))]), 401, "invalid_client"),
        (
            with(&[("instance_id", json!(NOWHERE))]),
            400,
            "invalid_grant",
        ),
        (with(&[("instance_id", json!("x"))]), 400, "invalid_grant"),
        (with(&[("instance_id", json!(7))]), 400, "invalid_grant"),
        (
            with(&[("grant_type", json!("refresh_token"))]),
            400,
            "unsupported_grant_type",
        ),
        (with(&[("grant_type", json!(null))]), 400, "invalid_request"),
        (json!([]), 400, "invalid_request"),
        (json!("x"), 400, "invalid_request"),
    ] {
        let response = simulator.grant(&body).await;
        assert_eq!(response.status, status, "{body}");
        assert_eq!(response.json["error"], error, "{body}");
        assert!(response.json["error_description"].is_string(), "{body}");
    }
    assert_eq!(simulator.get("/oauth2/token", "").await.status, 404);
}

#[tokio::test]
async fn a_token_without_its_session() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "member").await;
    simulator.advance(400);
    let body = |token: &str| {
        json!({
            "grant_type": "strip_bound_session",
            "client_secret": SECRET,
            "access_token": token,
        })
    };
    let response = simulator.grant(&body(&token)).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json["expires_in"], 14_000);
    assert_eq!(response.json.get("token_type"), None);
    let unbound = response.json["access_token"].as_str().unwrap();
    assert_ne!(unbound, token);
    let (before, after) = (
        simulator.token_info(&token).await.json,
        simulator.token_info(unbound).await.json,
    );
    for field in ["subjectType", "subjectId", "siteId", "instanceId", "exp"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    let mut wrong = body(&token);
    wrong["client_secret"] = json!("x");
    let response = simulator.grant(&wrong).await;
    assert_eq!(
        (response.status.as_u16(), &response.json["error"]),
        (401, &json!("invalid_client"))
    );
    simulator.advance(14_000);
    for dead in [token.as_str(), "", "x"] {
        let response = simulator.grant(&body(dead)).await;
        assert_eq!(
            (response.status.as_u16(), &response.json["error"]),
            (400, &json!("invalid_grant"))
        );
    }
}
