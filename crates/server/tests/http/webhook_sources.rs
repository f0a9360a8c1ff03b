//! Webhook sources over HTTP: who may do what at which path, and what a provider reads.

use std::sync::Arc;

use aws_lc_rs::hmac;
use backlot_outbound::third_party::{SecretSource, SecretString};
use backlot_server::webhook_sources::{
    FactPaths, InstanceRule, WebhookSourceSettings, WebhookSourcesSettings, preset,
};

use crate::harness::accounts::connect;
use crate::harness::{
    INSTANCE_ID, Reply, TestServer, ThirdParty, connected, echo, instance, request, to_upstream,
};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn source(name: &str, instance: InstanceRule, secrets: &[&str]) -> WebhookSourceSettings {
    let secrets = secrets.iter().map(|text| {
        let text = SecretString::new((*text).to_owned());
        SecretSource::Text(text)
    });
    WebhookSourceSettings {
        name: name.into(),
        kind: preset(name).unwrap(),
        secrets: secrets.collect(),
        instance,
        public_url: None,
        fields: FactPaths::default(),
    }
}

async fn start() -> TestServer {
    let api = vec![to_upstream("/api", echo().await)];
    TestServer::start_with(api, |settings| {
        settings.public_url = Some("https://backend.example.com".to_owned());
        settings.webhook_sources = WebhookSourcesSettings {
            list: vec![
                source("slack", InstanceRule::Unassigned, &["another", SECRET]),
                source("mailchimp", InstanceRule::Address, &[]),
            ],
            body_bytes: 200,
        };
    })
    .await
}

/// Posts with Slack's signature of another moment.
async fn from_slack(server: &TestServer, seconds_ago: i64, body: &str) -> Reply {
    let time = (server.clock.now().as_second() - seconds_ago).to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{time}:{body}").as_bytes());
    let signature = format!("v0={}", const_hex::encode(tag));
    let headers = [
        ("content-type", "application/json"),
        ("x-slack-request-timestamp", &*time),
        ("x-slack-signature", &*signature),
    ];
    request(server.address, "POST", "/webhooks/slack", &headers, body).await
}

