//! The endpoints with little to say, and every path that has none.

use serde_json::json;
use tower::ServiceExt as _;

use crate::harness::{BAKERY, STUDIO, Simulator};

#[tokio::test]
async fn bi_events() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let event = json!({ "eventName": "APP_FINISHED_CONFIGURATION" });
    let response = simulator.post("/apps/v1/bi-event", &token, &event).await;
    assert_eq!((response.status.as_u16(), response.json), (200, json!({})));
    for body in [json!({}), json!({ "eventName": "" }), json!([])] {
        let response = simulator.post("/apps/v1/bi-event", &token, &body).await;
        assert_eq!(response.status, 400, "{body}");
        let violations = &response.json["details"]["validationError"]["fieldViolations"];
        assert_eq!(violations[0]["field"], "eventName");
    }
}

#[tokio::test]
async fn checkout() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "app").await;
    let path = "/apps/v1/checkout";
    let wanted = json!({ "productId": "pro", "billingCycle": "YEARLY" });
    let response = simulator.post(path, &token, &wanted).await;
    let checkout = response.json["token"].as_str().unwrap();
    let url = response.json["checkoutUrl"].as_str().unwrap();
    assert!(checkout.starts_with("JWS.") && url.ends_with(checkout));
    for (body, field) in [
        (json!({}), "productId"),
        (json!({ "productId": "" }), "productId"),
        (
            json!({ "productId": "a", "billingCycle": "x" }),
            "billingCycle",
        ),
    ] {
        let response = simulator.post(path, &token, &body).await;
        let violations = &response.json["details"]["validationError"]["fieldViolations"];
        assert_eq!(
            (response.status.as_u16(), &violations[0]["field"]),
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
    let response = simulator
        .get("/site-properties/v4/properties", &token)
        .await;
    assert_eq!(response.json["version"], "1");
    let properties = &response.json["properties"];
    assert_eq!(properties["siteDisplayName"], "bakery");
    assert_eq!(properties["language"], "en");
    assert_eq!(properties["paymentCurrency"], "EUR");
    assert_eq!(properties["email"], "owner@bakery.example");
}

#[tokio::test]
async fn everything_else_is_answered_and_recorded() {
    let simulator = Simulator::new();
    let token = simulator.token(BAKERY, "member").await;
    for (path, without) in [
        ("/wix-data/v2/items/query", 401),
        ("/_api/x", 401),
        ("/anything?a=1", 404),
    ] {
        let response = simulator.post(path, &token, &json!({})).await;
        assert_eq!((response.status.as_u16(), response.json), (200, json!({})));
        assert_eq!(simulator.delete(path, &token).await.status, 200);
        assert_eq!(simulator.get(path, "").await.status, without, "{path}");
    }
    assert_eq!(simulator.calls("").await["total"], 8);
}

#[tokio::test]
async fn the_simulators_own_paths_are_not_wixs() {
    let simulator = Simulator::new();
    let response = simulator.get("/simulator/v1/nothing", "").await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (404, "ROUTE_NOT_FOUND")
    );
    for path in ["/", "/healthz", "/assets/look.css", "/simulator/v1/world"] {
        let response = simulator.get(path, "").await;
        assert_eq!(response.status, 200, "{path}");
        assert!(!response.headers.contains_key("x-wix-request-id"));
    }
    assert_eq!(simulator.calls("").await["total"], 0);
}

#[tokio::test]
async fn what_nobody_serves_is_answered_as_by_the_backend() {
    let simulator = Simulator::new();
    for path in [
        "/nothing",
        "/favicon.ico",
        "/assets/nothing.js",
        "/vase",
        "/v",
        "/x/simulator",
    ] {
        let response = simulator.get(path, "").await;
        assert_eq!(
            (response.status.as_u16(), response.code()),
            (404, "ROUTE_NOT_FOUND"),
            "{path}"
        );
        let described = &response.json["details"]["applicationError"]["description"];
        assert_eq!(described, "Nothing is served at this path.");
    }
    let response = simulator.post("/simulator/v1/world", "", &json!({})).await;
    assert_eq!(
        (response.status.as_u16(), response.code()),
        (405, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(response.headers["allow"], "GET,HEAD");
    assert_eq!(
        simulator.calls("").await["total"],
        0,
        "none of them was a call to Wix"
    );

    // With a credential, or where Wix has its paths, it is one.
    assert_eq!(
        simulator.get("/nothing", "a token").await.code(),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        simulator.get("/stores/v1/products", "").await.code(),
        "UNAUTHENTICATED"
    );
    assert_eq!(simulator.calls("").await["total"], 2);
}

#[tokio::test]
async fn the_demo_apps_servers_say_it_alike() {
    let simulator = Simulator::new();
    let now = simulator.stage.now.clone();
    let routers = [
        backlot_simulator::demo_app::router(simulator.stage.clone(), None),
        backlot_simulator::demo_upstream::router(now),
    ];
    for (router, posted) in routers.into_iter().zip(["/config.json", "/api/hello"]) {
        for (method, path, code) in [
            ("GET", "/nothing", "ROUTE_NOT_FOUND"),
            ("GET", "/nothing/here", "ROUTE_NOT_FOUND"),
            ("POST", posted, "METHOD_NOT_ALLOWED"),
        ] {
            let request = axum::http::Request::builder().method(method).uri(path);
            let request = request.body(axum::body::Body::empty()).unwrap();
            let response =
                crate::harness::read(router.clone().oneshot(request).await.unwrap()).await;
            assert_eq!(response.code(), code, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_app_has_its_own_name() {
    let name = async |simulator: &Simulator| {
        let world = simulator.get("/simulator/v1/world", "").await.json;
        let token = simulator.token(BAKERY, "app").await;
        let instance = simulator.get("/apps/v1/instance", &token).await.json;
        (
            world["app"]["name"].clone(),
            instance["instance"]["appName"].clone(),
        )
    };
    let demo = Simulator::new();
    assert_eq!(name(&demo).await, (json!("Demo app"), json!("Demo app")));
    let own = Simulator::with(|stage| stage.with_app_name("Reviews"));
    assert_eq!(name(&own).await, (json!("Reviews"), json!("Reviews")));
}

#[tokio::test]
async fn the_dashboard_may_ask_the_apps_page_and_nobody_else() {
    let simulator = Simulator::new();
    let page = simulator.get("/", "").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("connect-src 'self' http://localhost:5173;"),
        "{policy}"
    );
}
