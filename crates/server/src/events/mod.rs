//! Events and their deliveries: which subscription wants an event, in which lane, and the attempts.
//!
//! - [`pattern`], [`filter`]: the events of a subscription
//! - [`lane`]: deliveries of one lane are made one after the other
//! - [`subscriptions`]: what is made of an event before it is stored; [`echo_key`]: how a write names its entity
//! - [`late_echoes`]: events that were stored before the entity of a creation was known
//! - [`deliveries`]: the tasks of all subscriptions; [`dispatcher`]: that of one, from the claim of a delivery to its outcome
//! - [`attempt`], [`means`], [`body`], [`signature`], [`handler`]: one attempt, over HTTP or by a handler in Rust
//! - [`health`], [`circuit`], [`backoff`], [`retry_after`]: when the next attempt is made
//! - [`replay`]: deliveries of stored events
//! - [`retention`]: old events are deleted
//!
//! Rules: an event is stored before it is acknowledged, with its deliveries. At least once: an attempt whose outcome
//! could not be stored is made again. A lease that another node has taken over does not count.

mod attempt;
mod backoff;
mod body;
mod circuit;
mod deliveries;
mod dispatcher;
mod echo_key;
mod filter;
mod handler;
mod health;
mod lane;
mod late_echoes;
mod means;
mod pattern;
mod pending;
mod replay;
mod retention;
mod retry_after;
mod secrets;
mod settings;
mod signature;
mod subscriptions;

pub(crate) use deliveries::Deliveries;
pub use filter::{FieldFilter, FieldFilterError};
pub use handler::{Event, EventHandler, NoInstance};
pub use lane::EventOrder;
pub(crate) use lane::LaneKey;
pub(crate) use late_echoes::LateEchoes;
pub(crate) use means::DeliveryMeans;
pub use pattern::{EventPattern, EventPatternError};
pub use replay::deliveries_of;
pub(crate) use replay::{WIX_SOURCE, deliveries_again, kind_of_type};
pub(crate) use retention::delete_old;
pub use secrets::{check_signing_secret, generated_secret_name, subscription_secret};
pub(crate) use settings::EventLimits;
pub use settings::{
    DEFAULT_BODY_BYTES, EventDestination, EventDestinationError, EventsSettings,
    SubscriptionSettings,
};
pub(crate) use subscriptions::Subscriptions;
