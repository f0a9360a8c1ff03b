//! The endpoints with little to say, and every path that has none.

use serde_json::json;

use crate::harness::{BAKERY, STUDIO, Simulator};

#[tokio::test]
async fn bi_events() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let event = json!({ "eventName": "APP_FINISHED_CONFIGURATION" });
    let reply = simulator.post("/apps/v1/bi-event", &token, &event).await;
    assert_eq!((reply.status.as_u16(), reply.json), (200, json!({})));
    for body in [json!({}), json!({ "eventName": "" }), json!([])] {
        let reply = simulator.post("/apps/v1/bi-event", &token, &body).await;
        assert_eq!(reply.status, 400, "{body}");
        let violations = &reply.json["details"]["validationError"]["fieldViolations"];
        assert_eq!(violations[0]["field"], "eventName");
    }
}

#[tokio::test]
async fn checkout() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let path = "/apps/v1/checkout";
    let wanted = json!({ "productId": "pro", "billingCycle": "YEARLY" });
    let reply = simulator.post(path, &token, &wanted).await;
    let checkout = reply.json["token"].as_str().unwrap();
    let url = reply.json["checkoutUrl"].as_str().unwrap();
    assert!(checkout.starts_with("JWS.") && url.ends_with(checkout));
    for (body, field) in [
        (json!({}), "productId"),
        (json!({ "productId": "" }), "productId"),
        (
            json!({ "productId": "a", "billingCycle": "x" }),
            "billingCycle",
        ),
    ] {
        let reply = simulator.post(path, &token, &body).await;
        let violations = &reply.json["details"]["validationError"]["fieldViolations"];
        assert_eq!(
            (reply.status.as_u16(), &violations[0]["field"]),
            (400, &json!(field))
        );
    }
}

#[tokio::test]
async fn purchases() {
    let simulator = Simulator::new();
    let path = "/apps/v1/checkout/history";
    let bakery = simulator.token(BAKERY, "app").await;
    let bought = simulator.get(path, &bakery).await.json;
    assert_eq!(bought["purchases"][0]["productId"], "pro");
    assert_eq!(
        bought["purchases"][0]["dateCreated"],
        "2026-01-15T09:00:00.000Z"
    );
    let studio = simulator.token(STUDIO, "app").await;
    let nothing = simulator.get(path, &studio).await.json;
    assert_eq!(nothing, json!({ "purchases": [] }));
}

#[tokio::test]
async fn scripts_are_kept_for_each_instance() {
    let simulator = Simulator::new();
    let (bakery, studio) = (
        simulator.token(BAKERY, "app").await,
        simulator.token(STUDIO, "app").await,
    );
    let path = "/apps/v1/scripts";
    let script = json!({ "properties": { "parameters": { "colour": "red" } } });
    let none = json!({ "properties": { "parameters": {} } });
    assert_eq!(simulator.post(path, &bakery, &script).await.json, script);
    assert_eq!(simulator.get(path, &bakery).await.json, script);
    assert_eq!(simulator.get(path, &studio).await.json, none);
    let long = json!({ "properties": { "parameters": { "a": "a".repeat(20_000) } } });
    for wrong in [json!({}), json!({ "properties": [] }), long] {
        assert_eq!(simulator.post(path, &bakery, &wrong).await.status, 400);
    }
    assert_eq!(simulator.get(path, &bakery).await.json, script);
}

#[tokio::test]
async fn site_properties() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let reply = simulator
        .get("/site-properties/v4/properties", &token)
        .await;
    assert_eq!(reply.json["version"], "1");
    let properties = &reply.json["properties"];
    assert_eq!(properties["siteDisplayName"], "bakery");
    assert_eq!(properties["language"], "en");
    assert_eq!(properties["paymentCurrency"], "EUR");
    assert_eq!(properties["email"], "owner@bakery.example");
}

#[tokio::test]
async fn everything_else_is_answered_and_recorded() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "member").await;
    for path in ["/wix-data/v2/items/query", "/anything?a=1", "/_api/x"] {
        let reply = simulator.post(path, &token, &json!({})).await;
        assert_eq!((reply.status.as_u16(), reply.json), (200, json!({})));
        assert_eq!(simulator.delete(path, &token).await.status, 200);
        assert_eq!(simulator.get(path, "").await.status, 401);
    }
    assert_eq!(simulator.calls("").await["total"], 9);
}

#[tokio::test]
async fn the_simulators_own_paths_are_not_wixs() {
    let simulator = Simulator::new();
    let reply = simulator.get("/simulator/v1/nothing", "").await;
    assert_eq!(
        (reply.status.as_u16(), reply.code()),
        (404, "ROUTE_NOT_FOUND")
    );
    for path in ["/", "/healthz", "/assets/look.css", "/simulator/v1/world"] {
        let reply = simulator.get(path, "").await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.headers.contains_key("x-wix-request-id"));
    }
    assert_eq!(simulator.calls("").await["total"], 0);
}
