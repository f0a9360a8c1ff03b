//! Webhooks as Wix signs them, and a destination of events whose answers a test decides.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Response};
use backlot_server::Settings;
use backlot_server::events::{EventDestination, EventPattern, SubscriptionSettings};
use backlot_store::Store;
use backlot_wix::jwt::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::{NOW, Reply, TestServer, request};

/// The secret of the subscriptions of tests.
pub const SIGNING_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A key as Wix has one for each app.
pub struct WixKey(RsaKeyPair);

impl WixKey {
    /// The key that servers of tests know.
    pub fn of_app() -> &'static Self {
        static KEY: OnceLock<WixKey> = OnceLock::new();
        KEY.get_or_init(Self::generate)
    }

    pub fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn public(&self) -> PublicKey {
        let der = self.0.public_key().as_der().unwrap();
        PublicKey::parse(&STANDARD.encode(der.as_ref())).unwrap()
    }

    /// Signs claims under a header.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        signed.unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Signs an envelope as Wix does, at the time of tests.
    pub fn webhook(&self, envelope: &Value) -> String {
        let header = json!({ "kid": "test", "alg": "RS256" });
        self.sign(&header, &claims(envelope))
    }
}

/// The claims of a webhook, at the time of tests.
pub fn claims(envelope: &Value) -> Value {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let iat = now.as_second() - 5;
    json!({ "data": envelope.to_string(), "iat": iat, "exp": iat + 3_600_000 })
}

/// The envelope of a contact's event.
pub fn contact(id: &str, entity_id: &str, instance_id: &str) -> Value {
    let data = json!({
        "id": id,
        "entityFqdn": "wix.contacts.v4.contact",
        "slug": "created",
        "entityId": entity_id,
        "createdEvent": { "entityAsJson": json!({ "id": entity_id }).to_string() },
        "eventTime": "2026-11-22T11:59:59.123456Z",
        "triggeredByAnonymizeRequest": false,
        "entityEventSequence": "3",
    });
    let identity = json!({ "identityType": "WIX_USER", "wixUserId": "u" });
    json!({
        "eventType": "wix.contacts.v4.contact_created",
        "instanceId": instance_id,
        "identity": identity.to_string(),
        "data": data.to_string(),
    })
}

/// The id of an instance with a number.
pub fn instance_number(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

impl TestServer {
    /// Starts with one subscription, after a change to it.
    pub async fn with_subscription(
        destination: &Destination,
        change: impl FnOnce(&mut SubscriptionSettings),
    ) -> Self {
        let mut subscription = destination.subscription();
        change(&mut subscription);
        Self::start_with(Vec::new(), |settings: &mut Settings| {
            settings.public_keys = vec![WixKey::of_app().public()];
            settings.events.subscriptions = vec![subscription];
        })
        .await
    }

    /// Starts with one subscription on a database.
    pub async fn with_subscription_on(
        store: Store,
        destination: &Destination,
        change: impl FnOnce(&mut SubscriptionSettings),
    ) -> Self {
        let mut subscription = destination.subscription();
        change(&mut subscription);
        Self::start_on(store, |settings| {
            settings.public_keys = vec![WixKey::of_app().public()];
            settings.events.subscriptions = vec![subscription];
        })
        .await
    }

    /// Posts a body to `/webhooks`.
    pub async fn post_webhook(&self, body: &str) -> Reply {
        let headers = [("content-type", "text/plain")];
        request(self.address, "POST", "/webhooks", &headers, body).await
    }

    /// Posts an event that has to be taken.
    pub async fn post_event(&self, envelope: &Value) {
        let reply = self.post_webhook(&WixKey::of_app().webhook(envelope)).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
    }
}

/// A request that waits for its answer.
pub struct Delivered {
    pub headers: HeaderMap,
    pub body: Bytes,
    answer: oneshot::Sender<Response<String>>,
}

impl Delivered {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The id of the event.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub fn answer(self, status: u16) {
        self.answer_with(status, &[], "");
    }

    pub fn answer_with(self, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let _ = self.answer.send(response.body(body.to_owned()).unwrap());
    }
}

/// A destination that answers as the test says.
pub struct Destination {
    pub url: String,
    arriving: mpsc::UnboundedReceiver<Delivered>,
}

impl Destination {
    pub async fn start() -> Self {
        let (arrived, arriving) = mpsc::unbounded_channel();
        let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
            let (answer, answered) = oneshot::channel();
            let _ = arrived.send(Delivered {
                headers,
                body,
                answer,
            });
            answered.await.unwrap_or_default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, arriving }
    }

    pub fn subscription(&self) -> SubscriptionSettings {
        use backlot_outbound::third_party::{SecretSource, SecretString};
        let destination = EventDestination::parse(&self.url).unwrap();
        let patterns = vec![EventPattern::parse("*").unwrap()];
        let mut subscription = SubscriptionSettings::new("all".to_owned(), patterns, destination);
        let secret = SecretString::new(SIGNING_SECRET.to_owned());
        subscription.secrets = vec![SecretSource::Text(secret)];
        subscription
    }

    /// Waits for the next attempt.
    pub async fn next(&mut self) -> Delivered {
        let arriving = self.arriving.recv();
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, arriving)
            .await
            .expect("no attempt")
            .unwrap()
    }

    /// Returns whether an attempt waits for its answer.
    pub fn has_more(&mut self) -> bool {
        !self.arriving.is_empty()
    }
}
