//! The demo app's server: credentials for a page that holds a good one.

use backlot_wix::Role;
use serde_json::json;

use crate::harness::{APP, BAKERY, MEMBER, OWNER, Simulator, VISITOR};

#[tokio::test]
async fn a_token_for_the_same_person() {
    let simulator = Simulator::new();
    for (role, subject_type, subject_id) in [
        (Role::Owner, "USER", OWNER),
        (Role::Member, "MEMBER", MEMBER),
        (Role::Visitor, "VISITOR", VISITOR),
    ] {
        let held = json!({ "instance": simulator.instance(role) });
        let reply = simulator.ask_demo_app("/access-token", &held).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json["expiresAt"], "2026-11-22T14:00:00.000Z");
        let token = reply.json["accessToken"].as_str().unwrap();
        let info = simulator.token_info(token).await.json;
        assert_eq!(info["subjectType"], subject_type);
        assert_eq!(info["subjectId"], subject_id);
        assert_eq!(info["instanceId"], BAKERY);
    }
}

#[tokio::test]
async fn nothing_for_whoever_holds_no_good_one() {
    let simulator = Simulator::new();
    let expired = simulator.instance(Role::Owner);
    simulator.advance(14_500);
    for held in [
        json!({}),
        json!({ "instance": "x" }),
        json!({ "instance": expired }),
    ] {
        let reply = simulator.ask_demo_app("/access-token", &held).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (401, "INSTANCE_SIGNATURE_INVALID")
        );
    }
    let reply = simulator
        .ask_demo_app("/wrong-credentials", &json!({ "instance": "x" }))
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn tokens_that_must_be_refused() {
    let simulator = Simulator::new();
    let held = json!({ "instance": simulator.instance(Role::Member) });
    let wrong = simulator
        .ask_demo_app("/wrong-credentials", &held)
        .await
        .json;
    for name in ["expired", "otherApp", "deadToken"] {
        let info = simulator
            .token_info(wrong[name].as_str().unwrap())
            .await
            .json;
        assert_eq!(info, json!({ "active": false }), "{name}");
    }
    let other = wrong["otherAppToken"].as_str().unwrap();
    let info = simulator.token_info(other).await.json;
    assert_eq!(
        (&info["active"], &info["subjectType"]),
        (&json!(true), &json!("MEMBER"))
    );
    assert_ne!(info["clientId"], APP);
    let reply = simulator.get("/a", other).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code()),
        (403, "APP_NOT_INSTALLED")
    );
    let data = &reply.json["details"]["applicationError"]["data"];
    assert_eq!(data["appNotInstalled"]["appId"], info["clientId"]);
}
