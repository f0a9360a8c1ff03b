//! Which webhooks are to be made: the body of `POST /simulator/v1/webhooks`, and the flags of `backlot simulator send`.

use std::sync::Arc;

use backlot_wix::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Event, EventContext};
use super::payload::{Draft, EventError, has_event_id};
use super::signer::EventSigner;

/// The maximum number of events of one request. The simulator remembers as many webhooks.
pub const MAX_COUNT: u32 = 1000;
/// The maximum number of repeats of each event.
pub const MAX_REPEAT: u32 = 100;
/// At this speed, the 47 hours of Wix's retries take a sixth of a second.
pub const MAX_SPEED: u32 = 1_000_000;

/// Events to make and to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookRequest {
    #[serde(rename = "type")]
    pub event_type: String,
    /// Any GUID. The ids of an unknown site are derived from it.
    pub instance_id: InstanceId,
    /// The payload, or the entity of a domain event. Replaces the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// The sequence of the first event. The others count up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Which sample of the type, counted from 1.
    #[serde(default = "one")]
    pub sample: u32,
    /// How many events, each with its own id.
    #[serde(default = "one")]
    pub count: u32,
    /// How many more times each event is sent, byte for byte the same.
    #[serde(default)]
    pub repeat: u32,
    /// Sends in random order.
    #[serde(default)]
    pub shuffle: bool,
    /// Signs with another key.
    #[serde(default)]
    pub wrong_key: bool,
    /// The address. Defaults to the backend's `/webhooks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many times as fast the clock of the retries runs.
    #[serde(default = "one")]
    pub speed: u32,
}

const fn one() -> u32 {
    1
}

/// An event with its signed body.
#[derive(Debug, Clone)]
pub struct SignedEvent {
    pub event: Arc<Event>,
    /// The body of the request: a JWT.
    pub body: Arc<str>,
    /// Whether it is one of the repeats of an event.
    pub is_repeat: bool,
}

impl WebhookRequest {
    /// Makes and signs the events, in the order of sending.
    ///
    /// # Errors
    ///
    /// Fails if the events cannot be made.
    pub fn sign(
        &self,
        signer: &EventSigner,
        context: EventContext<'_>,
    ) -> Result<Vec<SignedEvent>, EventError> {
        let mut list = Vec::new();
        for event in self.events(context)? {
            let body = signer.sign(event.claims.as_bytes());
            let body = body.ok_or(EventError::NotSigned)?;
            list.push(SignedEvent {
                event: Arc::new(event),
                body: body.into(),
                is_repeat: false,
            });
        }
        let originals = list.clone();
        for _ in 0..self.repeat {
            list.extend(originals.iter().cloned().map(|it| SignedEvent {
                is_repeat: true,
                ..it
            }));
        }
        if self.shuffle {
            list.sort_by_cached_key(|_| (context.guid)());
        }
        Ok(list)
    }

    fn events(&self, context: EventContext<'_>) -> Result<Vec<Event>, EventError> {
        let has_event_id = self.event_id.is_some() || self.data.as_ref().is_some_and(has_event_id);
        if has_event_id && self.count > 1 {
            return Err(EventError::IdOfSeveral);
        }
        let draft = Draft {
            event_type: &self.event_type,
            sample: self.sample as usize,
            data: self.data.as_ref(),
            entity_id: self.entity_id.as_deref(),
            sequence: self.sequence,
            event_id: self.event_id.as_deref(),
        };
        let event = |index: u32| {
            let sequence = draft.sequence.map(|it| it.saturating_add(index.into()));
            Event::make(Draft { sequence, ..draft }, index, context)
        };
        (0..self.count).map(event).collect()
    }
}
