//! `PUT /simulator/v1/sites/{instanceId}`, and where the change is seen.

use serde_json::json;

use crate::harness::{BAKERY, NOWHERE, STUDIO, Simulator};

#[tokio::test]
async fn a_plan_bought_and_given_up() {
    let simulator = Simulator::new();
    let token = simulator.token(STUDIO, "app").await;
    let path = format!("/simulator/v1/sites/{STUDIO}");
    let response = simulator.put(&path, &json!({ "plan": "gold" })).await;
    assert_eq!(
        (response.status.as_u16(), &response.json["plan"]),
        (200, &json!("gold"))
    );
    let instance = simulator.get("/apps/v1/instance", &token).await.json;
    let billing = &instance["instance"]["billing"];
    assert_eq!(billing["packageName"], "gold");
    assert_eq!(billing["timeStamp"], "2026-11-22T10:00:00.000Z");
    assert_eq!(
        instance["instance"]["availablePlans"][1]["packageName"],
        "gold"
    );
    let world = simulator.get("/simulator/v1/world", "").await.json;
    assert_eq!(world["sites"][1]["plan"], "gold");
    assert_eq!(world["sites"][0]["plan"], "pro");
    simulator.put(&path, &json!({ "plan": null })).await;
    let instance = simulator.get("/apps/v1/instance", &token).await.json;
    assert_eq!(instance["instance"]["isFree"], true);
}

#[tokio::test]
async fn what_is_absent_stays() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let path = format!("/simulator/v1/sites/{BAKERY}");
    let change = json!({
        "siteUrl": "https://new.example/shop",
        "siteName": "New",
        "locale": "de-AT",
    });
    assert_eq!(simulator.put(&path, &change).await.status, 200);
    let answer = simulator.get("/apps/v1/instance", &token).await.json;
    assert_eq!(answer["site"]["url"], "https://new.example/shop");
    assert_eq!(answer["site"]["siteDisplayName"], "New");
    assert_eq!(answer["site"]["locale"], "de-AT");
    assert_eq!(answer["instance"]["billing"]["packageName"], "pro");
    assert_eq!(answer["site"]["ownerInfo"]["email"], "owner@new.example");
    let properties = simulator
        .get("/site-properties/v4/properties", &token)
        .await;
    let locale = json!({ "languageCode": "de", "country": "AT" });
    assert_eq!(properties.json["properties"]["locale"], locale);
    let wanted = json!({ "instanceId": BAKERY, "role": "owner" });
    let issued = simulator.post("/simulator/v1/instances", "", &wanted).await;
    let url = issued.json["appUrl"].as_str().unwrap();
    assert!(url.contains("siteUrl=https%3A%2F%2Fnew%2Eexample%2Fshop"));
}

#[tokio::test]
async fn what_cannot_be_changed() {
    let simulator = Simulator::new();
    let unknown = format!("/simulator/v1/sites/{NOWHERE}");
    for path in [unknown.as_str(), "/simulator/v1/sites/x"] {
        let response = simulator.put(path, &json!({})).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (404, "INSTANCE_NOT_FOUND")
        );
    }
    let path = format!("/simulator/v1/sites/{BAKERY}");
    for change in [json!({ "plans": "a" }), json!({ "siteName": 1 }), json!([])] {
        let response = simulator.put(&path, &change).await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (400, "REQUEST_MALFORMED")
        );
    }
}
