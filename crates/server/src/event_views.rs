//! Events and deliveries as JSON, for the admin API and the command line.

use backlot_store::events::{Attempt, Delivery, Event, UNASSIGNED};
use backlot_wix::InstanceId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Returns an event without its content, as lists show it.
///
/// `number` is the event's number in this database; `sequence` its number among the events of its entity.
pub fn event(event: &Event) -> Map<String, Value> {
    let view = json!({
        "number": event.sequence,
        "id": event.event_id,
        "type": event.event_type,
        "source": event.source,
        "instanceId": assigned(event.instance_id),
        "entityId": event.entity_id,
        "sequence": event.entity_sequence,
        "occurredAt": event.occurred_at.map(|it| it.to_string()),
        "receivedAt": instant(event.received_at),
        "echo": event.is_echo,
        "dataBytes": event.data_bytes,
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

/// Returns an event with its content and its deliveries.
pub fn whole_event(stored: &Event, deliveries: &[Delivery]) -> Map<String, Value> {
    let mut view = event(stored);
    let identity = stored.identity.as_deref().map(parsed);
    view.insert("identity".to_owned(), identity.unwrap_or_default());
    view.insert("details".to_owned(), parsed(&stored.details));
    view.insert("data".to_owned(), parsed(&stored.data));
    let deliveries: Vec<Value> = deliveries.iter().map(|it| delivery(it).into()).collect();
    view.insert("deliveries".to_owned(), deliveries.into());
    view
}

/// Returns a delivery, as lists show it.
pub fn delivery(delivery: &Delivery) -> Map<String, Value> {
    let view = json!({
        "id": delivery.delivery_id,
        "subscription": delivery.subscription,
        "state": delivery.state.as_str(),
        "instanceId": assigned(delivery.instance_id),
        "eventNumber": delivery.event_sequence,
        "eventId": delivery.event_id,
        "type": delivery.event_type,
        "attempts": delivery.attempts,
        "createdAt": instant(delivery.created_at),
        "runAt": delivery.run_at.map(instant),
        "finishedAt": delivery.finished_at.map(instant),
        "lastStatus": delivery.last_status,
        "lastError": delivery.last_error,
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

/// Returns a delivery with its recorded attempts.
pub fn whole_delivery(stored: &Delivery, attempts: &[Attempt]) -> Map<String, Value> {
    let mut view = delivery(stored);
    let attempts: Vec<Value> = attempts.iter().map(attempt).collect();
    view.insert("log".to_owned(), attempts.into());
    view
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "startedAt": instant(attempt.started_at),
        "durationMs": attempt.duration_ms,
        "status": attempt.status,
        "error": attempt.error,
        "response": attempt.response,
    })
}

fn assigned(instance_id: InstanceId) -> Option<InstanceId> {
    (instance_id != UNASSIGNED).then_some(instance_id)
}

fn instant(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}

/// JSON as it is stored; a text if it is none.
fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}
