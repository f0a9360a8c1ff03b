//! Any bytes as the envelope of a webhook: what is opened is JSON, and is not changed by being opened again.

use backlot_wix::event::Event;
use backlot_wix::jwt::Webhook;
use serde_json::value::RawValue;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(webhook) = Webhook::from_envelope(text) else {
        return;
    };
    let event_type = webhook.event_type.clone();
    let Ok(event) = Event::open(webhook) else {
        return;
    };
    assert_eq!(event.event_type, event_type);
    for json in [
        Some(&event.data),
        Some(&event.details),
        event.identity.as_ref(),
    ] {
        let parsed = json.map(|json| serde_json::from_str::<&RawValue>(json));
        assert!(parsed.is_none_or(|it| it.is_ok()), "{json:?}");
    }
    let again = Webhook {
        event_type,
        instance_id: None,
        data: event.data.clone(),
        identity: event.identity.clone(),
        issued_at: None,
        details: "{}".to_owned(),
    };
    let Ok(again) = Event::open(again) else {
        panic!("what was opened is no event")
    };
    assert_eq!(again.data, event.data);
    assert_eq!(again.entity_id, event.entity_id);
}
