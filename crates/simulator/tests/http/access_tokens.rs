//! `POST /simulator/v1/access-tokens`, and tokens that another process made from the same folder.

use backlot_simulator::access_token::{AccessTokens, LIFETIME, TokenIssue};
use backlot_simulator::world::Site;
use backlot_wix::{InstanceId, Role};
use serde_json::json;

use crate::harness::{APP, BAKERY, BAKERY_SITE, NOWHERE, START, Simulator};

#[tokio::test]
async fn what_is_inside_is_shown() {
    let simulator = Simulator::new();
    let wanted = json!({ "instanceId": BAKERY, "role": "visitor", "userId": "somebody" });
    let response = simulator
        .post("/simulator/v1/access-tokens", "", &wanted)
        .await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json["expiresAt"], "2026-11-22T14:00:00.000Z");
    let claims = &response.json["claims"];
    assert_eq!(claims["instance"]["aid"], "somebody");
    assert_eq!(claims["instance"]["metaSiteId"], BAKERY_SITE);
    assert_eq!(claims["exp"], START / 1000 + 14_400);
    let token = response.json["accessToken"].as_str().unwrap();
    let info = simulator.token_info(token).await.json;
    assert_eq!(info["subjectId"], "somebody");
}

#[tokio::test]
async fn a_lifetime_that_was_set() {
    let simulator = Simulator::new();
    simulator
        .set_faults(json!({ "tokenLifetimeSeconds": 60 }))
        .await;
    let token = simulator.token(BAKERY, "owner").await;
    simulator.advance(59);
    assert_eq!(simulator.token_info(&token).await.json["active"], true);
    simulator.advance(1);
    assert_eq!(simulator.token_info(&token).await.json["active"], false);
}

#[tokio::test]
async fn what_cannot_be_made() {
    let simulator = Simulator::new();
    for wanted in [
        json!({ "role": "owner" }),
        json!({ "instanceId": BAKERY }),
        json!({ "instanceId": BAKERY, "role": "king" }),
        json!({ "instanceId": "x", "role": "owner" }),
    ] {
        let response = simulator
            .post("/simulator/v1/access-tokens", "", &wanted)
            .await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (400, "REQUEST_MALFORMED")
        );
    }
}

#[tokio::test]
async fn made_elsewhere_with_the_same_key() {
    let simulator = Simulator::new();
    let instance_id: InstanceId = NOWHERE.parse().unwrap();
    let site = Site::unknown(instance_id);
    let issue = TokenIssue {
        app_id: APP.parse().unwrap(),
        site: &site,
        role: Role::App,
        user_id: None,
        signed_at: (simulator.stage.now)(),
        lifetime: LIFETIME,
    };
    let private_key = &simulator.stage.world.app.private_key;
    let token = AccessTokens::new(private_key).make(&issue);
    let info = simulator.token_info(&token).await.json;
    assert_eq!(
        (&info["active"], &info["instanceId"]),
        (&json!(true), &json!(NOWHERE))
    );
    let response = simulator.get("/apps/v1/instance", &token).await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (404, "NOT_FOUND")
    );
    let foreign = AccessTokens::new("another folder's key").make(&issue);
    assert_eq!(simulator.token_info(&foreign).await.json["active"], false);
}
