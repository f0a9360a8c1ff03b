//! The developer's own server, in any language, or a mounted router in Rust.
//!
//! The steps of a request: `routes` (which entry, by every reading of the path) → `policy::forged` (what no client may
//! say is taken out) → `identity_headers` (who calls) → `forwarded_headers` (who the client is) → `forward` (to the
//! upstream or the mounted router).

mod cookies;
mod digest;
mod forward;
mod forwarded_headers;
mod identity_headers;
mod path;
mod readings;
mod redirect;
mod rewrite;
mod route;
mod routes;

pub use crate::policy::forged::is_override;
pub(crate) use forward::forward;
pub use path::{Prefix, PrefixError};
pub(crate) use route::Entry;
pub use route::{Destination, EntrySettings, Limits};
pub(crate) use routes::Entries;
