//! The sites that have the app: let in by CORS, each for its own instance.

use backlot_server::Shutdown;
use serde_json::json;

use crate::harness::{
    APP_ID, FakeWix, INSTANCE_ID, NEW_SECRET, Reply, TestServer, access_token, allow, echo, info,
    instance, payload, request, signed, to_upstream,
};

const INSTANCE: &str = "/apps/v1/instance";
const SITE: &str = "https://corner-bakery.example";

fn says(url: &str, plan: Option<&str>) -> String {
    let billing = plan.map(|plan| json!({ "packageName": plan }));
    json!({
        "instance": { "instanceId": INSTANCE_ID, "isFree": plan.is_none(), "billing": billing },
        "site": { "url": url, "siteId": "s", "ownerEmail": "person@example.com" },
    })
    .to_string()
}

async fn start(wix: &FakeWix) -> TestServer {
    TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.installed_sites = true;
    })
    .await
}

async fn preflight(server: &TestServer, origin: &str) -> String {
    let headers = [("origin", origin), ("access-control-request-method", "GET")];
    let response = request(server.address, "OPTIONS", "/whoami", &headers, "").await;
    response.header("access-control-allow-origin")
}

async fn whoami(server: &TestServer, credential: &str, origin: &str) -> Reply {
    let headers = [("authorization", credential), ("origin", origin)];
    request(server.address, "GET", "/whoami", &headers, "").await
}

fn page() -> String {
    format!("https://{APP_ID}.wix.run")
}

/// Wix writes the address as people do, a browser the origin as names are looked up.
#[tokio::test]
async fn a_site_with_letters_of_its_own_is_let_in() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, &says("https://bäckerei.example/home", None));
    let server = start(&wix).await;
    let credential = instance("owner");
    assert_eq!(whoami(&server, &credential, &page()).await.status, 200);
    let origin = "https://xn--bckerei-5wa.example";
    while preflight(&server, origin).await != origin {}
    assert_eq!(whoami(&server, &credential, origin).await.status, 200);
}

#[tokio::test]
async fn a_site_is_let_in_once_its_instance_was_seen_and_for_that_one_only() {
    let wix = FakeWix::start().await;
    wix.on(
        INSTANCE,
        200,
        &says("https://corner-bakery.example/home", Some("pro")),
    );
    let server = start(&wix).await;
    assert_eq!(preflight(&server, SITE).await, "");
    assert_eq!(
        whoami(&server, &instance("owner"), &page()).await.status,
        200
    );
    while preflight(&server, SITE).await != SITE {}

    let token = access_token("visitor");
    wix.knows(&token, info("VISITOR"));
    let response = whoami(&server, &token, SITE).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("access-control-allow-origin"), SITE);
    assert_eq!(
        response.json()["plan"],
        "pro",
        "tokens name no plan; what is known is said"
    );

    let mut other = payload("owner");
    other["instanceId"] = json!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7eff");
    let response = whoami(&server, &signed(NEW_SECRET, &other), SITE).await;
    assert_eq!(
        (response.status, &*response.code()),
        (403, "ORIGIN_NOT_ALLOWED")
    );
    for other in [
        "https://evil.example",
        "http://corner-bakery.example",
        "https://a.corner-bakery.example",
    ] {
        assert_eq!(preflight(&server, other).await, "", "{other}");
    }
    let path = format!("/admin/v1/instances/{INSTANCE_ID}/refresh");
    let response = request(server.admin, "POST", &path, &[], "").await;
    assert!(
        !response.body.contains("person@"),
        "no address of a person is kept: {response:?}"
    );
}

#[tokio::test]
async fn a_site_that_lost_the_app_is_no_longer_let_in() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, &says(SITE, None));
    let server = start(&wix).await;
    whoami(&server, &instance("owner"), &page()).await;
    while preflight(&server, SITE).await != SITE {}
    // The next token that is needed is refused: the app is no longer there.
    wix.on("/oauth2/token", 400, r#"{"error":"invalid_grant"}"#);
    wix.on(INSTANCE, 401, "{}");
    let path = format!("/admin/v1/instances/{INSTANCE_ID}/refresh");
    // The first may join the question that is still on its way.
    let mut response = request(server.admin, "POST", &path, &[], "").await;
    while response.status == 200 {
        response = request(server.admin, "POST", &path, &[], "").await;
    }
    assert_eq!(
        (response.status, &*response.code()),
        (403, "WIX_TOKEN_REFUSED"),
        "{response:?}"
    );
    assert_eq!(preflight(&server, SITE).await, "");
    let id = INSTANCE_ID.parse().unwrap();
    while server.store.find_refusal(id).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_instance_that_wix_says_nothing_of_is_not_in_the_way_of_others() {
    const OTHER: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7eff";
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, &says(SITE, None));
    wix.fails_for(OTHER);
    let server = start(&wix).await;
    let mut failing = payload("owner");
    failing["instanceId"] = json!(OTHER);
    whoami(&server, &signed(NEW_SECRET, &failing), &page()).await;
    wix.until_asked(INSTANCE, 1).await;
    whoami(&server, &instance("owner"), &page()).await;
    let let_in = async { while preflight(&server, SITE).await != SITE {} };
    let patience = std::time::Duration::from_secs(5);
    tokio::time::timeout(patience, let_in)
        .await
        .expect("it waited behind the other");
}