#[tokio::test]
async fn a_challenge_is_answered_once_its_signature_is_verified() {
    let server = start().await;
    let challenge = r#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#;
    let response = from_slack(&server, 0, challenge).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.body, "3eZbrw1aB");
    assert_eq!(response.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(from_slack(&server, 300, challenge).await.status, 200);
    let late = from_slack(&server, 301, challenge).await;
    assert_eq!(late.status, 401, "{late:?}");
    assert_eq!(late.code(), "WEBHOOK_SOURCE_SIGNATURE_INVALID");
    let unsigned = request(server.address, "POST", "/webhooks/slack", &[], challenge).await;
    assert_eq!(unsigned.status, 401);
    let garbage = from_slack(&server, 0, "{").await;
    assert_eq!(garbage.code(), "WEBHOOK_SOURCE_PAYLOAD_INVALID");
    let large = from_slack(&server, 0, &"x".repeat(201)).await;
    assert_eq!(large.status, 413, "{large:?}");
    let metrics = request(server.admin, "GET", "/metrics", &[], "").await.body;
    for (code, count) in [
        ("WEBHOOK_SOURCE_SIGNATURE_INVALID", 2),
        ("WEBHOOK_SOURCE_PAYLOAD_INVALID", 1),
        ("BODY_TOO_LARGE", 1),
    ] {
        let labels = format!("source=\"slack\",code=\"{code}\"");
        let line = format!("backlot_webhooks_refused_total{{{labels}}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    let log = server.stop_and_read_log().await;
    assert!(log.contains("x-slack-signature is missing"), "{log}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let server = start().await;
    for (method, path, status, code) in [
        ("POST", "/webhooks/stripe", 404, "WEBHOOK_SOURCE_NOT_FOUND"),
        ("POST", "/webhooks/Slack", 404, "WEBHOOK_SOURCE_NOT_FOUND"),
        ("GET", "/webhooks/slack", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/webhooks/mailchimp", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/webhooks/mailchimp", 404, "WEBHOOK_ADDRESS_UNKNOWN"),
        (
            "GET",
            "/webhooks/mailchimp/x",
            404,
            "WEBHOOK_ADDRESS_UNKNOWN",
        ),
        ("POST", "/webhooks/mailchimp/a/b", 404, "ROUTE_NOT_FOUND"),
        (
            "POST",
            "/webhooks/mailchimp/addresses",
            401,
            "CREDENTIAL_MISSING",
        ),
    ] {
        let response = request(server.address, method, path, &[], "").await;
        assert_eq!(response.status, status, "{method} {path}: {response:?}");
        assert_eq!(response.code(), code, "{method} {path}");
    }
    let allowed = request(server.address, "OPTIONS", "/webhooks/slack", &[], "").await;
    assert_eq!(allowed.header("allow"), "POST");
}

#[tokio::test]
async fn the_app_makes_lists_and_deletes_addresses() {
    let server = start().await;
    let owner = instance("owner");
    let as_owner = [("authorization", owner.as_str())];
    let echoed = request(server.address, "GET", "/api", &as_owner, "").await;
    let headers = echoed.json()["headers"].clone();
    let mut headers = headers.as_array().unwrap().iter();
    let token = headers.find(|pair| pair[0] == "x-backlot-elevated-token");
    let token = token.unwrap()[1].as_str().unwrap().to_owned();
    let ask = async |method: &str, rest: &str| {
        let path = format!("/webhooks/mailchimp/{rest}");
        let headers = [("authorization", token.as_str())];
        request(server.address, method, &path, &headers, "").await
    };
    let path = "/webhooks/mailchimp/addresses";
    let refused = request(server.address, "POST", path, &as_owner, "").await;
    assert_eq!(refused.code(), "ROLE_NOT_ALLOWED");

    let made = ask("POST", "addresses").await.json();
    let key = made["key"].as_str().unwrap();
    let url = format!("https://backend.example.com/webhooks/mailchimp/{key}");
    assert_eq!(made["url"], url);
    let listed = ask("GET", "addresses").await;
    assert!(!listed.body.contains(key), "{listed:?}");
    assert_eq!(listed.json()["addresses"][0]["id"], made["id"]);
    let path = format!("/webhooks/mailchimp/{key}");
    let handshake = request(server.address, "GET", &path, &[], "").await;
    assert_eq!(handshake.status, 200);

    let id = made["id"].as_str().unwrap();
    let deleted = ask("DELETE", &format!("addresses/{id}")).await;
    assert_eq!(deleted.json()["deleted"], 1);
    let again = ask("DELETE", &format!("addresses/{id}")).await;
    assert_eq!(again.code(), "WEBHOOK_ADDRESS_UNKNOWN");
    assert_eq!(ask("GET", key).await.status, 404);
    ask("POST", "addresses").await;
    let all = ask("DELETE", "addresses").await;
    assert_eq!(all.json()["deleted"], 1);
    let key = key.to_owned();
    let log = server.stop_and_read_log().await;
    assert!(!log.contains(&key), "a key is a credential");
    assert!(log.contains("/webhooks/mailchimp/…"));
}

#[tokio::test]
async fn the_providers_id_of_an_account_is_stored_when_it_is_connected() {
    let party = ThirdParty::start().await;
    let mut account = party.account();
    account.account_id = Some("/team/id".to_owned());
    let mut connection = party.accounts();
    connection.auth = Arc::new(account);
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let id = INSTANCE_ID.parse().unwrap();
    let find = async |external_id: &str| {
        let found = server.store.list_instances_by_account("x", external_id, 9);
        found.await.unwrap()
    };
    party.grants(r#"{"access_token":"a","refresh_token":"r","team":{"id":4711}}"#);
    assert_eq!(connect(&server).await.status, 200);
    assert_eq!(find("4711").await, [id]);
    // The id of the next one is at another endpoint.
    let mut account = party.account();
    account.account_id = Some("/installations/0/id".to_owned());
    let target = "/installations?per_page=1".parse().unwrap();
    account.account_endpoint = Some((account.client.token_address.clone(), target));
    let mut connection = party.accounts();
    connection.auth = Arc::new(account);
    let other = TestServer::start_on(server.store.clone(), connected(connection)).await;
    let json = [("content-type", "application/json")];
    party.on(
        "/installations",
        200,
        &json,
        r#"{"installations":[{"id":99}]}"#,
    );
    assert_eq!(connect(&other).await.status, 200);
    assert_eq!(find("99").await, [id]);
    let asked = party.last();
    assert_eq!(asked.headers["authorization"], "Bearer a");
    // Another account takes its place, about which the provider says nothing.
    party.grants(r#"{"access_token":"b"}"#);
    assert_eq!(connect(&server).await.status, 200);
    assert_eq!(find("4711").await, []);
    assert_eq!(find("99").await, []);
}
