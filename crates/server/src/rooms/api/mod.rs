//! The api room: the developer's own server, in any language, or a router of their own in Rust.
//!
//! The way of a request in here: `entries` (which entry, by every reading of the path) → `forged`
//! (what no client may say is taken out) → `identity` (who calls) → `forwarded` (who the client is) →
//! `enter` (to the upstream or the mounted router).

mod cookies;
mod enter;
mod entries;
mod entry;
mod forged;
mod forwarded;
mod identity;
mod path;
mod readings;
mod redirect;
mod target;

pub(crate) use enter::enter;
pub(crate) use entries::Entries;
pub(crate) use entry::Entry;
pub use entry::{Destination, EntrySettings, Limits};
pub use forged::is_override;
pub use path::{Prefix, PrefixError};