#[tokio::test]
async fn without_the_setting_wix_is_not_even_asked() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, &says(SITE, None));
    let mut server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    assert_eq!(
        whoami(&server, &instance("owner"), &page()).await.status,
        200
    );
    assert_eq!(preflight(&server, SITE).await, "");
    server.ask_to_stop(Shutdown::Graceful);
    server.stop().await;
    assert!(wix.asked(INSTANCE).is_empty());
}

#[tokio::test]
async fn the_admin_api_says_what_is_known_and_asks_again() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, &says(SITE, None));
    let server = start(&wix).await;
    let path = format!("/admin/v1/instances/{INSTANCE_ID}");
    let response = request(server.admin, "GET", &path, &[], "").await;
    assert_eq!(
        (response.status, &*response.code()),
        (404, "INSTANCE_NOT_FOUND")
    );
    let refresh = format!("{path}/refresh");
    let response = request(
        server.admin,
        "POST",
        &refresh,
        &[("origin", "https://evil.example")],
        "",
    )
    .await;
    assert_eq!(response.status, 403, "no page of the web");
    let response = request(server.admin, "POST", &refresh, &[], "").await;
    assert_eq!(
        response.json()["details"]["site"]["url"],
        SITE,
        "{response:?}"
    );
    wix.on(INSTANCE, 200, &says("https://new.example", Some("pro")));
    let response = request(server.admin, "GET", &path, &[], "").await;
    assert_eq!(response.json()["details"]["site"]["url"], SITE);
    let response = request(server.admin, "POST", &refresh, &[], "").await;
    assert_eq!(
        response.json()["details"]["instance"]["billing"]["packageName"],
        "pro"
    );
    assert_eq!(preflight(&server, SITE).await, "");
    assert_eq!(
        preflight(&server, "https://new.example").await,
        "https://new.example"
    );
    let response = request(server.admin, "GET", "/admin/v1/instances/x", &[], "").await;
    assert_eq!(response.code(), "INSTANCE_NOT_FOUND");
}

#[tokio::test]
async fn a_rule_about_plans_asks_wix_for_callers_with_tokens() {
    let wix = FakeWix::start().await;
    let mut entry = to_upstream("/api", echo().await);
    entry.access = allow([backlot_wix::Role::Member]);
    if let backlot_server::policy::AuthPolicy::Verified(rules) = &mut entry.access {
        rules.plans = vec!["pro".to_owned()];
    }
    let server = TestServer::start_with(vec![entry], |settings| wix.apply_to(settings)).await;
    let token = access_token("member");
    wix.knows(&token, info("MEMBER"));
    let ask = || async {
        let headers = [("authorization", &*token)];
        request(server.address, "GET", "/api/x", &headers, "").await
    };
    let response = ask().await;
    assert_eq!(
        (response.status, &*response.code()),
        (503, "WIX_UNAVAILABLE")
    );
    let visitor = access_token("visitor");
    wix.knows(&visitor, info("VISITOR"));
    let before = wix.asked(INSTANCE).len();
    let headers = [("authorization", &*visitor)];
    let response = request(server.address, "GET", "/api/x", &headers, "").await;
    assert_eq!(response.code(), "ROLE_NOT_ALLOWED");
    assert_eq!(
        wix.asked(INSTANCE).len(),
        before,
        "nobody asks for a plan that does not matter"
    );
    wix.on(INSTANCE, 200, &says(SITE, None));
    let response = ask().await;
    assert_eq!(
        (response.status, &*response.code()),
        (403, "PLAN_NOT_ALLOWED")
    );
    // The plan is bought, and a minute later that is known without anybody saying so.
    wix.on(INSTANCE, 200, &says(SITE, Some("pro")));
    assert_eq!(ask().await.status, 403);
    server.clock.set("2026-11-22T12:01:01Z".parse().unwrap());
    let response = ask().await;
    assert_eq!(response.status, 200);
    assert!(
        response.body.contains(r#"["x-backlot-plan","pro"]"#),
        "{response:?}"
    );
}
