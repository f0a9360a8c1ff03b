//! The body of a delivery.

use backlot_store::events::{Event, NewEvent, UNASSIGNED};
use backlot_wix::InstanceId;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::lossy_json;

/// The body of a delivery, as the destination parses it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryBody<'event> {
    id: &'event str,
    r#type: &'event str,
    source: &'event str,
    instance_id: Option<InstanceId>,
    site_id: Option<&'event str>,
    entity_id: Option<&'event str>,
    sequence: Option<i64>,
    occurred_at: Option<jiff::Timestamp>,
    received_at: jiff::Timestamp,
    identity: Option<&'event RawValue>,
    data: Option<&'event RawValue>,
    attempt: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    echo: bool,
}

/// Returns the JSON of an event's delivery. Identity and content are those that are stored, byte for byte.
pub(super) fn delivered(event: &Event, site_id: Option<&str>, attempt: u32) -> String {
    let body = DeliveryBody {
        id: &event.event_id,
        r#type: &event.event_type,
        source: &event.source,
        instance_id: (event.instance_id != UNASSIGNED).then_some(event.instance_id),
        site_id,
        entity_id: event.entity_id.as_deref(),
        sequence: event.entity_sequence,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        identity: event.identity.as_deref().and_then(raw),
        data: raw(&event.data),
        attempt,
        echo: event.is_echo,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// Returns the body that conditions are compared with. The site and the attempt are not known yet.
pub(super) fn filtered(event: &NewEvent, is_echo: bool) -> Value {
    let parse = |text: &str| lossy_json::parse(text).unwrap_or_default();
    json!({
        "id": event.event_id,
        "type": event.event_type,
        "source": event.source,
        "instanceId": (event.instance_id != UNASSIGNED).then_some(event.instance_id),
        "entityId": event.entity_id,
        "sequence": event.entity_sequence,
        "occurredAt": event.occurred_at,
        "receivedAt": event.received_at,
        "identity": event.identity.as_deref().map(parse),
        "data": parse(&event.data),
        "echo": is_echo,
    })
}

fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// Returns the site that the source says the event is of.
pub(super) fn site_of_details(event: &Event) -> Option<String> {
    let details = lossy_json::parse(&event.details).ok()?;
    let site_id = details.pointer("/accountInfo/siteId")?;
    site_id.as_str().map(str::to_owned)
}
