//! Requests of sources, with an intake that remembers.

use std::sync::Arc;

use backlot_outbound::third_party::{SecretSource, SecretString};
use backlot_store::Store;
use backlot_store::accounts::Account;
use backlot_store::events::{NewEvent, UNASSIGNED};
use backlot_store::instances::ActivityDelta;
use backlot_store::sqlite::SqliteStore;
use backlot_wix::InstanceId;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::presets::tests::Received;
use super::*;
use crate::error::{ApiError, ErrorCode, ErrorKind};

const NOW: i64 = 1_700_000_000;

struct World {
    sources: WebhookSources,
    store: Store,
    events: Arc<Mutex<Vec<NewEvent>>>,
    is_away: Arc<Mutex<bool>>,
    _folder: tempfile::TempDir,
}

fn instance(number: u8) -> InstanceId {
    InstanceId::from_bytes([number; 16])
}

fn secret_source(text: &str) -> SecretSource {
    SecretSource::Text(SecretString::new(text.to_owned()))
}

fn source(name: &str, kind: Arc<dyn SourceKind>, instance: InstanceRule) -> WebhookSourceSettings {
    WebhookSourceSettings {
        name: name.into(),
        kind,
        secrets: vec![secret_source("s3cret")],
        instance,
        public_url: None,
        fields: FactPaths::default(),
    }
}

fn by_query() -> Arc<dyn SourceKind> {
    Arc::new(SharedSecret::Query("secret".to_owned()))
}

fn world(source: WebhookSourceSettings) -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::Sqlite(SqliteStore::open(&folder.path().join("backlot.db")).unwrap());
    let clock = Clock::standing_at(Timestamp::from_second(NOW).unwrap());
    let settings = WebhookSourcesSettings {
        list: vec![source],
        body_bytes: 1000,
    };
    let (events, is_away) = (Arc::default(), Arc::default());
    let url = "https://backend.example.com/";
    let (kept, away) = (Arc::clone(&events), Arc::clone(&is_away));
    let intake = move |new: Vec<NewEvent>| {
        let (kept, away): (Arc<Mutex<Vec<NewEvent>>>, Arc<Mutex<bool>>) =
            (Arc::clone(&kept), Arc::clone(&away));
        async move {
            if *away.lock() {
                return Err(ErrorCode::DatabaseUnavailable.into());
            }
            kept.lock().extend(new);
            Ok(())
        }
    };
    let intake = Arc::new(intake);
    World {
        sources: WebhookSources::new(settings, None, store.clone(), clock, url, intake),
        store,
        events,
        is_away,
        _folder: folder,
    }
}

impl World {
    async fn receive(
        &self,
        key: Option<&str>,
        received: &Received,
    ) -> Result<SourceResponse, ApiError> {
        let source = self.sources.list.values().next().unwrap();
        self.sources.receive(source, key, &received.request()).await
    }

    fn taken(&self) -> Vec<NewEvent> {
        std::mem::take(&mut self.events.lock())
    }

    async fn connect(&self, number: u8, external_id: &str) {
        let account = Account {
            instance_id: instance(number),
            connection: "crm".to_owned(),
            key_id: "k".to_owned(),
            sealed: vec![number],
            version: 1,
            scopes: String::new(),
            connected_by: None,
            connected_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            broken: false,
            external_id: Some(external_id.to_owned()),
        };
        assert!(self.store.upsert_account(account, None).await.unwrap());
    }
}

fn posted(body: &Value) -> Received {
    let url = ("https://backend.example.com", "/webhooks/a?secret=s3cret");
    Received::at(NOW, url, &body.to_string())
}

fn code(error: &ApiError) -> ErrorCode {
    let ErrorKind::Own(code) = error.code() else {
        panic!("{error:?}")
    };
    code
}

