//! `GET` and `DELETE /simulator/v1/calls`: everything asked of Wix's endpoints, without its secrets.

use axum::http::Request;
use serde_json::{Value, json};

use crate::harness::{APP, BAKERY, SECRET, Simulator, client_credentials, read};

#[tokio::test]
async fn newest_last_with_whom_they_were_about() {
    let simulator = Simulator::new();
    let member = simulator.token(BAKERY, "member").await;
    simulator.grant(&client_credentials(BAKERY)).await;
    simulator.token_info(&member).await;
    simulator.get("/apps/v1/instance?a=1", &member).await;
    simulator.get("/b/v1", "").await;
    let calls = simulator.calls("").await;
    assert_eq!(calls["total"], 4);
    let of = |field: &str| -> Vec<Value> {
        let calls = calls["calls"].as_array().unwrap();
        calls.iter().map(|call| call[field].clone()).collect()
    };
    assert_eq!(
        of("path"),
        [
            "/oauth2/token",
            "/oauth2/token-info",
            "/apps/v1/instance",
            "/b/v1"
        ]
    );
    assert_eq!(of("status"), [200, 200, 403, 401]);
    assert_eq!(of("method"), ["POST", "POST", "GET", "GET"]);
    assert_eq!(of("query"), ["", "", "a=1", ""]);
    assert_eq!(
        of("subjectType"),
        [json!("APP"), json!("MEMBER"), json!("MEMBER"), Value::Null]
    );
    assert_eq!(
        of("instanceId"),
        [json!(BAKERY), json!(BAKERY), json!(BAKERY), Value::Null]
    );
    assert_eq!(of("at")[0], "2026-11-22T10:00:00.000Z");
    assert_eq!(of("headers")[0]["content-type"], "application/json");
}

#[tokio::test]
async fn no_secret_is_kept() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    simulator.grant(&client_credentials(BAKERY)).await;
    simulator.token_info(&token).await;
    simulator
        .grant(&json!({
            "grant_type": "strip_bound_session",
            "client_secret": SECRET,
            "access_token": token,
        }))
        .await;
    let form = format!("grant_type=client_credentials&client_id={APP}&client_secret={SECRET}");
    let broken = format!("{{\"client_secret\": \"{SECRET}\", \"a\": \"{token}\"");
    for (media_type, body) in [
        ("application/x-www-form-urlencoded", form),
        ("application/json", broken),
        (
            "text/plain",
            format!("the token is {token}, the secret {SECRET}"),
        ),
    ] {
        let request = Request::post(format!("/oauth2/token?token={token}&x={SECRET}"))
            .header("content-type", media_type)
            .header("authorization", format!("Bearer {token}"))
            .header("x-backlot-elevated-token", "secret")
            .header("cookie", "secret")
            .header("x-note", format!("about {token}"));
        read(simulator.send(request.body(body.into()).unwrap()).await).await;
    }
    let calls = simulator.calls("").await;
    assert_eq!(calls["total"], 6);
    let text = calls.to_string();
    for secret in [
        SECRET,
        &token[..20],
        "\"secret\"",
        "authorization",
        "cookie",
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(calls["calls"][3]["query"], "token=…&x=…");
    assert_eq!(calls["calls"][3]["headers"]["x-note"], "about …");
    let sent: Value = calls["calls"][0]["body"].as_str().unwrap().parse().unwrap();
    assert_eq!(sent["client_secret"], "…");
    assert_eq!(sent["instance_id"], BAKERY);
}

#[tokio::test]
async fn bodies_are_kept_as_they_came_and_cut() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    for body in ["{ \"b\":1,  \"a\": 2 }".to_owned(), "ü".repeat(20_000)] {
        let request = Request::post("/a/v1").header("authorization", &token);
        read(simulator.send(request.body(body.into()).unwrap()).await).await;
    }
    let request = Request::post("/a/v1")
        .body(vec![0xff_u8, 0xfe].into())
        .unwrap();
    read(simulator.send(request).await).await;
    let calls = simulator.calls("").await;
    assert_eq!(calls["calls"][0]["body"], "{ \"b\":1,  \"a\": 2 }");
    assert_eq!(calls["calls"][1]["body"].as_str().unwrap().len(), 16 * 1024);
    assert_eq!(calls["calls"][2]["body"], "(2 bytes that are no text)");
}

#[tokio::test]
async fn counts_are_exact_when_calls_are_forgotten() {
    let simulator = Simulator::new();
    for number in 0..600 {
        simulator
            .get(if number < 550 { "/a/v1/b" } else { "/c/v1" }, "")
            .await;
    }
    let all = simulator.calls("").await;
    assert_eq!(all["total"], 600);
    assert_eq!(all["calls"].as_array().unwrap().len(), 500);
    let some = simulator.calls("?path=/a/").await;
    assert_eq!(some["total"], 550);
    assert_eq!(some["calls"].as_array().unwrap().len(), 450);
    assert_eq!(simulator.calls("?path=/x").await["total"], 0);
    simulator.delete("/simulator/v1/calls", "").await;
    let none = json!({ "total": 0, "calls": [] });
    assert_eq!(simulator.calls("").await, none);
}
