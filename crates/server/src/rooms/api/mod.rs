//! The api room: the developer's own server, in any language, or a router of their own in Rust.
//!
//! The way of a request in here: `path` (which entry, and nothing ambiguous) → `identity` (the
//! headers that say who calls, which no outsider can set) → `forwarded` (who the client is) →
//! `enter` (to the upstream or the mounted router).

mod enter;
mod entry;
mod forwarded;
mod identity;
mod path;
mod target;

pub(crate) use enter::enter;
pub use entry::{Destination, EntrySettings, Limits};
pub(crate) use entry::{Entries, Entry};
pub(crate) use path::canonical;
pub use path::{Prefix, PrefixError};
