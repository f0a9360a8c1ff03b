//! `POST /webhooks`: which bodies are taken, and what is stored.

use aws_lc_rs::{digest, hmac};
use backlot_server::policy::AuthPolicy;
use backlot_store::events::{EventFilter, ListOrder};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::events::{Destination, WixKey, claims, contact, instance_number};
use crate::harness::{INSTANCE_ID, TestServer, echo, raw, request, to_upstream};

async fn stored(server: &TestServer) -> usize {
    let events = server
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 100);
    events.await.unwrap().len()
}

#[tokio::test]
async fn an_event_is_stored_once_and_delivered_once() {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let event = contact("e1", "c1", INSTANCE_ID);
    server.post_event(&event).await;
    server.post_event(&event).await;
    let other = contact("e2", "c1", INSTANCE_ID);
    server.post_event(&other).await;
    assert_eq!(stored(&server).await, 2);
    for id in ["e1", "e2"] {
        let delivered = destination.next().await;
        assert_eq!(delivered.id(), id);
        delivered.answer(204);
    }
    // Of two instances, each has its own.
    server
        .post_event(&contact("e1", "c1", &instance_number(1)))
        .await;
    assert_eq!(destination.next().await.id(), "e1");
    let metrics = request(server.admin, "GET", "/metrics", &[], "").await.body;
    let line = "backlot_events_received_total{source=\"wix\",outcome=\"repeated\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn lifecycle_events_have_a_fingerprint() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let event = json!({ "eventType": "AppInstalled", "instanceId": INSTANCE_ID, "data": "{\"appId\":\"a\"}" });
    server.post_event(&event).await;
    server.post_event(&event).await;
    assert_eq!(stored(&server).await, 1);
}

/// The content of both installations is the same, byte for byte.
#[tokio::test]
async fn an_installation_after_a_removal_is_another_event() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let key = WixKey::of_app();
    let event = |event_type: &str, minutes: i64| {
        let envelope = json!({ "eventType": event_type, "instanceId": INSTANCE_ID, "data": "{}" });
        let mut claims = claims(&envelope);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + minutes * 60);
        key.sign(&json!({ "alg": "RS256" }), &claims)
    };
    let now: jiff::Timestamp = crate::harness::NOW.parse().unwrap();
    let first = event("AppInstalled", 0);
    for (minutes, body, expected) in [
        (0, &first, 1),
        (1, &event("AppRemoved", 1), 2),
        (2, &event("AppRemoved", 2), 2),
        // A repetition of the first installation, late.
        (3, &first, 2),
        (4, &event("AppInstalled", 4), 3),
        (5, &event("AppInstalled", 4), 3),
        (6, &event("AppRemoved", 6), 4),
    ] {
        server
            .clock
            .set(now + jiff::SignedDuration::from_mins(minutes));
        assert_eq!(server.post_webhook(body).await.status, 200);
        assert_eq!(stored(&server).await, expected, "at {minutes}");
    }
}

/// This server's clock may be ahead of Wix's, and events may be signed within a second.
#[tokio::test]
async fn repetitions_are_known_by_the_clock_of_wix() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let key = WixKey::of_app();
    let event = |event_type: &str, seconds: i64| {
        let envelope = json!({ "eventType": event_type, "instanceId": INSTANCE_ID, "data": "{}" });
        let mut claims = claims(&envelope);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 60 + seconds);
        key.sign(&json!({ "alg": "RS256" }), &claims)
    };
    for (body, expected) in [
        (event("AppInstalled", 0), 1),
        (event("AppRemoved", 0), 2),
        (event("AppInstalled", 0), 2),
        (event("AppRemoved", 0), 2),
        (event("AppInstalled", 10), 3),
        (event("AppInstalled", 11), 3),
        (event("AppRemoved", 20), 4),
        // Nothing tells of the removal in between.
        (event("AppRemoved", -72 * 3600), 5),
        (event("AppRemoved", 1 - 72 * 3600), 5),
    ] {
        assert_eq!(server.post_webhook(&body).await.status, 200);
        assert_eq!(stored(&server).await, expected);
    }
}

