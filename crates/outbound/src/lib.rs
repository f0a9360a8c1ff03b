//! The only crate that opens connections to other servers.
//!
//! - [`upstream`]: the developer's own server behind `[[api]]`
//! - [`connection`]: third-party APIs
//! - [`wix`]: Wix's REST APIs, as the app on an instance or with an API key
//! - [`cache`]: replies that may be served again
//! - [`decode`]: compressed replies as plain bytes, and no bombs
//! - `early_reply`: servers that reply and close before they have read everything
//! - [`guard`]: which addresses may be dialled
//! - [`redact`]: credentials never come back
//! - [`single_flight`]: one piece of work at a time for each key
//! - [`stalled_write`]: connections whose other side stops reading
//! - [`body`]: bodies on their way through, with a cap and a limit to silence
//! - [`hop_by_hop`]: the headers that belong to one connection and never travel on

pub mod body;
mod breaker;
pub mod cache;
pub mod connection;
pub mod decode;
mod early_reply;
pub mod guard;
pub mod hop_by_hop;
pub mod redact;
mod repeat;
pub mod single_flight;
pub mod stalled_write;
pub mod upstream;
pub mod wix;
