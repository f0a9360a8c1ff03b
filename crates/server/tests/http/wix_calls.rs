//! Calls to Wix through `/wix/`: which, by whom, and what comes back.

use backlot_server::handlers::wix::OnBehalfOf;
use backlot_wix::Role;
use serde_json::Value;

use crate::harness::{
    FakeWix, INSTANCE_ID, PAGE, Reply, TestServer, access_token, info, instance, may_call, request,
};

const INSTANCE: &str = "/apps/v1/instance";

async fn start(wix: &FakeWix) -> TestServer {
    TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.wix_calls.calls = vec![
            may_call("GET /apps/v1/instance", [Role::Owner]),
            may_call("GET /apps/v1/instance", [Role::App]),
            may_call("POST /stores/**/query", [Role::Owner, Role::Member]),
            may_call("PATCH /things/{id}", [Role::Owner]),
        ];
    })
    .await
}

async fn call(server: &TestServer, role: &str, method: &str, path: &str, body: &str) -> Reply {
    let credential = instance(role);
    let headers = [
        ("authorization", &*credential),
        ("content-type", "application/json"),
    ];
    request(server.address, method, path, &headers, body).await
}

#[tokio::test]
async fn a_call_on_the_list_is_made_as_the_app_and_comes_back_as_it_is() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, r#"{"instance":{}}"#);
    let server = start(&wix).await;
    let credential = instance("owner");
    let headers = [
        ("authorization", &*credential),
        ("origin", PAGE),
        ("cookie", "a=b"),
        ("wix-site-id", "forged"),
        ("wix-account-id", "forged"),
        ("x-wix-linguist", "en"),
    ];
    let path = format!("/wix{INSTANCE}?a=%20b");
    let response = request(server.address, "GET", &path, &headers, "").await;
    assert_eq!(
        (response.status, &*response.body),
        (200, r#"{"instance":{}}"#)
    );
    assert_eq!(response.header("x-wix-request-id"), "wix-17");
    assert!(
        response
            .header("access-control-expose-headers")
            .contains("x-wix-request-id")
    );
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    assert_eq!(response.header("set-cookie"), "");
    assert_eq!(response.header("cache-control"), "no-store");

    let asked = wix.asked(INSTANCE).pop().unwrap();
    assert_eq!(asked.uri, format!("{INSTANCE}?a=%20b"));
    assert_eq!(asked.headers["authorization"], "the-apps-own-token");
    assert_eq!(asked.headers["x-wix-linguist"], "en");
    for name in [
        "cookie",
        "wix-site-id",
        "wix-account-id",
        "origin",
        "x-backlot-role",
    ] {
        assert!(!asked.headers.contains_key(name), "{name}");
    }
    let token = &wix.asked("/oauth2/token")[0].body;
    let token: Value = serde_json::from_str(token).unwrap();
    assert_eq!(token["instance_id"], INSTANCE_ID);
}

#[tokio::test]
async fn the_most_specific_line_decides_and_no_other_spelling_passes_it() {
    let wix = FakeWix::start().await;
    for path in ["/things/7", "/things/all", "/things/%61ll", "/things/ALL"] {
        wix.on(path, 200, "{}");
    }
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.wix_calls.calls = vec![
            may_call("GET /things/{id}", [Role::Owner, Role::Visitor]),
            may_call("GET /things/all", [Role::Owner]),
        ];
    })
    .await;
    for path in ["/things/all", "/things/%61ll", "/things/ALL"] {
        let refused = call(&server, "visitor", "GET", &format!("/wix{path}"), "").await;
        assert_eq!(refused.code(), "ROLE_NOT_ALLOWED", "{path}");
        let made = call(&server, "owner", "GET", &format!("/wix{path}"), "").await;
        assert_eq!(made.status, 200, "{path}");
        assert_eq!(wix.asked(path).len(), 1, "{path}");
    }
    let made = call(&server, "visitor", "GET", "/wix/things/7", "").await;
    assert_eq!(made.status, 200);
}

