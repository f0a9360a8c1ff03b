//! The only crate that opens connections to other servers.
//!
//! - [`upstream`]: the developer's own server behind `[[api]]`
//! - [`third_party`]: third-party APIs
//! - [`wix`]: Wix's REST APIs, as the app on an instance or with an API key
//! - [`body`]: bodies of requests and responses, with limits of size and time
//! - [`cache`]: responses that may be used again
//! - [`decode`]: compressed responses as plain bytes, without bombs
//! - `early_response`: servers that respond and close before they have read everything
//! - [`egress_guard`]: which addresses may be dialled
//! - [`hop_by_hop`]: headers that belong to one connection
//! - [`paced_stream`]: connections whose other side stops reading
//! - [`redact`]: credentials in responses
//! - [`resilience`]: retries, circuit breakers, one task at a time for each key

pub mod body;
pub mod cache;
pub mod decode;
mod early_response;
pub mod egress_guard;
pub mod hop_by_hop;
pub mod nats;
pub mod paced_stream;
pub mod redact;
pub mod resilience;
pub mod third_party;
pub mod upstream;
pub mod wix;
