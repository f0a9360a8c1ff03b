//! Handlers of events in Rust, in a server's place.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use backlot_store::events::{Event as StoredEvent, UNASSIGNED};
use backlot_wix::{Caller, InstanceId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::extract::clients::Clients;
use crate::extract::connections::Connections;
use crate::extract::items::Items;
use crate::extract::links::Links;
use crate::extract::wix::Wix;

type Handle = dyn Fn(Event) -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// A handler of events. Cloning shares it.
#[derive(Clone)]
pub struct EventHandler {
    handle: Arc<Handle>,
    /// None until a server is built.
    clients: Option<Arc<Clients>>,
}

impl EventHandler {
    /// Takes an async function. Its error is recorded, and the event is delivered again.
    pub fn new<Handler, Answer, Error>(handler: Handler) -> Self
    where
        Handler: Fn(Event) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<(), Error>> + Send + 'static,
        Error: fmt::Display,
    {
        let handle = move |event| -> BoxFuture<'static, _> {
            let answer = handler(event);
            Box::pin(async move { answer.await.map_err(|error| error.to_string()) })
        };
        Self {
            handle: Arc::new(handle),
            clients: None,
        }
    }

    pub(super) fn give(&mut self, clients: &Arc<Clients>) {
        self.clients = Some(Arc::clone(clients));
    }

    pub(super) fn call(&self, mut event: Event) -> BoxFuture<'static, Result<(), String>> {
        event.clients.clone_from(&self.clients);
        (self.handle)(event)
    }
}

/// An event, as a handler in Rust gets it, with clients for its instance.
///
/// ```
/// use backlot_server::events::Event;
///
/// async fn note(event: Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     let site = event.wix()?.app_instance().await?.site;
///     let note = serde_json::json!({ "type": event.event_type, "site": site.url });
///     event.items()?.insert("notes", &note).await?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
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
    clients: Option<Arc<Clients>>,
}

/// The event is of no instance, so nothing can be called or read on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is of no instance")]
pub struct NoInstance;

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
            clients: None,
        }
    }

    /// Returns calls to Wix as the app, on the event's instance.
    ///
    /// # Errors
    ///
    /// Fails if the event is of no instance.
    pub fn wix(&self) -> Result<Wix, NoInstance> {
        let (clients, instance_id) = self.instance()?;
        Ok(clients.wix(instance_id))
    }

    /// Returns the items of the event's instance, with the rights of the app.
    ///
    /// # Errors
    ///
    /// Fails if the event is of no instance.
    pub fn items(&self) -> Result<Items, NoInstance> {
        let (clients, instance_id) = self.instance()?;
        Ok(clients.items(&self.app(clients, instance_id)))
    }

    /// Returns the links of the event's instance.
    ///
    /// # Errors
    ///
    /// Fails if the event is of no instance.
    pub fn links(&self) -> Result<Links, NoInstance> {
        let (clients, instance_id) = self.instance()?;
        Ok(clients.links(&self.app(clients, instance_id)))
    }

    /// Returns calls to third parties with the rights of the app, on the event's instance: those that `allow = ["app"]`
    /// of a `[[connection]]` names.
    ///
    /// # Errors
    ///
    /// Fails if the event is of no instance.
    pub fn connections(&self) -> Result<Connections, NoInstance> {
        let (clients, instance_id) = self.instance()?;
        Ok(clients.connections(&Arc::new(self.app(clients, instance_id))))
    }

    fn instance(&self) -> Result<(&Clients, InstanceId), NoInstance> {
        self.clients
            .as_deref()
            .zip(self.instance_id)
            .ok_or(NoInstance)
    }

    /// The app on the event's instance, as a caller.
    fn app(&self, clients: &Clients, instance_id: InstanceId) -> Caller {
        Caller::app(
            instance_id,
            clients.app_id,
            self.received_at,
            Timestamp::MAX,
        )
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
