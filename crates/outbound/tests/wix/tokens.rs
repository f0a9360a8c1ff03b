//! The app's tokens: one request for each instance, renewed, dropped, refused.

use std::sync::Arc;

use backlot_outbound::wix::WixError;
use backlot_wix::{AppSecret, AppSecrets};

use crate::harness::{Events, FakeWix, SECRET, TOKEN, get, post, read_reply, response, token};

#[tokio::test]
async fn many_calls_ask_for_one_token() {
    let wix = FakeWix::start().await;
    wix.on("/x", &[&response(200, "", "{}")]);
    let client = wix.client();
    let waiting: Vec<_> = (0..50)
        .map(|number| {
            let client = client.clone();
            let path = format!("/x?{number}");
            tokio::spawn(async move { read_reply(client.send(get(&path)).await).await.0 })
        })
        .collect();
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), 200);
    }
    let asked = wix.asked(TOKEN);
    assert_eq!(asked.len(), 1);
    let body: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(body["grant_type"], "client_credentials");
    assert_eq!(body["client_secret"], SECRET);
    assert_eq!(body["instance_id"], "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e01");
}

#[tokio::test]
async fn a_token_that_wix_no_longer_takes_is_replaced_once() {
    let wix = FakeWix::start().await;
    let dead = response(401, "", r#"{"message":"dead"}"#);
    wix.on("/x", &[&dead, &response(200, "", "{}")]);
    let client = wix.client();
    assert_eq!(read_reply(client.send(post("/x", "{}")).await).await.0, 200);
    let asked = wix.asked("/x");
    let tokens: Vec<_> = asked
        .iter()
        .map(|it| it.header("authorization").unwrap())
        .collect();
    assert_eq!(tokens, ["app-token-1", "app-token-2"]);

    // A 401 that a new token does not mend is Wix's answer; the next one is believed at once.
    wix.on("/y", &[&dead]);
    let found = read_reply(client.send(get("/y")).await).await;
    assert_eq!(found, (401, r#"{"message":"dead"}"#.to_owned()));
    assert_eq!((wix.asked("/y").len(), wix.asked(TOKEN).len()), (2, 3));
    assert_eq!(read_reply(client.send(get("/y")).await).await.0, 401);
    assert_eq!((wix.asked("/y").len(), wix.asked(TOKEN).len()), (3, 3));
}

#[tokio::test]
async fn a_refusal_marks_the_instance_and_is_remembered() {
    let wix = FakeWix::start().await;
    wix.on(
        TOKEN,
        &[&response(
            400,
            "",
            r#"{"error":"invalid_grant","secret":"x"}"#,
        )],
    );
    let events = Arc::new(Events::default());
    let seen = Arc::clone(&events);
    let client = wix.client_with(|settings| settings.events = seen);
    for _ in 0..3 {
        match client.send(get("/x")).await {
            Err(WixError::Refused(refused)) => {
                assert_eq!((refused.status, &*refused.reason), (400, "invalid_grant"));
            }
            other => panic!("{:?}", other.err()),
        }
    }
    assert_eq!(wix.asked(TOKEN).len(), 1, "not with each call");
    assert_eq!(*events.seen.lock(), ["status 400 invalid_grant"]);
}

#[tokio::test]
async fn while_the_secret_is_rotated_the_old_one_is_tried() {
    let wix = FakeWix::start().await;
    let refused = response(401, "", r#"{"error":"invalid_client"}"#);
    wix.on(TOKEN, &[&refused, &token("t")]);
    wix.on("/x", &[&response(200, "", "{}")]);
    let events = Arc::new(Events::default());
    let seen = Arc::clone(&events);
    let secrets = ["new", "old"].map(AppSecret::new).to_vec();
    let client = wix.client_with(|settings| {
        settings.secrets = AppSecrets::new(secrets).unwrap();
        settings.events = seen;
    });
    assert_eq!(read_reply(client.send(get("/x")).await).await.0, 200);
    assert!(
        wix.asked(TOKEN)[1]
            .body
            .contains(r#""client_secret":"old""#)
    );
    assert_eq!(*events.seen.lock(), ["granted"]);
}

#[tokio::test]
async fn a_passing_failure_of_the_token_is_no_refusal() {
    let wix = FakeWix::start().await;
    wix.on(
        TOKEN,
        &[&response(500, "", ""), "HTTP/1.1 200", &token("t")],
    );
    wix.on("/x", &[&response(200, "", "{}")]);
    assert_eq!(read_reply(wix.client().send(get("/x")).await).await.0, 200);

    wix.on(TOKEN, &[&response(429, "retry-after: 7\r\n", "")]);
    let error = wix.client().send(get("/x")).await.err().unwrap();
    assert!(matches!(error, WixError::Unavailable { .. }), "{error:?}");
    assert_eq!(error.retry_after().unwrap().as_secs(), 7);
    let client = wix.client();
    let before = wix.asked(TOKEN).len();
    for _ in 0..20 {
        let error = client.send(get("/x")).await.err().unwrap();
        assert!(error.retry_after().unwrap().as_secs() >= 6, "{error:?}");
    }
    assert_eq!(
        wix.asked(TOKEN).len() - before,
        1,
        "left alone for as long as it wants"
    );

    for nonsense in [
        "not json",
        "{}",
        r#"{"access_token":""}"#,
        r#"{"access_token":"a\nb"}"#,
        "[]",
    ] {
        wix.on(TOKEN, &[&response(200, "", nonsense)]);
        let error = wix.client().send(get("/x")).await.err().unwrap();
        assert!(matches!(error, WixError::Unavailable { .. }), "{error:?}");
        assert!(!error.to_string().contains(nonsense), "{error}");
    }
}