#[tokio::test]
async fn signatures_that_are_not_wixs_are_refused() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let key = WixKey::of_app();
    let envelope = contact("e1", "c1", INSTANCE_ID);
    let rs256 = json!({ "alg": "RS256" });
    let valid = key.webhook(&envelope);
    let (signed, signature) = valid.rsplit_once('.').unwrap();

    let mut expired = claims(&envelope);
    expired["exp"] = json!(1_000_000_000);
    let mut early = claims(&envelope);
    early["nbf"] = json!(4_000_000_000_u32);
    let mut issued_later = claims(&envelope);
    issued_later["iat"] = json!(4_000_000_000_u32);

    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!(
        "{}.{}.",
        part(&json!({ "alg": "none" })),
        part(&claims(&envelope))
    );
    let unsigned = format!(
        "{}.{}",
        part(&json!({ "alg": "HS256" })),
        part(&claims(&envelope))
    );
    let public = key.public();
    let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, public.pem().as_bytes());
    let hmac = URL_SAFE_NO_PAD.encode(hmac::sign(&hmac_key, unsigned.as_bytes()));

    let one_byte_short = &valid[..valid.len() - 1];
    let other_signature = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    for (what, body, code) in [
        ("none", none, "WEBHOOK_SIGNATURE_INVALID"),
        (
            "HS256",
            format!("{unsigned}.{hmac}"),
            "WEBHOOK_SIGNATURE_INVALID",
        ),
        (
            "another key",
            WixKey::generate().webhook(&envelope),
            "WEBHOOK_SIGNATURE_INVALID",
        ),
        (
            "another signature",
            other_signature,
            "WEBHOOK_SIGNATURE_INVALID",
        ),
        (
            "one byte short",
            one_byte_short.to_owned(),
            "WEBHOOK_SIGNATURE_INVALID",
        ),
        ("no token", "hello".to_owned(), "WEBHOOK_SIGNATURE_INVALID"),
        ("no body", String::new(), "WEBHOOK_SIGNATURE_INVALID"),
        ("expired", key.sign(&rs256, &expired), "WEBHOOK_EXPIRED"),
        ("nbf", key.sign(&rs256, &early), "WEBHOOK_NOT_YET_VALID"),
        (
            "iat",
            key.sign(&rs256, &issued_later),
            "WEBHOOK_NOT_YET_VALID",
        ),
    ] {
        let reply = server.post_webhook(&body).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, code), "{what}");
    }
    // The id of a key is not compared.
    let other_kid = json!({ "alg": "RS256", "kid": "other" });
    let reply = server
        .post_webhook(&key.sign(&other_kid, &claims(&envelope)))
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(stored(&server).await, 1);
}

#[tokio::test]
async fn content_that_is_no_event_is_refused() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let key = WixKey::of_app();
    let rs256 = json!({ "alg": "RS256" });
    let mut not_text = claims(&json!({}));
    not_text["data"] = json!({ "SHA256": "00" });
    for body in [
        key.sign(&rs256, &not_text),
        key.webhook(&json!({ "eventType": "x" })),
        key.webhook(&json!({ "eventType": "x", "data": 1 })),
        key.webhook(&json!({ "eventType": "x", "data": "[]" })),
        key.webhook(&json!({ "data": "{}" })),
    ] {
        let reply = server.post_webhook(&body).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "WEBHOOK_MALFORMED")
        );
    }
    assert_eq!(stored(&server).await, 0);
}

#[tokio::test]
async fn bodies_have_a_limit_and_an_end() {
    let destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    let reply = server.post_webhook(&"x".repeat(5 << 20)).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (413, "BODY_TOO_LARGE")
    );
    let valid = WixKey::of_app().webhook(&contact("e1", "c1", INSTANCE_ID));
    let (address, length) = (server.address, valid.len() + 1);
    let cut =
        format!("POST /webhooks HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{valid}");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, cut.as_bytes())
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut stream)
        .await
        .unwrap();
    let mut reply = String::new();
    let _ = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut reply).await;
    assert!(!reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert_eq!(stored(&server).await, 0);
    let reply = request(server.address, "GET", "/webhooks", &[], "").await;
    assert_eq!(
        (reply.status, reply.header("allow").as_str()),
        (405, "POST")
    );
    let get = raw(
        server.address,
        b"GET /webhooks/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assert_eq!(get.await.unwrap().status, 404);
}

#[tokio::test]
async fn keys_rotate_and_without_one_nothing_is_taken() {
    let old = WixKey::generate();
    let event = contact("e1", "c1", INSTANCE_ID);
    let keys = vec![WixKey::of_app().public(), old.public()];
    let server = TestServer::start_with(Vec::new(), |settings| settings.public_keys = keys).await;
    assert_eq!(server.post_webhook(&old.webhook(&event)).await.status, 200);
    server.post_event(&contact("e2", "c1", INSTANCE_ID)).await;
    let server = TestServer::start(Vec::new()).await;
    let reply = server.post_webhook(&old.webhook(&event)).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (503, "WEBHOOK_NOT_CONFIGURED")
    );
}

#[tokio::test]
async fn a_digest_is_checked_before_the_request_is_forwarded() {
    let mut entry = to_upstream("/pay", echo().await);
    entry.access = AuthPolicy::WixDigest;
    let server = TestServer::start_with(vec![entry], |settings| {
        settings.public_keys = vec![WixKey::of_app().public()];
    })
    .await;
    let sha256 = const_hex::encode(digest::digest(&digest::SHA256, b"{\"a\":1}"));
    let mut of_body = claims(&json!({}));
    of_body["data"] = json!({ "SHA256": sha256 });
    let token = WixKey::of_app().sign(&json!({ "alg": "RS256" }), &of_body);
    let other = WixKey::generate().sign(&json!({ "alg": "RS256" }), &of_body);
    let prefixed = format!("JWT={token}");
    for (header, body, status) in [
        (Some(&token), "{\"a\":1}", 200),
        (Some(&prefixed), "{\"a\":1}", 200),
        (Some(&token), "{\"a\":2}", 401),
        (Some(&other), "{\"a\":1}", 401),
        (None, "{\"a\":1}", 401),
    ] {
        let headers: Vec<(&str, &str)> = header.iter().map(|it| ("Digest", it.as_str())).collect();
        let reply = request(server.address, "POST", "/pay/x", &headers, body).await;
        assert_eq!(reply.status, status, "{body} {}", reply.body);
        if status == 200 {
            assert_eq!(reply.json()["bodyBytes"], 7);
        }
    }
}
