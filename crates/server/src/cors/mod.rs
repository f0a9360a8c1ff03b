//! CORS: which pages may read what this server answers.
//!
//! Rules: an origin is allowed by name (or one wildcard label), never by `*`; credentials of the
//! browser (cookies) are never allowed, since callers prove themselves by header. A preflight is
//! answered before routing and authentication, with the methods that the path really serves. Every
//! response carries the headers, refusals too, so that the page can read why.
//!
//! Source: the Fetch standard, "CORS protocol"; Wix's guide for self-managed backends names only
//! `Allow-Origin` and `Allow-Methods`, which no call with `Authorization` gets past.

mod headers;
mod origin;
mod pattern;
mod policy;
mod preflight;
mod refused_preflights;
mod vary;

pub(crate) use headers::strip;
pub use headers::{CorsHeaders, PREFIX};
pub use origin::Origin;
pub use pattern::{Pattern, PatternError};
pub(crate) use policy::refuse_origin;
pub use policy::{Decision, Policy};
pub(crate) use preflight::{is_preflight, preflight};
pub(crate) use refused_preflights::RefusedPreflights;

/// The request headers that pages may send by default: those of Wix's own clients, those by which a page asks past a cache,
/// and the one that names the entity of a write.
pub const DEFAULT_ALLOWED_HEADERS: [&str; 10] = [
    "authorization",
    "content-type",
    "x-wix-consistent",
    "x-wix-linguist",
    "x-wix-bi-gateway",
    "baggage",
    "sentry-trace",
    "cache-control",
    "pragma",
    "backlot-echo",
];