#[tokio::test]
async fn events_of_an_account_are_for_the_instances_that_connected_it() {
    let rule = InstanceRule::Account {
        connection: "crm".into(),
        account: vec!["/portalId".parse().unwrap()],
    };
    let world = world(source("crm-events", by_query(), rule));
    world.connect(1, "62515").await;
    world.connect(2, "62515").await;
    world.connect(3, "7").await;
    for (portal, expected) in [
        (json!(62515), vec![instance(1), instance(2)]),
        (json!("7"), vec![instance(3)]),
        (json!(8), vec![UNASSIGNED]),
        (json!(null), vec![UNASSIGNED]),
        (json!({ "a": 1 }), vec![UNASSIGNED]),
    ] {
        let body = json!({ "portalId": portal });
        world.receive(None, &posted(&body)).await.unwrap();
        let taken = world.taken();
        let instances: Vec<_> = taken.iter().map(|event| event.instance_id).collect();
        assert_eq!(instances, expected, "{body}");
        assert!(
            taken
                .iter()
                .all(|event| event.event_id == taken[0].event_id)
        );
        assert_eq!(taken[0].event_type, "crm-events/event");
        assert_eq!(taken[0].data, body.to_string());
    }
}

#[tokio::test]
async fn an_account_may_be_at_several_places() {
    for (kind, bodies) in [
        (
            "slack",
            [
                json!({ "team_id": "T1" }),
                json!({ "team": { "id": "T1" } }),
                json!({ "user": { "team_id": "T1" } }),
            ],
        ),
        (
            "twilio",
            [
                json!({ "AccountSid": "T1" }),
                json!({ "data": { "accountSid": "T1" } }),
                json!({ "AccountSid": "T1", "data": 1 }),
            ],
        ),
        (
            "stripe",
            [
                json!({ "account": "T1" }),
                json!({ "context": "T1" }),
                json!({ "account": "T1", "context": "T2" }),
            ],
        ),
    ] {
        let places = preset(kind).unwrap().account().iter();
        let rule = InstanceRule::Account {
            connection: "crm".into(),
            account: places.map(|it| it.parse().unwrap()).collect(),
        };
        let world = world(source("crm-events", by_query(), rule));
        world.connect(1, "T1").await;
        for body in bodies {
            world.receive(None, &posted(&body)).await.unwrap();
            assert_eq!(world.taken()[0].instance_id, instance(1), "{kind} {body}");
        }
    }
}

#[tokio::test]
async fn a_field_names_an_instance_that_is_known() {
    let field = "/data/object/metadata/instanceId";
    let rule = InstanceRule::Field(field.parse().unwrap());
    let world = world(source("pay", by_query(), rule));
    let known = ActivityDelta {
        instance_id: instance(1),
        ..activity()
    };
    world.store.record_activity(vec![known]).await.unwrap();
    for (text, expected) in [
        (instance(1).to_string(), instance(1)),
        (instance(2).to_string(), UNASSIGNED),
        ("nonsense".to_owned(), UNASSIGNED),
    ] {
        let body = json!({ "data": { "object": { "metadata": { "instanceId": text } } } });
        world.receive(None, &posted(&body)).await.unwrap();
        assert_eq!(world.taken()[0].instance_id, expected, "{body}");
    }
}

#[tokio::test]
async fn an_address_belongs_to_one_instance() {
    let mut settings = source("list", preset("mailchimp").unwrap(), InstanceRule::Address);
    settings.secrets = Vec::new();
    let world = world(settings);
    let all = &world.sources;
    let source = all.get("list").unwrap();
    let made = all.make_address(source, instance(1)).await.unwrap();
    let expected = format!("https://backend.example.com/webhooks/list/{}", made.key);
    assert_eq!((made.url, made.key.len()), (expected, 43));
    let form = Received::at(
        NOW,
        ("", "/webhooks/list/key"),
        "type=subscribe&data[id]=8a",
    )
    .with("content-type", "application/x-www-form-urlencoded");
    world.receive(Some(&made.key), &form).await.unwrap();
    let event = world.taken().remove(0);
    assert_eq!(event.instance_id, instance(1));
    assert_eq!(event.event_type, "list/subscribe");
    assert_eq!(event.entity_id.as_deref(), Some("8a"));
    assert_eq!(event.data, r#"{"data":{"id":"8a"},"type":"subscribe"}"#);
    assert!(event.event_id.starts_with("sha256-"));
    let mut handshake = form.clone();
    handshake.method = http::Method::GET;
    let response = world.receive(Some(&made.key), &handshake).await.unwrap();
    assert_eq!(response, SourceResponse::default());

    let other = "A".repeat(43);
    for key in [None, Some("short"), Some(&*other)] {
        let refused = world.receive(key, &form).await.unwrap_err();
        assert_eq!(code(&refused), ErrorCode::WebhookAddressUnknown, "{key:?}");
    }
    let id = Some(&*made.address.address_id);
    let refused = all.delete_addresses(source, instance(2), id).await;
    assert!(refused.is_err(), "another instance's");
    let listed = all.list_addresses(source, instance(1)).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&made.address));
    assert_eq!(
        all.delete_addresses(source, instance(1), id).await.unwrap(),
        1
    );
    assert!(world.receive(Some(&made.key), &form).await.is_err());
    assert_eq!(world.taken(), []);
    for _ in 0..10 {
        all.make_address(source, instance(1)).await.unwrap();
    }
    let refused = all.make_address(source, instance(1)).await.err().unwrap();
    assert_eq!(code(&refused), ErrorCode::TooManyWebhookAddresses);
}

