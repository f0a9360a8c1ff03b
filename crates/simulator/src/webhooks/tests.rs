//! Every sample as Wix would send it: signature, nesting, ids and times.

use std::cell::Cell;

use backlot_wix::jwt::{PublicKey, Webhook, verify_webhook};
use backlot_wix::{AppId, InstanceId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::world::Site;

const KEY: &str = include_str!("../../tests/http/test-key.pem");
const APP: &str = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c";
const INSTANCE: &str = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";

fn app() -> AppId {
    APP.parse().unwrap()
}

fn instance() -> InstanceId {
    INSTANCE.parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_341_600).unwrap()
}

fn request(event_type: &str) -> WebhookRequest {
    serde_json::from_value(json!({ "type": event_type, "instanceId": INSTANCE })).unwrap()
}

fn try_sign(request: &WebhookRequest) -> Result<Vec<SignedEvent>, EventError> {
    let signer = EventSigner::new(KEY).unwrap();
    let site = Site::unknown(instance());
    // Counts down, so that a random order is the reverse.
    let left = Cell::new(u64::MAX);
    request.sign(
        &signer,
        EventContext {
            app_id: app(),
            site: &site,
            now: now(),
            guid: &|| {
                left.set(left.get() - 1);
                Uuid::from_u64_pair(left.get(), 0)
            },
        },
    )
}

fn sign(request: &WebhookRequest) -> Vec<SignedEvent> {
    try_sign(request).unwrap()
}

fn opened(body: &str) -> (Webhook, Value) {
    let signer = EventSigner::new(KEY).unwrap();
    let key = PublicKey::parse(signer.public_key()).unwrap();
    let webhook = verify_webhook(body, &key, now()).unwrap();
    let payload = serde_json::from_str(&webhook.data).unwrap();
    (webhook, payload)
}

fn payload_of(request: &WebhookRequest) -> Value {
    opened(&sign(request)[0].body).1
}

#[test]
fn every_sample_can_be_verified_and_opened() {
    for event_type in event_types() {
        for (index, sample) in event_type.samples.iter().enumerate() {
            let request = WebhookRequest {
                sample: u32::try_from(index + 1).unwrap(),
                ..request(&event_type.name)
            };
            let made = sign(&request);
            let (webhook, payload) = opened(&made[0].body);
            assert_eq!(webhook.event_type, event_type.name);
            assert_eq!(webhook.instance_id.as_deref(), Some(INSTANCE));
            let identity: Value = serde_json::from_str(&webhook.identity.unwrap()).unwrap();
            assert_eq!(identity["identityType"], "WIX_USER");
            for name in sample.keys() {
                assert!(payload.get(name).is_some(), "{}: {name}", event_type.name);
            }
            if event_type.kind == Kind::Domain {
                assert_eq!(payload["entityId"], sample["entityId"]);
                assert_eq!(payload["eventTime"], "2026-11-22T10:00:00.000000Z");
                assert_eq!(made[0].event.event_id.as_deref(), payload["id"].as_str());
                assert_ne!(payload["id"], sample["id"]);
            }
        }
    }
}

#[test]
fn header_and_claims_are_those_of_a_real_webhook() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let body = sign(&request("AppInstalled"))[0].body.clone();
    let parts: Vec<Vec<u8>> = body
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    let header: Value = serde_json::from_slice(&parts[0]).unwrap();
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["kid"].as_str().unwrap().len(), 8);
    let claims: Value = serde_json::from_slice(&parts[1]).unwrap();
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["data", "exp", "iat"]);
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 3_600_000);
    let envelope = claims["data"].as_str().unwrap();
    assert!(
        envelope.starts_with(&format!(
            "{{\"data\":\"{{\\\"appId\\\":\\\"{APP}\\\"}}\",\"instanceId\":\"{INSTANCE}\",\"eventType\":\"AppInstalled\""
        )),
        "{envelope}"
    );
}

#[test]
fn a_wrong_key_is_refused() {
    let signer = EventSigner::new(KEY).unwrap();
    let wrong = signer.with_wrong_key().unwrap();
    assert_eq!(wrong.key_id(), signer.key_id());
    let body = wrong.sign(b"{\"data\":\"{}\",\"exp\":9999999999}").unwrap();
    let key = PublicKey::parse(signer.public_key()).unwrap();
    assert!(matches!(
        verify_webhook(&body, &key, now()),
        Err(backlot_wix::jwt::JwtError::WrongSignature)
    ));
    assert!(EventSigner::new("a private key").is_none());
}

