//! Responses of third parties, cached in memory for as long as they allow (RFC 9111).
//!
//! A lookup ([`ResponseStore::lookup`]) returns a fresh response as it is. A stale one is revalidated with its own
//! validators, and a 304 makes it fresh again ([`ResponseStore::refresh`]). Only what the third party says counts:
//! `Cache-Control`, `Expires`, `ETag`, `Last-Modified`, `Vary`. A response without them is not cached; nothing is guessed.
//!
//! The cache belongs to one instance, or is shared where the configuration says so: then `private` responses are not
//! cached, and `s-maxage` counts. Either way the credential belongs to the connection and not to the page, so
//! `Vary: Authorization` changes nothing within one key, and requests and responses are given without the credential.
//! All other headers of a request count, whether `Vary` names them or not.
//!
//! A write invalidates the responses of its address ([`ResponseStore::write_ended`]), and a response to a request made
//! before the write ended is not cached after it ([`ResponseStore::write_epoch`]).
//!
//! The size is bounded in bytes, in all and for each response, and no response is cached before it is complete. Nothing
//! here reads a clock or sends a request.
//!
//! `http-cache-semantics` 3.0 is not used: it compares directives case-sensitively, so that `No-Store` is stored, keeps one
//! value of a repeated header, leaves `Date` out of the age, and panics on an `Age` near the largest number.

mod cache_control;
mod entry;
mod freshness;
mod key;
mod recording_body;
mod store;
mod validation;
mod vary;
mod write_epochs;

pub use key::{CacheKey, CacheLimits, CacheOwner};
pub use recording_body::RecordingBody;
pub use store::{CachedResponse, ResponseStore};
pub use validation::Stale;
pub use write_epochs::WriteEpoch;
