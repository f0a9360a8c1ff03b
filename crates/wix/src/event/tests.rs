use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn opened(envelope: &Value) -> Event {
    Event::open(Webhook::from_envelope(&envelope.to_string()).unwrap()).unwrap()
}

fn data(event: &Event) -> Value {
    serde_json::from_str(&event.data).unwrap()
}

#[test]
fn a_lifecycle_event_has_a_fingerprint() {
    let event = |text: &str, instance: &str| {
        let envelope = json!({ "eventType": "AppInstalled", "instanceId": instance, "data": text });
        opened(&envelope)
    };
    let (one, other) = (
        "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
        "3b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
    );
    let first = event(r#"{"appId":"a"}"#, one);
    assert_eq!(first.id.len(), 64);
    assert_eq!(first.id, event(r#"{"appId":"a"}"#, one).id);
    assert_ne!(first.id, event(r#"{"appId":"b"}"#, one).id);
    assert_ne!(first.id, event(r#"{"appId":"a"}"#, other).id);
    assert_eq!(first.entity_id, None);
    assert_eq!(first.instance_id.unwrap().to_string(), one);
}

#[test]
fn unknown_fields_and_envelope_keys_stay() {
    let event = opened(&json!({
        "eventType": "x",
        "instanceId": "not a GUID",
        "accountInfo": { "accountId": "a" },
        "novel": [1],
        "identity": "{\"identityType\":\"APP\"}",
        "data": { "id": 7, "novel": { "entityAsJson": "{}" }, "entityEventSequence": "12" },
    }));
    assert_eq!(event.id, "7");
    assert_eq!(event.entity_event_sequence, Some(12));
    assert_eq!(event.identity.as_deref(), Some(r#"{"identityType":"APP"}"#));
    assert_eq!(data(&event)["novel"], json!({ "entityAsJson": "{}" }));
    let details: Value = serde_json::from_str(&event.details).unwrap();
    assert_eq!(
        details,
        json!({ "instanceId": "not a GUID", "accountInfo": { "accountId": "a" }, "novel": [1] })
    );
}

#[test]
fn data_of_a_wrong_type_is_refused() {
    for data in [json!(1), json!(null), json!([]), json!(true)] {
        let envelope = json!({ "eventType": "x", "data": data }).to_string();
        assert!(Webhook::from_envelope(&envelope).is_err(), "{envelope}");
    }
    for data in ["", "1", "[]", "{", "null", "\"{}\"x"] {
        let envelope = json!({ "eventType": "x", "data": data }).to_string();
        let webhook = Webhook::from_envelope(&envelope).unwrap();
        assert_eq!(Event::open(webhook), Err(EventError::NotAnObject), "{data}");
    }
    for envelope in [
        "",
        "[]",
        "{}",
        r#"{"data":"{}"}"#,
        r#"{"eventType":1,"data":"{}"}"#,
    ] {
        assert!(Webhook::from_envelope(envelope).is_err(), "{envelope}");
    }
}

fn entity() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,5}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map("[a-z]{1,5}", value, 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn nested(value: &Value, as_text: bool) -> Value {
    if as_text {
        value.to_string().into()
    } else {
        value.clone()
    }
}

proptest! {
    #[test]
    fn variants_of_one_event_are_one_event(
        entity in entity(),
        part in 0..nesting::PARTS.len(),
        field in 0..nesting::PARTS.len(),
        variant in any::<[bool; 5]>(),
    ) {
        let [as_json, text_entity, text_part, text_data, text_identity] = variant;
        let ((part, _), (_, field)) = (nesting::PARTS[part], nesting::PARTS[field]);
        let build = |as_json: bool, [entity_text, part_text, data_text, identity_text]: [bool; 4]| {
            let name = if as_json { format!("{field}AsJson") } else { field.to_owned() };
            let inner = json!({ name: nested(&entity, entity_text), "modifiedFields": {} });
            let content = json!({
                "id": "e", "entityFqdn": "wix.x.v1.y", "entityId": "1", "eventTime": "2026-11-22T10:00:00.123456Z",
                part: nested(&inner, part_text),
            });
            json!({
                "eventType": "wix.x.v1.y_created",
                "identity": nested(&json!({ "identityType": "APP" }), identity_text),
                "data": nested(&content, data_text),
            })
        };
        let plain = opened(&build(false, [false; 4]));
        let event = opened(&build(as_json, [text_entity, text_part, text_data, text_identity]));
        prop_assert_eq!(&data(&event)[part][field], &entity);
        prop_assert_eq!(data(&event), data(&plain));
        prop_assert_eq!(Event { data: String::new(), ..event }, Event { data: String::new(), ..plain });
    }

    #[test]
    fn no_envelope_makes_it_panic(text in "\\PC{0,200}", inner in "[{}\\[\\]\":,a-z0-9\\\\]{0,60}") {
        let _ = Webhook::from_envelope(&text);
        let envelope = json!({ "eventType": "x", "data": inner }).to_string();
        if let Ok(webhook) = Webhook::from_envelope(&envelope) {
            let _ = Event::open(webhook);
        }
    }
}