#[tokio::test]
async fn arrays_of_hubspot_are_single_events_and_a_batch_is_taken_whole() {
    let rule = InstanceRule::Account {
        connection: "crm".into(),
        account: vec!["/portalId".parse().unwrap()],
    };
    let world = world(source("hubspot", preset("hubspot").unwrap(), rule));
    world.connect(1, "1").await;
    let body = r#"[{"eventId":1,"subscriptionId":2,"portalId":1,"objectId":3,"occurredAt":1700000000000,"subscriptionType":"contact.creation"}, {"eventId":2,"subscriptionId":2,"portalId":9,"objectId":4,"occurredAt":1700000000001,"subscriptionType":"contact.deletion"}]"#;
    let url = ("https://backend.example.com", "/webhooks/hubspot");
    let signed = |body: &str| {
        let text = format!("POST{}{}{body}{NOW}000", url.0, url.1);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"s3cret");
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        let tag = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag);
        Received::at(NOW, url, body)
            .with("x-hubspot-signature-v3", &tag)
            .with("x-hubspot-request-timestamp", &format!("{NOW}000"))
    };
    world.receive(None, &signed(body)).await.unwrap();
    let taken = world.taken();
    let facts = |event: &NewEvent| {
        let entity = event.entity_id.clone().unwrap();
        (event.instance_id, event.event_type.clone(), entity)
    };
    assert_eq!(
        taken.iter().map(facts).collect::<Vec<_>>(),
        [
            (
                instance(1),
                "hubspot/contact.creation".to_owned(),
                "3".to_owned()
            ),
            (
                UNASSIGNED,
                "hubspot/contact.deletion".to_owned(),
                "4".to_owned()
            ),
        ]
    );
    assert_eq!(taken[0].event_id, "1-2-3-1700000000000");
    assert_eq!(taken[0].occurred_at, Timestamp::from_second(NOW).ok());
    world.receive(None, &signed("[]")).await.unwrap();
    assert_eq!(world.taken(), []);
    *world.is_away.lock() = true;
    let refused = world.receive(None, &signed(body)).await.unwrap_err();
    assert_eq!(code(&refused), ErrorCode::DatabaseUnavailable);
}

#[tokio::test]
async fn facts_are_where_the_configuration_says() {
    let mut settings = source("shop", by_query(), InstanceRule::Unassigned);
    settings.fields = FactPaths {
        id: Some("header:X-Event-Id".parse().unwrap()),
        event_type: Some("/kind".parse().unwrap()),
        entity: Some("query:entity".parse().unwrap()),
        occurred_at: Some("/at".parse().unwrap()),
    };
    let world = world(settings);
    let mut received = posted(&json!({ "kind": "order paid", "at": NOW })).with("x-event-id", "e1");
    received.target = "/webhooks/shop?secret=s3cret&entity=o1".parse().unwrap();
    world.receive(None, &received).await.unwrap();
    let event = world.taken().remove(0);
    assert_eq!(event.event_id, "e1");
    assert_eq!(event.event_type, "shop/orderpaid");
    assert_eq!(event.entity_id.as_deref(), Some("o1"));
    assert_eq!(event.occurred_at, Timestamp::from_second(NOW).ok());
    let long = received.with("x-event-id", &"e".repeat(257));
    world.receive(None, &long).await.unwrap();
    assert!(world.taken()[0].event_id.starts_with("sha256-"));
}

