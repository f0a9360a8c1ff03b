//! What Wix says of tokens, in every way that it can go wrong.

use std::time::Duration;

use backlot_outbound::wix::{TokenInfoResponse, WixError};
use http::StatusCode;
use tokio::time::Instant;

use crate::harness::{FakeWix, response};

const INFO: &str = "/oauth2/token-info";

#[tokio::test]
async fn the_question_and_the_answer() {
    let wix = FakeWix::start().await;
    let body = r#"{"active":true,"subjectType":"MEMBER","subjectId":"m","exp":5,"clientId":"c"}"#;
    wix.on(INFO, &[&response(200, "", body), &response(200, "", "{}")]);
    let client = wix.client();
    match client.token_info("OauthNG.JWS.a\"b").await.unwrap() {
        TokenInfoResponse::Known(info) => {
            assert!(info.active);
            assert_eq!((&*info.subject_type, info.exp), ("MEMBER", Some(5)));
        }
        dead @ TokenInfoResponse::Dead(_) => panic!("{dead:?}"),
    }
    let asked = &wix.asked(INFO)[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.body, r#"{"token":"OauthNG.JWS.a\"b"}"#);
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("authorization"), None);
    let answer = client.token_info("t").await.unwrap();
    assert!(matches!(answer, TokenInfoResponse::Known(info) if !info.active));
}

#[tokio::test]
async fn every_refusal_says_that_the_token_is_dead() {
    let wix = FakeWix::start().await;
    for (status, body) in [
        (400, "not json"),
        (401, "not json"),
        (403, "{}"),
        (404, ""),
        (410, "{}"),
    ] {
        wix.on(INFO, &[&response(status, "", body)]);
        let answer = wix.client().token_info("t").await.unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(answer, TokenInfoResponse::Dead(status));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_no_answer() {
    let wix = FakeWix::start().await;
    let huge = format!(r#"{{"active":true,"subjectId":"{}"}}"#, "x".repeat(70_000));
    for script in [
        response(200, "", "not json"),
        response(200, "", "[]"),
        response(200, "", ""),
        response(200, "", r#"{"active":"yes"}"#),
        response(200, "", &huge),
        response(302, "location: http://127.0.0.1:1/\r\n", ""),
        response(500, "", ""),
        response(429, "", ""),
        response(408, "", ""),
        response(403, "", "<html>a proxy says no</html>"),
        response(404, "", "<html>nothing here</html>"),
        "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{".to_owned(),
        "no HTTP at all\r\n\r\n".to_owned(),
        String::new(),
    ] {
        wix.on(INFO, &[&script]);
        let client = wix.client_with(|it| it.token_timeout = Duration::from_millis(1500));
        let error = client.token_info("the-token").await.err();
        let error = error.unwrap_or_else(|| panic!("an answer was found in {script:.80}"));
        assert!(matches!(error, WixError::Unavailable { .. }), "{error:?}");
        assert!(!error.to_string().contains("the-token"));
    }
}

#[tokio::test]
async fn an_answer_that_never_ends_is_given_up_in_time() {
    let wix = FakeWix::start().await;
    let client = wix.client_with(|it| it.token_timeout = Duration::from_millis(100));
    let begun = "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{";
    for script in [begun, "HTTP/1.1 200 X\r\ncontent-length"] {
        wix.on(INFO, &[script]);
        let start = Instant::now();
        assert!(client.token_info("t").await.is_err());
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn wix_is_not_asked_again_before_it_wants_to_be() {
    let wix = FakeWix::start().await;
    wix.on(INFO, &[&response(429, "retry-after: 30\r\n", "")]);
    let client = wix.client();
    for number in 0..5 {
        let error = client
            .token_info(&format!("t{number}"))
            .await
            .err()
            .unwrap();
        let seconds = error.retry_after().unwrap().as_secs();
        assert!((29..=30).contains(&seconds), "{seconds}");
    }
    assert_eq!(wix.asked(INFO).len(), 1);
}

#[tokio::test]
async fn a_wix_that_is_not_there() {
    let wix = FakeWix::start().await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let client = wix.client_with(|it| {
        let base = format!("http://{address}");
        it.base = backlot_outbound::upstream::Address::parse(&base, false).unwrap();
    });
    let error = client.token_info("t").await.err().unwrap();
    assert!(error.to_string().contains("cannot connect"), "{error}");
}