#[test]
fn ids_and_sequence_are_set() {
    let mut request = request("wix.contacts.v4.contact_created");
    request.entity_id = Some("e-1".to_owned());
    request.sequence = Some(7);
    request.event_id = Some("event-1".to_owned());
    let payload = payload_of(&request);
    assert_eq!(payload["entityId"], "e-1");
    assert_eq!(payload["entityEventSequence"], "7", "a string");
    assert_eq!(payload["id"], "event-1");
    let entity = payload["createdEvent"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    let entity = match entity {
        Value::String(json) => serde_json::from_str(json).unwrap(),
        other => other.clone(),
    };
    assert_eq!(entity["id"], "e-1", "the entity has the same id");
}

#[test]
fn several_events_have_their_own_ids_and_times() {
    let mut request = request("wix.contacts.v4.contact_updated");
    request.count = 3;
    request.sequence = Some(1);
    let events = sign(&request);
    let sequences: Vec<_> = events.iter().map(|it| it.event.sequence.clone()).collect();
    assert_eq!(sequences, ["1", "2", "3"].map(|it| Some(it.to_owned())));
    let (_, second) = opened(&events[1].body);
    assert_eq!(second["eventTime"], "2026-11-22T10:00:00.000001Z");
    assert_ne!(events[0].event.event_id, events[1].event.event_id);
    request.event_id = Some("one".to_owned());
    assert_eq!(try_sign(&request).unwrap_err(), EventError::IdOfSeveral);
    request.event_id = None;
    request.data = Some(json!({ "id": "one", "updatedEvent": { "currentEntity": {} } }));
    assert_eq!(try_sign(&request).unwrap_err(), EventError::IdOfSeveral);
    request.data = Some(json!({ "id": "an entity" }));
    assert_eq!(sign(&request).len(), 3);
}

#[test]
fn repeats_are_the_same_bytes_and_orders_are_mixed() {
    let mut request = request("AppInstalled");
    request.count = 2;
    request.repeat = 1;
    let list = sign(&request);
    assert_eq!(list.len(), 4);
    assert_eq!(list[0].body, list[2].body);
    assert_eq!(list[1].body, list[3].body);
    let repeats: Vec<bool> = list.iter().map(|it| it.is_repeat).collect();
    assert_eq!(repeats, [false, false, true, true]);
    request.shuffle = true;
    let repeats: Vec<bool> = sign(&request).iter().map(|it| it.is_repeat).collect();
    assert_eq!(repeats, [true, true, false, false]);
}

#[test]
fn given_data_is_a_payload_or_an_entity() {
    let mut request = request("my.app.v1.thing_changed");
    request.data =
        Some(json!({ "actionEvent": { "body": { "n": 1 } }, "entityId": "t", "extra": true }));
    let payload = payload_of(&request);
    assert_eq!(payload["actionEvent"]["body"]["n"], 1);
    assert_eq!(
        (
            &payload["entityFqdn"],
            &payload["slug"],
            &payload["entityId"]
        ),
        (&json!("my.app.v1.thing"), &json!("changed"), &json!("t"))
    );
    assert_eq!(payload["extra"], true);

    for (slug, place) in [
        ("created", "/createdEvent/entity"),
        ("updated", "/updatedEvent/currentEntity"),
        ("deleted", "/deletedEvent/deletedEntity"),
        ("renamed", "/actionEvent/body"),
    ] {
        request.event_type = format!("my.app.v1.big_thing_{slug}");
        request.data = Some(json!({ "id": "t-2", "slug": "not-an-event" }));
        let payload = payload_of(&request);
        assert_eq!(payload["entityFqdn"], "my.app.v1.big_thing");
        assert_eq!(payload["entityId"], "t-2");
        assert_eq!(payload.pointer(place), request.data.as_ref());
    }

    request.event_type = "SomethingElse".to_owned();
    request.data = Some(json!(["any", "JSON"]));
    assert_eq!(payload_of(&request), json!(["any", "JSON"]));
}

#[test]
fn what_cannot_be_made_is_an_error() {
    let unknown = try_sign(&request("AppInstaled")).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "There is no event type `AppInstaled`. Did you mean AppInstalled? With JSON as its data, any type is possible."
    );
    let mut lifecycle = request("AppRemoved");
    lifecycle.sequence = Some(1);
    assert!(matches!(
        try_sign(&lifecycle),
        Err(EventError::NoSuchField {
            field: "sequence",
            ..
        })
    ));
    let mut second = request("AppRemoved");
    second.sample = 2;
    assert!(matches!(
        try_sign(&second),
        Err(EventError::NoSuchSample { count: 1, .. })
    ));
    second.sample = 0;
    assert!(try_sign(&second).is_err());
}
