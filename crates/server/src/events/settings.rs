//! The settings of events: `[events]` and `[[subscription]]`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::nats::{NatsPublisher, NatsTarget, NatsTargetError};
use backlot_outbound::third_party::SecretSource;
use backlot_outbound::upstream::{Address, AddressError};
use http::uri::PathAndQuery;
use jiff::SignedDuration;

use super::{EventHandler, EventOrder, EventPattern, FieldFilter};
use crate::extract::clients::Clients;
use crate::policy::RateLimit;

/// The most bytes of a webhook unless the configuration says otherwise.
pub const DEFAULT_BODY_BYTES: u64 = 4 * 1024 * 1024;

/// How events are received, kept and delivered.
pub struct EventsSettings {
    /// How long events are kept. Those that wait are kept longer.
    pub retention: SignedDuration,
    /// How many events are kept at most. `None`: any number.
    pub keep_count: Option<u64>,
    /// The most bytes of a webhook.
    pub body_bytes: u64,
    /// Where events are delivered.
    pub subscriptions: Vec<SubscriptionSettings>,
}

/// How much of events is received and kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventLimits {
    pub(crate) retention: SignedDuration,
    pub(crate) keep_count: Option<u64>,
    pub(crate) body_bytes: u64,
}

impl EventsSettings {
    pub(crate) const fn limits(&self) -> EventLimits {
        EventLimits {
            retention: self.retention,
            keep_count: self.keep_count,
            body_bytes: self.body_bytes,
        }
    }
}

impl Default for EventsSettings {
    /// 30 days, 4 MiB, and no subscription.
    fn default() -> Self {
        Self {
            retention: SignedDuration::from_hours(30 * 24),
            keep_count: None,
            body_bytes: DEFAULT_BODY_BYTES,
            subscriptions: Vec::new(),
        }
    }
}

/// Which events are delivered where, and how.
#[derive(Clone)]
pub struct SubscriptionSettings {
    /// Its name. Deliveries are stored under it.
    pub name: String,
    /// The types of its events.
    pub patterns: Vec<EventPattern>,
    /// Where they are delivered.
    pub destination: EventDestination,
    /// The secrets that deliveries are signed with, all of them while they rotate. Empty: the one that the vault has.
    pub secrets: Vec<SecretSource>,
    /// What deliveries are in order of.
    pub order: EventOrder,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// After so many attempts a delivery is dead.
    pub max_attempts: NonZeroU32,
    /// The time after each attempt. The last one repeats.
    pub backoff: Vec<Duration>,
    /// How many attempts are made at the same time.
    pub concurrency: NonZeroU32,
    /// Conditions on the body.
    pub filter: FieldFilter,
    /// How many attempts are begun in a time. `None`: any number.
    pub rate_limit: Option<RateLimit>,
    /// Whether events that this server's own calls have caused are delivered.
    pub allow_echo: bool,
}

impl SubscriptionSettings {
    /// Returns a subscription to these events with the defaults of the configuration.
    pub fn new(name: String, patterns: Vec<EventPattern>, destination: EventDestination) -> Self {
        Self {
            name,
            patterns,
            destination,
            secrets: Vec::new(),
            order: EventOrder::Entity,
            timeout: Duration::from_secs(10),
            max_attempts: NonZeroU32::MIN.saturating_add(11),
            backoff: [5, 30, 120, 600, 3600].map(Duration::from_secs).to_vec(),
            concurrency: NonZeroU32::MIN.saturating_add(15),
            filter: FieldFilter::default(),
            rate_limit: None,
            allow_echo: true,
        }
    }
}

/// Where events are delivered.
#[derive(Clone)]
pub enum EventDestination {
    /// A server, over HTTP.
    Upstream {
        /// Where it is; without a path.
        address: Address,
        /// The path and query.
        target: PathAndQuery,
    },
    /// A subject of a NATS stream.
    Nats(NatsPublisher),
    /// A handler of this program.
    Handler(EventHandler),
}

/// The text is not the URL of a destination.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum EventDestinationError {
    /// Not the URL of an upstream.
    Upstream(#[from] AddressError),
    /// Not the URL of a subject.
    Nats(#[from] NatsTargetError),
}

impl EventDestination {
    /// Returns the destination of a URL.
    ///
    /// # Errors
    ///
    /// Fails if the text is neither the URL of an upstream, with or without a query, nor that of a NATS subject.
    pub fn parse(text: &str) -> Result<Self, EventDestinationError> {
        if NatsTarget::has_scheme(text) {
            return Ok(Self::Nats(NatsPublisher::new(NatsTarget::parse(text)?)));
        }
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (text, None),
        };
        let address = Address::parse(base, false)?;
        let url = url::Url::parse(base).map_err(|_| AddressError::NotHttp)?;
        let target = match query {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let target = target.parse().map_err(|_| AddressError::NotHttp)?;
        let (address, _) = address.split().ok_or(AddressError::NotHttp)?;
        Ok(Self::Upstream { address, target })
    }

    /// Gives a handler the clients that its events offer.
    pub(crate) fn give(&mut self, clients: &Arc<Clients>) {
        if let Self::Handler(handler) = self {
            handler.give(clients);
        }
    }

    /// Returns the server's address, if it is one over HTTP.
    pub(crate) const fn address(&self) -> Option<&Address> {
        match self {
            Self::Upstream { address, .. } => Some(address),
            Self::Nats(_) | Self::Handler(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_keep_their_path_and_query() {
        for (text, expected) in [
            ("http://127.0.0.1:3000/events", "/events"),
            ("http://127.0.0.1:3000/events/", "/events/"),
            ("http://127.0.0.1:3000", "/"),
            ("https://example.com/a?b=c", "/a?b=c"),
        ] {
            let EventDestination::Upstream { address, target } =
                EventDestination::parse(text).unwrap()
            else {
                panic!("{text}");
            };
            assert!(address.is_bare());
            assert_eq!(target, expected, "{text}");
        }
        for wrong in ["nats://127.0.0.1", "", "http://u:p@example.com/"] {
            assert!(EventDestination::parse(wrong).is_err(), "{wrong}");
        }
    }
}