#[tokio::test]
async fn nothing_is_allowed_that_is_not_on_the_list() {
    const CASES: [(&str, &str, &str); 14] = [
        ("owner GET", "/apps/v1/scripts", "WIX_CALL_NOT_ALLOWED"),
        ("owner POST", "/apps/v1/instance", "WIX_CALL_NOT_ALLOWED"),
        ("owner DELETE", "/apps/v1/instance", "WIX_CALL_NOT_ALLOWED"),
        ("owner GET", "/apps/v1/%69nstance", "WIX_CALL_NOT_ALLOWED"),
        ("owner GET", "/apps/v1/instance/", "PATH_NOT_ALLOWED"),
        ("owner GET", "//apps/v1/instance", "PATH_NOT_ALLOWED"),
        ("owner GET", "/apps/v1/../v1/instance", "PATH_NOT_ALLOWED"),
        ("owner POST", "/stores/..%2fm/query", "PATH_NOT_ALLOWED"),
        ("owner POST", "/stores/%2e%2e/m/query", "PATH_NOT_ALLOWED"),
        ("owner POST", "/stores/x;/query", "PATH_NOT_ALLOWED"),
        ("owner GET", "", "ROUTE_NOT_FOUND"),
        ("owner GET", "x", "ROUTE_NOT_FOUND"),
        ("member GET", "/apps/v1/instance", "ROLE_NOT_ALLOWED"),
        (
            "visitor POST",
            "/stores/v1/products/query",
            "ROLE_NOT_ALLOWED",
        ),
    ];
    let wix = FakeWix::start().await;
    wix.on("/stores/v1/products/query", 200, "{}");
    let server = start(&wix).await;
    for (who, path, code) in CASES {
        let (role, method) = who.split_once(' ').unwrap();
        let response = call(&server, role, method, &format!("/wix{path}"), "").await;
        assert_eq!(response.code(), code, "{who} {path}");
    }
    let response = call(&server, "owner", "GET", "/WIX/apps/v1/instance", "").await;
    assert_eq!(response.code(), "ROUTE_NOT_FOUND");
    assert!(wix.asked(INSTANCE).is_empty() && wix.asked("/oauth2/token").is_empty());
    let path = "/wix/stores/v1/products/query";
    let response = call(&server, "member", "POST", path, "{}").await;
    assert_eq!(response.status, 200, "{response:?}");
    let response = request(server.address, "GET", "/wix/apps/v1/instance", &[], "").await;
    assert_eq!(response.code(), "CREDENTIAL_MISSING");
}

#[tokio::test]
async fn preflights_know_the_methods_of_a_path() {
    let wix = FakeWix::start().await;
    let server = start(&wix).await;
    for (path, methods) in [
        ("/wix/apps/v1/instance", "GET, HEAD"),
        ("/wix/stores/v1/products/query", "POST"),
        ("/wix/things/7", "PATCH"),
        ("/wix/apps/v1/scripts", ""),
    ] {
        let headers = [("origin", PAGE), ("access-control-request-method", "POST")];
        let response = request(server.address, "OPTIONS", path, &headers, "").await;
        assert_eq!(response.status, 204);
        assert_eq!(
            response.header("access-control-allow-methods"),
            methods,
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_upstream_calls_with_its_elevated_token() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, "{}");
    let upstream = crate::harness::echo().await;
    let server = TestServer::start_with(
        vec![crate::harness::to_upstream("/api", upstream)],
        |settings| {
            wix.apply_to(settings);
            settings.wix_calls.calls = vec![may_call("GET /apps/v1/instance", [Role::App])];
        },
    )
    .await;
    let seen = call(&server, "visitor", "GET", "/api/x", "").await.json();
    let headers = seen["headers"].as_array().unwrap();
    let token = headers
        .iter()
        .find(|pair| pair[0] == "x-backlot-elevated-token");
    let token = token.unwrap()[1].as_str().unwrap();
    let path = format!("/wix{INSTANCE}");
    let response = request(
        server.address,
        "GET",
        &path,
        &[("authorization", token)],
        "",
    )
    .await;
    assert_eq!(response.status, 200, "{response:?}");
    let response = call(&server, "owner", "GET", &path, "").await;
    assert_eq!(response.code(), "ROLE_NOT_ALLOWED");
}

#[tokio::test]
async fn large_bodies_stream_both_ways_and_have_a_limit() {
    let wix = FakeWix::start().await;
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(150_000));
    wix.on("/things/7", 200, &large);
    let server = start(&wix).await;
    let response = call(&server, "owner", "PATCH", "/wix/things/7", &large).await;
    assert_eq!((response.status, response.body.len()), (200, large.len()));
    assert_eq!(wix.asked("/things/7")[0].body, large);
    let too_large = "x".repeat(200_001);
    let response = call(&server, "owner", "PATCH", "/wix/things/7", &too_large).await;
    assert_eq!(
        (response.status, &*response.code()),
        (413, "BODY_TOO_LARGE")
    );
}

