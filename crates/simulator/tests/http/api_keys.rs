//! An account's API key in the place of a token.

use axum::http::Request;
use serde_json::json;

use crate::harness::{BAKERY, BAKERY_SITE, Reply, Simulator, read};

async fn ask(simulator: &Simulator, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(path).header("authorization", "IST.a.b.c");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(simulator.send(request.body("".into()).unwrap()).await).await
}

#[tokio::test]
async fn with_exactly_one_scope() {
    let simulator = Simulator::new();
    let (site, account) = (("wix-site-id", BAKERY_SITE), ("wix-account-id", "a"));
    for (headers, status) in [
        (vec![site], 200),
        (vec![account], 200),
        (vec![], 400),
        (vec![site, account], 400),
        (vec![("wix-site-id", "")], 400),
    ] {
        let response = ask(&simulator, "/contacts/v4/contacts", &headers).await;
        assert_eq!(response.status, status, "{headers:?}");
    }
    let properties = ask(&simulator, "/site-properties/v4/properties", &[site]).await;
    assert_eq!(properties.json["properties"]["siteDisplayName"], "bakery");
    for path in ["/site-properties/v4/properties", "/apps/v1/scripts"] {
        assert_eq!(
            ask(&simulator, path, &[account]).await.status,
            403,
            "{path}"
        );
    }
    let instance = ask(&simulator, "/apps/v1/instance", &[site]).await;
    assert_eq!(
        (instance.status.as_u16(), instance.code()),
        (403, "PERMISSION_DENIED")
    );
}

#[tokio::test]
async fn refused_on_demand() {
    let simulator = Simulator::new();
    simulator.set_faults(json!({ "apiKeyRefused": true })).await;
    let response = ask(&simulator, "/a", &[("wix-site-id", BAKERY_SITE)]).await;
    assert_eq!((response.status.as_u16(), response.code()), (428, "48876"));
    let token = simulator.token(BAKERY, "app").await;
    assert_eq!(simulator.get("/a", &token).await.status, 200);
}

#[tokio::test]
async fn each_scope_has_its_own_limit() {
    let simulator = Simulator::new();
    simulator
        .set_faults(json!({ "requestsPerMinute": 1 }))
        .await;
    let (site, account) = (
        ("wix-site-id", BAKERY_SITE),
        ("wix-account-id", BAKERY_SITE),
    );
    assert_eq!(ask(&simulator, "/a", &[site]).await.status, 200);
    assert_eq!(ask(&simulator, "/a", &[account]).await.status, 200);
    assert_eq!(ask(&simulator, "/a", &[site]).await.status, 429);
}
