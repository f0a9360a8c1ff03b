//! `GET /apps/v1/instance`.

use backlot_wix::{AppInstance, Role};
use serde_json::json;

use crate::harness::{BAKERY, BAKERY_SITE, STUDIO, Simulator};

#[tokio::test]
async fn a_site_with_a_plan() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let response = simulator.get("/apps/v1/instance", &token).await;
    assert_eq!(response.status, 200);
    assert!(response.headers.contains_key("x-wix-request-id"));
    let instance = &response.json["instance"];
    assert_eq!(instance["appVersion"], "0.0.1");
    assert_eq!(instance["billing"]["billingCycle"], "MONTHLY");
    assert_eq!(instance["copiedFromTemplate"], false);
    assert_eq!(response.json["site"]["siteDisplayName"], "bakery");
    assert_eq!(response.json["site"]["paymentCurrency"], "EUR");
    assert_eq!(
        response.json["site"]["ownerInfo"]["email"],
        "owner@bakery.example"
    );
    let answer: AppInstance = serde_json::from_value(response.json).unwrap();
    assert_eq!(answer.plan(), Some("pro"));
    assert_eq!(answer.instance.instance_id.as_deref(), Some(BAKERY));
    assert_eq!(answer.site.site_id.as_deref(), Some(BAKERY_SITE));
    assert_eq!(
        answer.site.origin().as_deref(),
        Some("https://bakery.example")
    );
}

#[tokio::test]
async fn a_free_one() {
    let simulator = Simulator::new();
    let token = simulator.token(STUDIO, "app").await;
    // Some people put the scheme word there; Wix's clients do not.
    let response = simulator
        .get("/apps/v1/instance", &format!("Bearer {token}"))
        .await;
    assert_eq!(response.json["instance"]["isFree"], true);
    assert_eq!(response.json["instance"].get("billing"), None);
    assert_eq!(response.json["instance"]["freeTrialAvailable"], true);
}

#[tokio::test]
async fn for_the_app_only() {
    let simulator = Simulator::new();
    for role in ["visitor", "member", "owner"] {
        let token = simulator.token(BAKERY, role).await;
        let response = simulator.get("/apps/v1/instance", &token).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (403, "PERMISSION_DENIED"),
            "{role}"
        );
    }
}

#[tokio::test]
async fn nobody_and_the_dead() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let instance = simulator.instance(Role::Owner);
    simulator.advance(14_400);
    for credential in ["", "x", "OauthNG.JWS.a.b.c", &instance, &token] {
        let response = simulator.get("/apps/v1/instance", credential).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (401, "UNAUTHENTICATED")
        );
        assert_eq!(
            response.json["details"]["applicationError"]["data"],
            json!({})
        );
    }
}

#[tokio::test]
async fn another_method() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let response = simulator.delete("/apps/v1/instance", &token).await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (404, "NOT_FOUND")
    );
}
