//! The api room: the developer's own server, in any language, or a router of their own in Rust.
//!
//! The way of a request in here: `entries` (which entry, by every reading of the path) → `admission::forged`
//! (what no client may say is taken out) → `identity` (who calls) → `forwarded` (who the client is) →
//! `enter` (to the upstream or the mounted router).

mod cookies;
mod enter;
mod entries;
mod entry;
mod forwarded;
mod identity;
mod path;
mod readings;
mod redirect;
mod target;

pub use crate::admission::forged::is_override;
pub(crate) use enter::enter;
pub(crate) use entries::Entries;
pub(crate) use entry::Entry;
pub use entry::{Destination, EntrySettings, Limits};
pub use path::{Prefix, PrefixError};
