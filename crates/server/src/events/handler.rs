//! Handlers of events in Rust, in a server's place.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use backlot_store::events::{Event as StoredEvent, UNASSIGNED};
use backlot_wix::InstanceId;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

type Handle = dyn Fn(Event) -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// A handler of events. Cloning shares it.
#[derive(Clone)]
pub struct EventHandler(Arc<Handle>);

impl EventHandler {
    /// Takes an async function. Its error is recorded, and the event is delivered again.
    pub fn new<Handler, Answer, Error>(handler: Handler) -> Self
    where
        Handler: Fn(Event) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<(), Error>> + Send + 'static,
        Error: fmt::Display,
    {
        Self(Arc::new(move |event| {
            let answer = handler(event);
            Box::pin(async move { answer.await.map_err(|error| error.to_string()) })
        }))
    }

    pub(super) fn call(&self, event: Event) -> BoxFuture<'static, Result<(), String>> {
        (self.0)(event)
    }
}

/// An event, as a handler in Rust gets it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The id that the source gave it, or a fingerprint. The same for all attempts.
    pub id: String,
    /// Such as `wix.contacts.v4.contact_created` or `stripe/invoice.paid`.
    pub event_type: String,
    /// `wix`, or the name of a webhook source.
    pub source: String,
    /// The tenant. `None` if it is not known.
    pub instance_id: Option<InstanceId>,
    /// The site, if it is known.
    pub site_id: Option<String>,
    /// The entity that it is about.
    pub entity_id: Option<String>,
    /// The number of the event among those of its entity.
    pub sequence: Option<i64>,
    /// When it happened, if the source says so.
    pub occurred_at: Option<Timestamp>,
    /// When this server received it.
    pub received_at: Timestamp,
    /// Who caused it.
    pub identity: Value,
    /// Its content.
    pub data: Value,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Whether this server's own call caused it.
    pub is_echo: bool,
}

impl Event {
    pub(super) fn new(stored: &StoredEvent, site_id: Option<String>, attempt: u32) -> Self {
        let parse = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            id: stored.event_id.clone(),
            event_type: stored.event_type.clone(),
            source: stored.source.clone(),
            instance_id: (stored.instance_id != UNASSIGNED).then_some(stored.instance_id),
            site_id,
            entity_id: stored.entity_id.clone(),
            sequence: stored.entity_sequence,
            occurred_at: stored.occurred_at,
            received_at: stored.received_at,
            identity: stored.identity.as_deref().map(parse).unwrap_or_default(),
            data: parse(&stored.data),
            attempt,
            is_echo: stored.is_echo,
        }
    }

    /// Reads the content as a type.
    ///
    /// # Errors
    ///
    /// Fails if the content is not of this type.
    pub fn parse_data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.data)
    }
}
