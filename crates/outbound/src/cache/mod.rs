//! Replies of third parties, kept in memory for as long as they themselves allow (RFC 9111).
//!
//! A call looks up the cache first ([`ReplyCache::lookup`]): a fresh reply is served as it is, a stale one is
//! asked about with its own validators, and a 304 makes it fresh again ([`ReplyCache::refresh`]). All
//! is determined by the third party: `Cache-Control`, `Expires`, `ETag`, `Last-Modified`, `Vary`. What
//! it says nothing about is not kept; there is no guessing.
//!
//! The cache is one of an instance, or a shared one where the configuration says so: then what is
//! `private` stays out, and `s-maxage` counts. Either way the credential belongs to the connection and
//! not to the page, so a `Vary: Authorization` changes nothing within one key. Requests and replies
//! are passed separately. All other headers of a request count, whether `Vary` names them or not.
//!
//! A write makes the cache forget the responses for its address ([`ReplyCache::written`]), and what was asked for before
//! the write ended is not kept after it ([`ReplyCache::asked`]).
//!
//! The cache is limited in bytes, in total and for each response. A response is stored when it is complete.
//!
//! It makes no calls and has no clock.

mod answer;
mod control;
mod freshness;
mod keeping;
mod key;
mod limits;
mod lookup;
mod revalidate;
mod store;
mod stored;
mod vary;
mod writes;

pub use keeping::WholeBody;
pub use key::{CacheKey, CacheScope};
pub use limits::CacheLimits;
pub use lookup::{Lookup, Stale};
pub use store::ReplyCache;
pub use writes::Asked;
