//! Webhooks as Wix sends them: made from samples, signed with the app's key, sent with retries.
//!
//! ```text
//! body          := JWT with RS256, {"kid":…,"alg":"RS256"}, sent as text/plain
//! claims        := {"data": string → envelope, "iat": …, "exp": …}
//! envelope      := {"data": string → payload, "instanceId", "eventType", "identity": string → JSON, "accountInfo"}
//! payload       := a domain event (id, entityFqdn, slug, entityId, …), or flat fields
//! ```
//!
//! - `catalogue`: the event types, with Wix's own sample payloads
//! - `payload`: the payload of one event
//! - `event`: the event in its envelope
//! - `request`: which events are to be made, for the command line and for the simulator's own API
//! - `signer`: the JWT
//! - `schedule`: when an attempt follows a failed one
//! - `delivery`: the state of a webhook that was sent
//! - `outbox`: all of them
//! - `send`: the attempts
//!
//! Caveat: the real app's private key is at Wix only, so these webhooks are signed with the key of the simulator's app.
//!
//! Source: Wix documentation, "Webhooks" and "Webhook resend policy"; the nesting of a real webhook in
//! `crates/wix/tests/vectors`.

mod catalogue;
mod delivery;
mod event;
mod outbox;
mod payload;
mod request;
mod schedule;
mod send;
mod signer;
#[cfg(test)]
mod tests;

pub use catalogue::{EventType, Kind, event_types, find, suggestions};
pub use event::{Event, EventContext};
pub(crate) use outbox::Outbox;
pub use payload::EventError;
pub use request::{MAX_COUNT, MAX_REPEAT, MAX_SPEED, SignedEvent, WebhookRequest};
pub use schedule::{ATTEMPT_TIMEOUT, RETRY_DELAYS};
pub use send::{PostWebhook, WebhookPost};
pub(crate) use send::{SendError, send, send_again};
pub use signer::EventSigner;
