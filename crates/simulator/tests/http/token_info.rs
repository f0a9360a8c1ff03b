//! `POST /oauth2/token-info`.

use backlot_wix::{AppSecret, Role};
use serde_json::json;

use crate::harness::{APP, BAKERY, BAKERY_SITE, MEMBER, NOWHERE, OWNER, START, Simulator, VISITOR};

#[tokio::test]
async fn every_subject() {
    let simulator = Simulator::new();
    for (role, subject_type, subject_id) in [
        ("visitor", "VISITOR", VISITOR),
        ("member", "MEMBER", MEMBER),
        ("owner", "USER", OWNER),
        ("app", "APP", APP),
    ] {
        let token = simulator.token(BAKERY, role).await;
        let response = simulator.token_info(&token).await;
        let expected = json!({
            "active": true,
            "subjectType": subject_type,
            "subjectId": subject_id,
            "exp": START / 1000 + 14_400,
            "iat": START / 1000,
            "clientId": APP,
            "siteId": BAKERY_SITE,
            "instanceId": BAKERY,
        });
        assert_eq!((response.status.as_u16(), response.json), (200, expected));
    }
}

#[tokio::test]
async fn a_signed_instance_too() {
    let simulator = Simulator::new();
    for (role, subject_type, subject_id) in [
        (Role::Owner, "USER", OWNER),
        (Role::Member, "MEMBER", MEMBER),
        (Role::Visitor, "VISITOR", VISITOR),
    ] {
        let info = simulator.token_info(&simulator.instance(role)).await.json;
        assert_eq!(info["active"], true);
        assert_eq!(info["subjectType"], subject_type);
        assert_eq!(info["subjectId"], subject_id);
        assert_eq!(info["clientId"], APP);
        assert_eq!(
            info["siteId"], BAKERY_SITE,
            "a dashboard's does not name it"
        );
    }
}

#[tokio::test]
async fn what_is_dead_or_never_lived() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "owner").await;
    let instance = simulator.instance(Role::Owner);
    let forged = backlot_wix::signed_instance::sign(&AppSecret::new("x"), b"{}");
    let tampered = token.replacen(".eyJ", ".eyK", 1);
    let unsigned = token.rsplit_once('.').unwrap().0;
    simulator.advance(14_399);
    assert_eq!(simulator.token_info(&token).await.json["active"], true);
    assert_eq!(simulator.token_info(&instance).await.json["active"], true);
    simulator.advance(2);
    let wrong = [
        &token, &instance, "x", &forged, &tampered, unsigned, "IST.a",
    ];
    for dead in wrong {
        let response = simulator.token_info(dead).await;
        assert_eq!(
            (response.status.as_u16(), response.json),
            (200, json!({ "active": false }))
        );
    }
    simulator
        .set_faults(json!({ "deadTokens": "unauthorized" }))
        .await;
    for dead in wrong {
        let response = simulator.token_info(dead).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (401, "UNAUTHENTICATED")
        );
    }
}

#[tokio::test]
async fn an_instance_that_the_world_does_not_know() {
    let simulator = Simulator::new();
    let wanted = json!({ "instanceId": NOWHERE, "role": "owner" });
    for path in ["/simulator/v1/access-tokens", "/simulator/v1/instances"] {
        let response = simulator.post(path, "", &wanted).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (404, "INSTANCE_NOT_FOUND")
        );
    }
}

#[tokio::test]
async fn a_body_without_a_token() {
    let simulator = Simulator::new();
    for body in [
        json!({}),
        json!({"token": ""}),
        json!({"token": 1}),
        json!([]),
    ] {
        let response = simulator.post("/oauth2/token-info", "", &body).await;
        assert_eq!(response.status, 400, "{body}");
        let violations = &response.json["details"]["validationError"]["fieldViolations"];
        assert_eq!(violations[0]["field"], "token");
    }
    assert_eq!(simulator.get("/oauth2/token-info", "").await.status, 404);
}
