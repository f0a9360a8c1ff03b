//! `POST /simulator/v1/revocations`.

use backlot_wix::Role;
use serde_json::{Value, json};

use crate::harness::{BAKERY, STUDIO, Simulator};

async fn revoke(simulator: &Simulator, what: &Value) -> u16 {
    let response = simulator.post("/simulator/v1/revocations", "", what).await;
    response.status.as_u16()
}

async fn is_active(simulator: &Simulator, token: &str) -> bool {
    simulator.token_info(token).await.json["active"] == true
}

#[tokio::test]
async fn one_token() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let other = simulator.token(BAKERY, "owner").await;
    assert_eq!(
        revoke(&simulator, &json!({ "accessToken": token })).await,
        200
    );
    assert!(!is_active(&simulator, &token).await);
    assert_eq!(simulator.get("/apps/v1/instance", &token).await.status, 401);
    assert!(is_active(&simulator, &other).await);
}

#[tokio::test]
async fn all_of_an_instance_until_now() {
    let simulator = Simulator::new();
    let before = simulator.token(BAKERY, "member").await;
    let instance = simulator.instance(Role::Owner);
    let studio = simulator.token(STUDIO, "member").await;
    assert_eq!(
        revoke(&simulator, &json!({ "instanceId": BAKERY })).await,
        200
    );
    assert!(!is_active(&simulator, &before).await);
    assert!(!is_active(&simulator, &instance).await);
    assert!(is_active(&simulator, &studio).await);
    // The clock has not moved: what is made after is good all the same.
    let after = simulator.token(BAKERY, "member").await;
    assert!(is_active(&simulator, &after).await);
    let wanted = json!({ "instanceId": BAKERY, "role": "owner" });
    let response = simulator.post("/simulator/v1/instances", "", &wanted).await;
    assert!(is_active(&simulator, response.json["instance"].as_str().unwrap()).await);
    assert_eq!(
        revoke(&simulator, &json!({ "instanceId": BAKERY })).await,
        200
    );
    assert!(!is_active(&simulator, &after).await);
}

#[tokio::test]
async fn neither_and_both() {
    let simulator = Simulator::new();
    for what in [
        json!({}),
        json!({ "instanceId": "x" }),
        json!({ "accessToken": "x", "instanceId": BAKERY }),
        json!({ "token": "x" }),
    ] {
        assert_eq!(revoke(&simulator, &what).await, 400, "{what}");
    }
}