#[tokio::test]
async fn what_proves_nothing_or_is_unreadable_is_refused() {
    let world = world(source("a", by_query(), InstanceRule::Unassigned));
    let mut wrong = posted(&json!({}));
    wrong.target = "/webhooks/a?secret=wrong".parse().unwrap();
    let refused = world.receive(None, &wrong).await.unwrap_err();
    assert_eq!(code(&refused), ErrorCode::SourceSignatureInvalid);
    let mut garbage = posted(&json!({}));
    garbage.body = "{".into();
    let refused = world.receive(None, &garbage).await.unwrap_err();
    assert_eq!(code(&refused), ErrorCode::SourcePayloadInvalid);
    let refused = world.receive(Some("key"), &posted(&json!({}))).await;
    let refused = refused.unwrap_err();
    assert_eq!(code(&refused), ErrorCode::WebhookAddressUnknown);
    assert_eq!(world.taken(), []);
}

fn activity() -> ActivityDelta {
    let now = Timestamp::UNIX_EPOCH;
    ActivityDelta {
        instance_id: instance(0),
        first_seen: now,
        last_seen: now,
        requests: [1, 0, 0, 0],
        plan: None,
        site_id: None,
    }
}

/// The headers that signatures and their times are in.
const HEADERS: [&str; 14] = [
    "stripe-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-hub-signature-256",
    "x-shopify-hmac-sha256",
    "shopify-hmac-sha256",
    "x-slack-signature",
    "x-slack-request-timestamp",
    "x-square-hmacsha256-signature",
    "x-twilio-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-twilio-webhooks-signature-settings",
];

proptest::proptest! {
    /// Whatever the headers, the address and the body are: nothing panics, and nothing is believed.
    #[test]
    fn garbage_proves_nothing(
        values in proptest::collection::vec("([ -~]{0,40}|(v0=|sha256=|v1,|t=1,v1=)[0-9a-f]{0,64})", 14),
        query in "[a-zA-Z0-9%=&]{0,40}",
        body in proptest::collection::vec(proptest::num::u8::ANY, 0..100),
        is_form in proptest::bool::ANY,
    ) {
        let mut received = Received::at(NOW, ("https://b.example.com", "/"), "");
        received.target = format!("/webhooks/a?{query}").parse().unwrap();
        received.body = body.into();
        for (name, value) in HEADERS.into_iter().zip(&values) {
            received = received.with(name, value);
        }
        if is_form {
            received = received.with("content-type", "application/x-www-form-urlencoded");
        }
        let request = received.request();
        let secrets = [SecretString::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())];
        for name in preset_names() {
            let kind = preset(name).unwrap();
            proptest::prop_assert!(kind.verify(&request, &secrets).is_err(), "{}", name);
        }
        if let Ok(payload) = super::payload::Payload::read(&request) {
            let parsed: Value = serde_json::from_str(&payload.json).unwrap();
            proptest::prop_assert_eq!(&parsed, &payload.value);
            for name in preset_names() {
                preset(name).unwrap().facts(&request, &parsed);
            }
        }
    }

    /// Forms of any kind become one object, with each of their values somewhere in it.
    #[test]
    fn forms_lose_no_value(pairs in proptest::collection::vec(("[a-c]{1,2}(\\[[a-c]{0,1}\\]){0,3}", "v[0-9]{1,4}"), 1..8)) {
        let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let received = Received::at(NOW, ("", "/"), &body.join("&"))
            .with("content-type", "application/x-www-form-urlencoded");
        let payload = super::payload::Payload::read(&received.request()).unwrap();
        for (_, value) in &pairs {
            proptest::prop_assert!(payload.json.contains(&format!("\"{value}\"")), "{}", payload.json);
        }
    }
}
