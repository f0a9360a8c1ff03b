//! Wix's data API of the sites: who is said to call, and that everything else holds here, too.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::Request;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use crate::harness::{BAKERY, MEMBER, Reply, STUDIO, Simulator, VISITOR, read};

/// Repeats what it is told.
fn simulator() -> Simulator {
    Simulator::with(|stage| {
        stage.with_site_data(Arc::new(|call| {
            Box::pin(async move {
                let body: Value = serde_json::from_slice(call.request.body()).unwrap_or_default();
                Json(json!({
                    "instanceId": call.instance_id,
                    "role": call.role,
                    "userId": call.user_id,
                    "method": call.request.method().as_str(),
                    "uri": call.request.uri().to_string(),
                    "body": body,
                }))
                .into_response()
            })
        }))
    })
}

async fn with_key(simulator: &Simulator, header: &str, id: &str) -> Reply {
    let request = Request::get("/wix-data/v2/collections")
        .header("authorization", "IST.key")
        .header(header, id)
        .body(Body::empty());
    read(simulator.send(request.unwrap()).await).await
}

#[tokio::test]
async fn the_call_comes_through_with_its_caller() {
    let simulator = simulator();
    for (role, user_id) in [
        ("member", json!(MEMBER)),
        ("visitor", json!(VISITOR)),
        ("app", Value::Null),
    ] {
        let token = simulator.token(BAKERY, role).await;
        let path = "/wix-data/v2/items/query?a=1";
        let told = simulator.post(path, &token, &json!({ "b": 2 })).await.json;
        let expected = json!({
            "instanceId": BAKERY, "role": role, "userId": user_id,
            "method": "POST", "uri": path, "body": { "b": 2 },
        });
        assert_eq!(told, expected);
    }
    let token = simulator.token(STUDIO, "app").await;
    let response = simulator
        .get("/_api/cloud-data/v2/collections", &token)
        .await;
    assert_eq!(response.json["instanceId"], STUDIO);
    assert!(response.headers.contains_key("x-wix-request-id"));
}

#[tokio::test]
async fn an_api_key_is_the_app_on_the_site_that_it_names() {
    let simulator = simulator();
    let site = simulator
        .stage
        .sites()
        .find(BAKERY.parse().unwrap())
        .unwrap()
        .site;
    let response = with_key(&simulator, "wix-site-id", &site.site_id).await;
    assert_eq!(
        (&response.json["instanceId"], &response.json["role"]),
        (&json!(BAKERY), &json!("app"))
    );
    for (header, id) in [("wix-account-id", "a"), ("wix-site-id", "unknown")] {
        let response = with_key(&simulator, header, id).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (400, "WDE0117")
        );
    }
}

#[tokio::test]
async fn credentials_faults_limits_and_the_record_hold_here_too() {
    let simulator = simulator();
    let path = "/wix-data/v2/items/query";
    assert_eq!(simulator.get(path, "").await.status, 401);
    let token = simulator.token(BAKERY, "app").await;
    simulator.set_faults(json!({ "failNext": 1 })).await;
    assert_eq!(simulator.get(path, &token).await.status, 500);
    simulator
        .set_faults(json!({ "requestsPerMinute": 1 }))
        .await;
    assert_eq!(simulator.get(path, &token).await.status, 200);
    assert_eq!(simulator.get(path, &token).await.status, 429);
    let calls = simulator.calls("?path=/wix-data/").await;
    assert_eq!(calls["total"], 4);
    assert_eq!(calls["calls"][2]["instanceId"], BAKERY);
}

#[tokio::test]
async fn other_paths_are_as_they_were() {
    let simulator = simulator();
    let token = simulator.token(BAKERY, "app").await;
    for path in ["/wix-data/v1/permissions", "/wix-data", "/anything"] {
        assert_eq!(simulator.get(path, &token).await.json, json!({}), "{path}");
    }
}
