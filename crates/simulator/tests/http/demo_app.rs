//! The demo app's server: credentials for a page that holds a good one.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use backlot_wix::Role;
use serde_json::json;
use tower::ServiceExt as _;

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
        let response = simulator.ask_demo_app("/access-token", &held).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.json["expiresAt"], "2026-11-22T14:00:00.000Z");
        let token = response.json["accessToken"].as_str().unwrap();
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
        let response = simulator.ask_demo_app("/access-token", &held).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (401, "INSTANCE_SIGNATURE_INVALID")
        );
    }
    let response = simulator
        .ask_demo_app("/wrong-credentials", &json!({ "instance": "x" }))
        .await;
    assert_eq!(response.status, 401);
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
    let response = simulator.get("/a", other).await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (403, "APP_NOT_INSTALLED")
    );
    let data = &response.json["details"]["applicationError"]["data"];
    assert_eq!(data["appNotInstalled"]["appId"], info["clientId"]);
}

#[tokio::test]
async fn the_pages_client_is_the_stand_in_or_the_one_that_was_put_there() {
    let simulator = Simulator::new();
    let script = async |given: Option<&str>| {
        let given = given.map(|script| script.as_bytes().to_vec());
        let router = backlot_simulator::demo_app::router(simulator.stage.clone(), given);
        let request = Request::get("/wix_client.js").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "text/javascript; charset=utf-8"
        );
        let policy = response.headers()["content-security-policy"].to_str();
        assert!(policy.unwrap().contains("script-src 'self';"));
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let own = script(None).await;
    for name in ["createClient", "items", "collections", "name"] {
        let exported = ["function", "const"].map(|kind| format!("export {kind} {name}"));
        assert!(exported.iter().any(|it| own.contains(it)), "{name}");
    }
    assert_eq!(script(Some("export {};")).await, "export {};");
}
