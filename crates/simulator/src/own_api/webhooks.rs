//! `/simulator/v1/webhooks`: sends webhooks as Wix does, and shows their attempts.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Sent, malformed};
use crate::Stage;
use crate::trouble::trouble;
use crate::webhooks::{
    self, EventError, MAX_COUNT, MAX_REPEAT, MAX_SPEED, SendError, WebhookRequest,
};

/// The number of webhooks in a list that names no other.
const DEFAULT_LAST: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Filter {
    last: Option<usize>,
}

pub(crate) async fn list(State(stage): State<Stage>, Query(filter): Query<Filter>) -> Json<Value> {
    let last = filter.last.unwrap_or(DEFAULT_LAST);
    let (total, webhooks) = stage.memory.outbox.lock().last(last);
    let signer = stage.event_signer.as_deref();
    let public_key = signer.map(webhooks::EventSigner::public_key);
    Json(json!({
        "to": stage.webhook_url(),
        "keyId": signer.map(webhooks::EventSigner::key_id),
        "publicKey": public_key,
        "isAppKey": public_key.is_some_and(|it| is_same_key(it, &stage.world.app.public_key)),
        "total": total,
        "webhooks": webhooks,
    }))
}

/// Whether two PEMs contain the same key, however they are wrapped.
fn is_same_key(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

pub(crate) async fn send(State(stage): State<Stage>, request: Sent<WebhookRequest>) -> Response {
    let Ok(Json(request)) = request else {
        return malformed(
            "Send JSON with type, instanceId (a GUID), and any of data, entityId, sequence, eventId, sample, count, \
             repeat, shuffle, wrongKey, to and speed.",
        );
    };
    if let Err(message) = check(&request) {
        return malformed(&message);
    }
    match webhooks::send(stage, request).await {
        Ok(webhooks) => Json(json!({ "webhooks": webhooks })).into_response(),
        Err(SendError::Event(error @ EventError::UnknownType { .. })) => trouble(
            StatusCode::NOT_FOUND,
            "EVENT_TYPE_NOT_FOUND",
            &error.to_string(),
        ),
        Err(SendError::Event(error)) => malformed(&error.to_string()),
        Err(error @ SendError::NotPossible) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            trouble(status, "WEBHOOKS_UNAVAILABLE", &error.to_string())
        }
    }
}

fn check(request: &WebhookRequest) -> Result<(), String> {
    let limits = [
        ("count", request.count, 1, MAX_COUNT),
        ("repeat", request.repeat, 0, MAX_REPEAT),
        ("speed", request.speed, 1, MAX_SPEED),
    ];
    for (name, value, least, most) in limits {
        if !(least..=most).contains(&value) {
            return Err(format!("`{name}` must be from {least} to {most}."));
        }
    }
    let all = request
        .count
        .saturating_mul(request.repeat.saturating_add(1));
    if all > MAX_COUNT {
        return Err(format!(
            "One request sends at most {MAX_COUNT} webhooks, repeats included."
        ));
    }
    let is_http = |url: &str| url::Url::parse(url).is_ok_and(|it| it.scheme().starts_with("http"));
    match &request.to {
        Some(to) if !is_http(to) => {
            Err("`to` must be an address that begins with http:// or https://.".to_owned())
        }
        _ => Ok(()),
    }
}

pub(crate) async fn show(State(stage): State<Stage>, Path(id): Path<String>) -> Response {
    let details = id.parse().ok();
    let details = details.and_then(|id| stage.memory.outbox.lock().details(id));
    details.map_or_else(unknown_webhook, |it| Json(it).into_response())
}

pub(crate) async fn repeat(State(stage): State<Stage>, Path(id): Path<String>) -> Response {
    let sent = match id.parse() {
        Ok(id) => webhooks::send_again(stage, id).await,
        Err(_) => None,
    };
    sent.map_or_else(unknown_webhook, |it| Json(it).into_response())
}

/// Forgets all webhooks, and makes no further attempts.
pub(crate) async fn clear(State(stage): State<Stage>) -> Json<Value> {
    stage.memory.outbox.lock().clear();
    Json(json!({}))
}

fn unknown_webhook() -> Response {
    trouble(
        StatusCode::NOT_FOUND,
        "WEBHOOK_NOT_FOUND",
        "The simulator has not sent this webhook, or has forgotten it.",
    )
}