#[tokio::test]
async fn wixs_errors_pass_unchanged_and_ours_have_codes() {
    let wix = FakeWix::start().await;
    let server = start(&wix).await;
    let body = r#"{"message":"stale","details":{"applicationError":{"code":"X"}}}"#;
    wix.on("/things/7", 409, body);
    let response = call(&server, "owner", "PATCH", "/wix/things/7", "{}").await;
    assert_eq!((response.status, &*response.body), (409, body));

    wix.on("/oauth2/token", 400, r#"{"error":"invalid_grant"}"#);
    let other = start(&wix).await;
    let response = call(&other, "owner", "PATCH", "/wix/things/7", "{}").await;
    assert_eq!(
        (response.status, &*response.code()),
        (403, "WIX_TOKEN_REFUSED")
    );
    let data = &response.json()["details"]["applicationError"]["data"];
    assert_eq!(data["wixError"], "invalid_grant");
    let log = other.stop_and_read_log().await;
    assert!(
        !log.contains("the-apps-own-token") && !log.contains("11111111-2222"),
        "{log}"
    );

    wix.on("/oauth2/token", 503, "");
    let other = start(&wix).await;
    let response = call(&other, "owner", "PATCH", "/wix/things/7", "{}").await;
    assert_eq!(
        (response.status, &*response.code()),
        (503, "WIX_UNAVAILABLE")
    );
    assert!(!response.header("retry-after").is_empty());
}

#[tokio::test]
async fn the_budget_is_the_instances() {
    let wix = FakeWix::start().await;
    wix.on(INSTANCE, 200, "{}");
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.wix.requests_per_minute = 2;
        settings.wix.queue_time = std::time::Duration::ZERO;
        settings.wix_calls.calls = vec![may_call("GET /apps/v1/instance", [Role::Owner])];
    })
    .await;
    let path = format!("/wix{INSTANCE}");
    for status in [200, 200, 429] {
        let response = call(&server, "owner", "GET", &path, "").await;
        assert_eq!(response.status, status, "{response:?}");
        if status == 429 {
            assert_eq!(response.code(), "WIX_BUDGET_EXHAUSTED");
            assert!(response.header("retry-after").parse::<u64>().unwrap() > 30);
        }
    }
}

#[tokio::test]
async fn calls_with_the_api_key_name_the_account_or_the_callers_site() {
    let wix = FakeWix::start().await;
    wix.on("/sites", 200, "{}");
    wix.on("/site", 200, "{}");
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        let mut account = may_call("GET /sites", [Role::App]);
        account.on_behalf_of = OnBehalfOf::Account("the-account".into());
        let mut site = may_call("GET /site", [Role::App]);
        site.on_behalf_of = OnBehalfOf::Site;
        settings.wix_calls.calls = vec![account, site];
    })
    .await;
    let token = access_token("app");
    wix.knows(&token, info("APP"));
    for (path, name, value) in [
        ("/sites", "wix-account-id", "the-account"),
        (
            "/site",
            "wix-site-id",
            "c0ffee00-1111-4222-8333-444455556666",
        ),
    ] {
        let headers = [("authorization", &*token)];
        let response = request(server.address, "GET", &format!("/wix{path}"), &headers, "").await;
        assert_eq!(response.status, 200, "{response:?}");
        let asked = wix.asked(path).pop().unwrap();
        assert_eq!(asked.headers["authorization"], "IST.the-key-of-the-account");
        assert_eq!(asked.headers[name], value);
        let ids = asked
            .headers
            .keys()
            .filter(|it| it.as_str().starts_with("wix-"));
        assert_eq!(ids.count(), 1);
    }
    let log = server.stop_and_read_log().await;
    assert!(!log.contains("IST."), "{log}");
}

/// RFC 9110, section 8.6: strict servers answer 411 to a write that does not say its length.
#[tokio::test]
async fn a_write_without_a_body_says_that_its_length_is_zero() {
    let wix = FakeWix::start().await;
    let server = start(&wix).await;
    for (method, path) in [("POST", "/stores/v1/query"), ("PATCH", "/things/7")] {
        wix.on(path, 200, "{}");
        let response = call(&server, "owner", method, &format!("/wix{path}"), "").await;
        assert_eq!(response.status, 200, "{response:?}");
        let asked = wix.asked(path).pop().unwrap();
        assert_eq!(asked.headers["content-length"], "0", "{method}");
    }
}
