//! The state of one webhook: what was sent, each attempt, and what comes next.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::event::Event;
use super::request::SignedEvent;

/// The state of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// Not sent yet.
    Queued,
    Sending,
    /// Answered with 200.
    Delivered,
    /// An attempt failed, and another one follows.
    Waiting,
    /// All attempts failed.
    GivenUp,
}

/// One attempt.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attempt {
    /// When it began, ISO 8601.
    pub(super) at: String,
    /// `None` if there was no response in time.
    pub(super) status: Option<u16>,
    /// Why there was no response.
    pub(super) error: Option<String>,
    pub(super) duration_ms: u64,
}

impl Attempt {
    /// Wix accepts only 200.
    pub(super) fn is_success(&self) -> bool {
        self.status == Some(200)
    }
}

/// Where and how fast to send.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) url: Arc<str>,
    pub(super) speed: u32,
    pub(super) is_wrong_key: bool,
}

/// A webhook.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) id: u64,
    pub(super) event: Arc<Event>,
    pub(super) body: Arc<str>,
    pub(super) is_repeat: bool,
    pub(super) destination: Destination,
    pub(super) state: State,
    pub(super) attempts: Vec<Attempt>,
    pub(super) next_attempt_at: Option<Timestamp>,
}

impl Webhook {
    pub(super) fn new(id: u64, signed: SignedEvent, destination: Destination) -> Self {
        Self {
            id,
            event: signed.event,
            body: signed.body,
            is_repeat: signed.is_repeat,
            destination,
            state: State::Queued,
            attempts: Vec::new(),
            next_attempt_at: None,
        }
    }

    /// The webhook in the simulator's own API.
    pub(super) fn summary(&self) -> Value {
        let event = &self.event;
        json!({
            "id": self.id,
            "type": event.event_type,
            "instanceId": event.instance_id,
            "eventId": event.event_id,
            "entityId": event.entity_id,
            "sequence": event.sequence,
            "to": &*self.destination.url,
            "speed": self.destination.speed,
            "isWrongKey": self.destination.is_wrong_key,
            "isRepeat": self.is_repeat,
            "state": self.state,
            "attempts": self.attempts,
            "nextAttemptAt": self.next_attempt_at.map(|at| format!("{at:.3}")),
        })
    }

    /// The same, with the body and the payload.
    pub(super) fn details(&self) -> Value {
        let mut details = self.summary();
        let data = serde_json::from_str(&self.event.data).unwrap_or(Value::Null);
        details["data"] = data;
        details["body"] = Value::from(&*self.body);
        details
    }

    /// Records an attempt. Returns the delay before the next one, unless it was the last.
    pub(super) fn record(&mut self, attempt: Attempt, now: Timestamp) -> Option<Duration> {
        let is_success = attempt.is_success();
        self.attempts.push(attempt);
        let delay = super::schedule::delay_after(self.attempts.len(), self.destination.speed);
        let delay = delay.filter(|_| !is_success);
        self.next_attempt_at = delay.and_then(|delay| now.checked_add(delay).ok());
        self.state = match delay {
            _ if is_success => State::Delivered,
            Some(_) => State::Waiting,
            None => State::GivenUp,
        };
        delay
    }
}
