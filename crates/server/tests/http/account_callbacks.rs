//! The way back from a provider: by its address, by a form that is posted, and loaded anew; and what people read there.

use std::sync::Arc;

use backlot_outbound::third_party::{BearerAuth, SecretSource};
use backlot_wix::Role;

use crate::harness::accounts::{begin, come_back, connect, me, parameter, status};
use crate::harness::{
    FakeWix, NEW_SECRET, PAGE, Reply, TestServer, ThirdParty, connected, instance, payload,
    request, signed,
};

async fn posting(party: &ThirdParty, posts: bool) -> TestServer {
    let mut connection = party.accounts();
    let mut account = party.account();
    account.posts_callback = posts;
    connection.auth = Arc::new(account);
    TestServer::start_with(vec![], connected(connection)).await
}

async fn post(server: &TestServer, path: &str, origin: &str, form: &str) -> Reply {
    let kind = "application/x-www-form-urlencoded";
    let mut headers = vec![("content-type", kind), ("sec-fetch-site", "cross-site")];
    headers.extend((!origin.is_empty()).then_some(("origin", origin)));
    request(server.address, "POST", path, &headers, form).await
}

/// As Sign in with Apple does, from a page of its own.
#[tokio::test]
async fn a_callback_that_is_posted_connects() {
    let party = ThirdParty::start().await;
    let server = posting(&party, true).await;
    party.grants(r#"{"access_token":"a"}"#);
    for origin in ["https://appleid.apple.com", "null", "", PAGE] {
        let state = parameter(&begin(&server).await, "state").unwrap();
        let form = format!("state={state}&code=c0%2Fde&user=%7B%7D");
        let response = post(&server, "/connections/x/callback", origin, &form).await;
        assert_eq!(response.status, 200, "{origin}: {response:?}");
        let code = party
            .last_form()
            .into_iter()
            .find(|(name, _)| name == "code");
        assert_eq!(code.unwrap().1, "c0/de");
        assert_eq!(me(&server).await.status, 200);
        if origin != PAGE {
            assert_eq!(response.header("access-control-allow-origin"), "");
        }
    }
    let state = parameter(&begin(&server).await, "state").unwrap();
    let form = format!("state={state}&error=user_cancelled_authorize");
    let apple = "https://appleid.apple.com";
    let response = post(&server, "/connections/x/callback", apple, &form).await;
    assert_eq!(response.status, 403);
    assert!(
        response.body.contains("AUTHORIZATION_DENIED"),
        "{}",
        response.body
    );
    let response = post(
        &server,
        "/connections/x/callback",
        apple,
        "state=made-up&code=c",
    )
    .await;
    assert_eq!(response.status, 400);
    let large = format!("state={}", "x".repeat(70_000));
    let response = post(&server, "/connections/x/callback", apple, &large).await;
    assert_eq!(response.status, 413);
    // Nothing else of a foreign page's is let in for that.
    for path in [
        "/connections/x/authorize",
        "/connections/x/disconnect",
        "/connections/x/callback/",
        "/connections/y/callback",
        "/connections/x/me",
    ] {
        let response = post(&server, path, apple, "").await;
        assert_eq!(response.code(), "ORIGIN_NOT_ALLOWED", "{path}");
    }
    let by_address = connect(&server).await;
    assert_eq!(by_address.status, 200);
}

#[tokio::test]
async fn a_posted_callback_is_for_those_who_asked_for_it() {
    let party = ThirdParty::start().await;
    let server = posting(&party, false).await;
    let path = "/connections/x/callback";
    let response = post(&server, path, "https://appleid.apple.com", "").await;
    assert_eq!(response.code(), "ORIGIN_NOT_ALLOWED");
    assert_eq!(post(&server, path, "", "").await.status, 405);
}

#[tokio::test]
async fn the_page_names_both_and_says_what_to_do_next() {
    let party = ThirdParty::start().await;
    for (app, title, expected) in [
        (
            Some("Reviews"),
            Some("Google Calendar"),
            "Reviews is connected to Google Calendar",
        ),
        (None, None, "The app is connected to X"),
        (
            Some("<b>"),
            Some("A&B"),
            "&lt;b&gt; is connected to A&amp;B",
        ),
    ] {
        let mut connection = party.accounts();
        connection.title = title.map(str::to_owned);
        let server = TestServer::start_with(vec![], |settings| {
            settings.connections.list = vec![connection];
            settings.connections.app_name = app.map(str::to_owned);
        })
        .await;
        party.grants(r#"{"access_token":"a"}"#);
        let response = connect(&server).await;
        assert!(
            response.body.contains(&format!("<h1>{expected}</h1>")),
            "{}",
            response.body
        );
        assert!(response.body.contains("Close this window and go on in "));
        for part in [
            "color-scheme",
            "prefers-color-scheme: dark",
            "name=\"viewport\"",
        ] {
            assert!(response.body.contains(part), "{part}");
        }
        let state = parameter(&begin(&server).await, "state").unwrap();
        let path = format!("/connections/x/callback?error=access_denied&state={state}");
        let response = request(server.address, "GET", &path, &[], "").await;
        let expected = expected.replace("is connected", "is not connected");
        assert!(response.body.contains(&expected), "{}", response.body);
        assert!(
            response.body.contains("and accept what "),
            "{}",
            response.body
        );
        assert!(
            response
                .body
                .contains("Code (AUTHORIZATION_DENIED)<br>Request ")
        );
        let response = come_back(&server, "made-up").await;
        assert!(response.body.contains("look in "), "{}", response.body);
    }
}

#[tokio::test]
async fn a_page_that_is_loaded_anew_still_says_connected() {
    let party = ThirdParty::start().await;
    let server = posting(&party, true).await;
    party.grants(r#"{"access_token":"a"}"#);
    let state = parameter(&begin(&server).await, "state").unwrap();
    let first = come_back(&server, &state).await;
    assert_eq!(first.status, 200);
    let grants = party.all_asked().len();
    for _ in 0..3 {
        let again = come_back(&server, &state).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert!(again.body.contains("is connected to X"), "{}", again.body);
    }
    let form = format!("state={state}&code=c0de");
    let again = post(&server, "/connections/x/callback", "null", &form).await;
    assert_eq!(again.status, 200);
    assert_eq!(party.all_asked().len(), grants, "a code is shown once");
    // Until it is not true any more.
    let owner = instance("owner");
    let headers = [("authorization", &*owner)];
    let path = "/connections/x/disconnect";
    request(server.address, "POST", path, &headers, "").await;
    assert_eq!(come_back(&server, &state).await.status, 400);
    assert_eq!(connect(&server).await.status, 200);
    assert_eq!(
        come_back(&server, &state).await.status,
        400,
        "by another one"
    );
    // One that failed never says so.
    party.grants(r#"{"error":"invalid_grant"}"#);
    let state = parameter(&begin(&server).await, "state").unwrap();
    assert_eq!(come_back(&server, &state).await.status, 502);
    assert_eq!(come_back(&server, &state).await.status, 400);
    assert_eq!(status(&server).await["connected"], true);
}

/// A remedy that fits: `manage` and not `allow`, and the way to connect that the connection has.
#[tokio::test]
async fn remedies_fit_the_connection() {
    let party = ThirdParty::start().await;
    let mut account = party.accounts();
    account.name = "calendar".into();
    let mut key = party.connection("", &[("GET /me", &[Role::Owner])]);
    key.name = "mail".into();
    key.auth = Arc::new(BearerAuth(SecretSource::OfInstance("mail-key".into())));
    let server = TestServer::start_with(vec![], |settings| {
        settings.connections.list = vec![account, key];
    })
    .await;
    let ask = async |role: &str, method: &str, path: &str, body: &str| {
        let credential = signed(NEW_SECRET, &payload(role));
        let headers = [("authorization", &*credential)];
        let path = format!("/connections/{path}");
        request(server.address, method, &path, &headers, body).await
    };
    for (method, path) in [
        ("POST", "calendar/authorize"),
        ("POST", "calendar/disconnect"),
        ("PUT", "mail/key"),
        ("POST", "mail/disconnect"),
    ] {
        let body = if method == "PUT" {
            r#"{"key":"k"}"#
        } else {
            ""
        };
        let response = ask("visitor", method, path, body).await;
        assert_eq!(
            (response.status, &*response.code()),
            (403, "ROLE_NOT_ALLOWED")
        );
        assert!(
            response.body.contains("`manage`"),
            "{path}: {}",
            response.body
        );
        assert!(
            !response.body.contains("`allow`"),
            "{path}: {}",
            response.body
        );
    }
    let response = ask("owner", "GET", "calendar/me", "").await;
    assert_eq!(response.code(), "CONNECTION_NOT_CONNECTED");
    assert!(
        response.body.contains("/connections/calendar/authorize"),
        "{}",
        response.body
    );
    assert!(!response.body.contains("PUT"), "{}", response.body);
    let response = ask("owner", "GET", "mail/me", "").await;
    assert_eq!(response.code(), "CONNECTION_NOT_CONNECTED");
    assert!(
        response.body.contains("PUT /connections/mail/key"),
        "{}",
        response.body
    );
    assert!(!response.body.contains("authorize"), "{}", response.body);
    for path in ["calendar/other", "mail/other"] {
        let response = ask("owner", "GET", path, "").await;
        let name = path.split('/').next().unwrap();
        assert!(
            response.body.contains(&format!("`/connections/{name}`")),
            "{}",
            response.body
        );
        assert!(!response.body.contains("{name}"), "{}", response.body);
    }
}

#[tokio::test]
async fn the_page_names_the_app_as_wix_does() {
    let party = ThirdParty::start().await;
    let wix = FakeWix::start().await;
    let says = r#"{"instance":{"appName":"Order Desk"},"site":{}}"#;
    wix.on("/apps/v1/instance", 200, says);
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.connections.list = vec![party.accounts()];
    })
    .await;
    party.grants(r#"{"access_token":"a"}"#);
    let response = connect(&server).await;
    let expected = "<h1>Order Desk is connected to X</h1>";
    assert!(response.body.contains(expected), "{}", response.body);
}
