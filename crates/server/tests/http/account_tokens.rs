//! Tokens of accounts, from token endpoints in all their manners: they are connected, renewed, and never lost.

use std::sync::Arc;

use backlot_outbound::third_party::OAuthAccount;
use backlot_outbound::third_party::oauth::ClientAuth;
use backlot_server::connections::ConnectionSettings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::accounts::{CLIENT_SECRET, begin, come_back, connect, me, parameter, status};
use crate::harness::{TestServer, ThirdParty, connected};

async fn start(party: &ThirdParty) -> TestServer {
    TestServer::start_with(vec![], connected(party.accounts())).await
}

/// With a change to the account's settings.
fn changed(party: &ThirdParty, change: impl FnOnce(&mut OAuthAccount)) -> ConnectionSettings {
    let mut connection = party.accounts();
    let mut account = party.account();
    change(&mut account);
    connection.auth = Arc::new(account);
    connection
}

/// Tokens of before are over.
fn later(server: &TestServer) {
    let now = server.clock.now() + SignedDuration::from_mins(2);
    server.clock.set(now);
}

fn in_form(party: &ThirdParty, name: &str) -> Option<String> {
    let form = party.last_form();
    let found = form.into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

fn sent_token(party: &ThirdParty) -> String {
    party.last().headers["authorization"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn token_endpoints_in_every_manner_connect() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    let types = [
        "application/json",
        "text/html",
        "application/x-www-form-urlencoded",
    ];
    for (number, body) in [
        r#"{"access_token":"a","refresh_token":"r","expires_in":60,"scope":["one","two"]}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":"3600","scope":"one,two","token_type":"BeArEr"}"#,
        "access_token=a&refresh_token=r&expires_in=3600&scope=one%2Ctwo&token_type=bearer",
        r#"{"ok":true,"authed_user":{"id":"U","scope":"one,two","access_token":"a","refresh_token":"r","expires_in":60}}"#,
        r#"{"data":{"access_token":"a","refresh_token":"r","expires_in":60,"scope":"one two"}}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_at":"2999-01-01T00:00:00Z"}"#,
    ]
    .into_iter()
    .enumerate()
    {
        party.on("/token", 200, &[("content-type", types[number % 3])], body);
        let response = connect(&server).await;
        assert_eq!(response.status, 200, "{body}: {response:?}");
        assert_eq!(me(&server).await.status, 200, "{body}");
        assert_eq!(sent_token(&party), "Bearer a", "{body}");
        let told = status(&server).await;
        assert_eq!(told["connected"], true, "{body}");
        assert_eq!(told["scopes"], json!(["one", "two"]), "{body}");
        assert!(told["expiresAt"].is_string(), "{body}");
    }
    party.on(
        "/token",
        200,
        &[("content-encoding", "UTF-8")],
        r#"{"access_token":"a"}"#,
    );
    assert_eq!(connect(&server).await.status, 200);
}

#[tokio::test]
async fn scopes_are_lists_for_whoever_reads_status() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    for (scope, expected) in [
        (json!("repo,gist"), json!(["repo", "gist"])),
        (json!("repo gist"), json!(["repo", "gist"])),
        (json!("repo, gist repo"), json!(["repo", "gist"])),
        (json!(["repo", "gist"]), json!(["repo", "gist"])),
        (Value::Null, json!(["one", "two"])),
        (json!(""), json!([])),
    ] {
        party.grants(&json!({ "access_token": "a", "scope": scope }).to_string());
        assert_eq!(connect(&server).await.status, 200);
        assert_eq!(status(&server).await["scopes"], expected, "{scope}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_over_needs_a_new_connection() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    for (status_code, refusal) in [
        (200, r#"{"error":"bad_refresh_token"}"#),
        (400, r#"{"error":"bad_refresh_token"}"#),
        (200, "error=bad_refresh_token"),
        (200, r#"{"ok":false,"error":"invalid_refresh_token"}"#),
        (
            400,
            r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown refresh token"}"#,
        ),
        (
            401,
            r#"{"error":{"message":"The refresh token has been revoked"}}"#,
        ),
    ] {
        party.grants(r#"{"access_token":"a","refresh_token":"r","expires_in":60}"#);
        assert_eq!(connect(&server).await.status, 200);
        later(&server);
        party.on("/token", status_code, &[], refusal);
        for _ in 0..2 {
            let response = me(&server).await;
            let code = response.code();
            assert_eq!(
                (response.status, &*code),
                (409, "CONNECTION_ACCOUNT_LOST"),
                "{refusal}"
            );
            let remedy = "Send the owner to `/connections/x/authorize` again.";
            assert!(response.body.contains(remedy), "{}", response.body);
        }
        let told = status(&server).await;
        assert_eq!(told["needsReconnect"], true, "{refusal}");
        assert_eq!(told["connected"], false, "{refusal}");
    }
    // What speaks of the client, or the moment, is no end of the account.
    for (status_code, refusal) in [
        (
            401,
            r#"{"error":"invalid_client","error_description":"the refresh token is not valid for it"}"#,
        ),
        (429, r#"{"error":"invalid_grant"}"#),
        (503, r#"{"error":"bad_refresh_token"}"#),
    ] {
        party.grants(r#"{"access_token":"a","refresh_token":"r","expires_in":60}"#);
        assert_eq!(connect(&server).await.status, 200);
        later(&server);
        party.on("/token", status_code, &[], refusal);
        assert!(me(&server).await.status >= 502, "{refusal}");
        assert_eq!(status(&server).await["needsReconnect"], false, "{refusal}");
    }
}

#[tokio::test]
async fn a_renewal_loses_no_refresh_token_that_is_good() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    for said in [
        json!({ "refresh_token": "" }),
        json!({ "refresh_token": null }),
        json!({ "refresh_token": "  " }),
        json!({ "refresh_token": false }),
        json!({}),
    ] {
        party.grants(r#"{"access_token":"a","refresh_token":"r","expires_in":60}"#);
        assert_eq!(connect(&server).await.status, 200);
        let mut answer = json!({ "access_token": "b", "expires_in": 60 });
        answer
            .as_object_mut()
            .unwrap()
            .extend(said.as_object().unwrap().clone());
        party.grants(&answer.to_string());
        for _ in 0..2 {
            later(&server);
            assert_eq!(me(&server).await.status, 200, "{said}");
            assert_eq!(
                in_form(&party, "refresh_token").as_deref(),
                Some("r"),
                "{said}"
            );
        }
    }
    // One that takes its place is kept, also where no access token comes with it that can be sent.
    party.grants(r#"{"access_token":"","refresh_token":"r2","expires_in":60}"#);
    later(&server);
    assert_eq!(me(&server).await.code(), "CONNECTION_UNAVAILABLE");
    party.grants(r#"{"access_token":"c","expires_in":60}"#);
    until_renewed(&server, "Bearer c", &party).await;
    assert_eq!(in_form(&party, "refresh_token").as_deref(), Some("r2"));
}

/// After a renewal that failed nobody asks for two seconds.
async fn until_renewed(server: &TestServer, token: &str, party: &ThirdParty) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while me(server).await.status != 200 {
        assert!(tokio::time::Instant::now() < deadline, "it is not renewed");
        tokio::task::yield_now().await;
    }
    assert_eq!(sent_token(party), token);
}

#[tokio::test]
async fn a_new_connection_loses_no_refresh_token_that_is_good() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    let first = r#"{"access_token":"a","refresh_token":"r","expires_in":60,"user_id":7}"#;
    for (again, kept) in [
        (r#"{"access_token":"b","expires_in":60}"#, true),
        (
            r#"{"access_token":"b","expires_in":60,"refresh_token":""}"#,
            true,
        ),
        (r#"{"access_token":"b","expires_in":60,"user_id":7}"#, true),
        (r#"{"access_token":"b","expires_in":60,"user_id":8}"#, false),
    ] {
        party.grants(first);
        assert_eq!(connect(&server).await.status, 200);
        party.grants(again);
        assert_eq!(connect(&server).await.status, 200);
        assert_eq!(me(&server).await.status, 200);
        assert_eq!(sent_token(&party), "Bearer b");
        later(&server);
        party.grants(r#"{"access_token":"c","expires_in":60}"#);
        let response = me(&server).await;
        if kept {
            assert_eq!(response.status, 200, "{again}: {response:?}");
            assert_eq!(
                in_form(&party, "refresh_token").as_deref(),
                Some("r"),
                "{again}"
            );
        } else {
            assert_eq!(
                response.code(),
                "CONNECTION_ACCOUNT_LOST",
                "another's account"
            );
        }
        let key = crate::harness::instance("owner");
        let headers = [("authorization", &*key)];
        let path = "/connections/x/disconnect";
        crate::harness::request(server.address, "POST", path, &headers, "").await;
    }
    // What fails changes nothing.
    party.grants(first);
    assert_eq!(connect(&server).await.status, 200);
    party.grants(r#"{"error":"bad_verification_code"}"#);
    assert_eq!(connect(&server).await.status, 502);
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(sent_token(&party), "Bearer a");
}

/// The renewal has ended the refresh token that the new connection goes on with.
#[tokio::test]
async fn a_connection_that_is_made_during_a_renewal_gets_the_newest_refresh_token() {
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    party.grants(r#"{"access_token":"a","refresh_token":"r1","expires_in":60}"#);
    assert_eq!(connect(&server).await.status, 200);
    let url = begin(&server).await;
    let state = parameter(&url, "state").unwrap();
    later(&server);
    party.forget();
    party.grants(r#"{"access_token":"renewed","refresh_token":"r2","expires_in":60}"#);
    party.hold("/token");
    let already = party.count();
    let address = server.address;
    let waiting = tokio::spawn(async move {
        let key = crate::harness::instance("owner");
        let headers = [("authorization", &*key)];
        crate::harness::request(address, "GET", "/connections/x/me", &headers, "").await
    });
    party.until_asked(already + 1).await;
    // The provider gives the next one at once, while the renewal still waits.
    let gate = party.hold_no_more("/token");
    party.grants(r#"{"access_token":"b","expires_in":60}"#);
    assert_eq!(come_back(&server, &state).await.status, 200);
    drop(gate);
    assert_eq!(waiting.await.unwrap().status, 200);
    later(&server);
    party.grants(r#"{"access_token":"c","expires_in":60}"#);
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(in_form(&party, "refresh_token").as_deref(), Some("r2"));
}

#[tokio::test]
async fn a_provider_that_refuses_pkce_is_connected_without() {
    let party = ThirdParty::start().await;
    for pkce in [true, false] {
        let connection = changed(&party, |account| account.pkce = pkce);
        let server = TestServer::start_with(vec![], connected(connection)).await;
        party.grants(r#"{"access_token":"a"}"#);
        let url = begin(&server).await;
        assert_eq!(parameter(&url, "code_challenge").is_some(), pkce);
        assert_eq!(parameter(&url, "code_challenge_method").is_some(), pkce);
        let state = parameter(&url, "state").unwrap();
        assert_eq!(come_back(&server, &state).await.status, 200);
        assert_eq!(in_form(&party, "code_verifier").is_some(), pkce);
        assert_eq!(in_form(&party, "code").as_deref(), Some("c0de"));
        assert_eq!(me(&server).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_says_who_it_is_as_the_endpoint_reads_it() {
    let party = ThirdParty::start().await;
    for (client_auth, expected) in [
        (
            ClientAuth::Basic,
            Some("client:s%2Be%25c%20r%3Det".to_owned()),
        ),
        (
            ClientAuth::BasicRaw,
            Some(format!("client:{CLIENT_SECRET}")),
        ),
        (ClientAuth::Form, None),
    ] {
        let connection = changed(&party, |account| account.client.client_auth = client_auth);
        let server = TestServer::start_with(vec![], connected(connection)).await;
        party.forget();
        party.grants(r#"{"access_token":"a"}"#);
        assert_eq!(connect(&server).await.status, 200);
        let headers = party.all_asked().pop().unwrap().headers;
        let basic = headers.get("authorization").map(|value| {
            let text = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
        });
        assert_eq!(basic, expected);
        let in_form = in_form(&party, "client_secret");
        assert_eq!(
            in_form.as_deref(),
            expected.is_none().then_some(CLIENT_SECRET)
        );
    }
}

/// A browser that goes away takes nothing with it: the code has served.
#[tokio::test]
async fn a_connection_is_made_though_the_browser_goes_away() {
    use tokio::io::AsyncWriteExt as _;
    let party = ThirdParty::start().await;
    let server = start(&party).await;
    party.grants(r#"{"access_token":"a"}"#);
    let state = parameter(&begin(&server).await, "state").unwrap();
    party.hold("/token");
    let already = party.count();
    let mut browser = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let path = format!("/connections/x/callback?code=c0de&state={state}");
    let line = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    browser.write_all(line.as_bytes()).await.unwrap();
    party.until_asked(already + 1).await;
    drop(browser);
    party.let_go("/token");
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while status(&server).await["connected"] != true {
        assert!(
            tokio::time::Instant::now() < deadline,
            "it is not connected"
        );
        tokio::task::yield_now().await;
    }
}

/// A server that is asked to stop waits for what a provider gives.
#[tokio::test]
async fn a_renewal_that_is_under_way_is_stored_before_the_server_stops() {
    let party = ThirdParty::start().await;
    let mut server = start(&party).await;
    let store = server.store.clone();
    party.grants(r#"{"access_token":"a","refresh_token":"r1","expires_in":3600}"#);
    assert_eq!(connect(&server).await.status, 200);
    // Renewed beside the call that uses the old one.
    let soon = server.clock.now() + SignedDuration::from_secs(3600 - 60);
    server.clock.set(soon);
    party.grants(r#"{"access_token":"b","refresh_token":"r2","expires_in":3600}"#);
    party.hold("/token");
    let already = party.count();
    assert_eq!(me(&server).await.status, 200);
    party.until_asked(already + 2).await;
    server.ask_to_stop(backlot_server::Shutdown::Graceful);
    let stopped = tokio::spawn(server.stop());
    party.let_go("/token");
    assert!(stopped.await.unwrap());
    let id = crate::harness::INSTANCE_ID.parse().unwrap();
    let account = store.find_account(id, "x").await;
    assert_eq!(account.unwrap().unwrap().version, 2);
}
