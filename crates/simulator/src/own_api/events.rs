//! `GET /simulator/v1/events` and `…/events/{type}`: the event types, and the sample payloads of one.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::trouble::trouble;
use crate::webhooks::{self, EventType, Kind};

pub(crate) async fn list() -> Json<Value> {
    let events = webhooks::event_types().iter();
    let events: Vec<Value> = events
        .map(|it| json!({ "type": it.name, "kind": it.kind, "samples": it.samples.len() }))
        .collect();
    Json(json!({ "events": events }))
}

pub(crate) async fn show(Path(name): Path<String>) -> Response {
    let Some(known) = webhooks::find(&name) else {
        let message = format!("There is no sample of `{name}`.");
        return trouble(StatusCode::NOT_FOUND, "EVENT_TYPE_NOT_FOUND", &message);
    };
    let samples = known.samples.iter().map(|sample| editable(known, sample));
    let samples: Vec<Map<String, Value>> = samples.collect();
    Json(json!({ "type": known.name, "kind": known.kind, "samples": samples })).into_response()
}

/// Returns the sample without the fields that the simulator sets in each event.
fn editable(event_type: &EventType, sample: &Map<String, Value>) -> Map<String, Value> {
    let mut sample = sample.clone();
    if event_type.kind == Kind::Domain {
        sample.remove("id");
        sample.remove("eventTime");
    }
    sample
}
