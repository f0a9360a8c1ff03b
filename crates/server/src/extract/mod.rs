//! Extractors for handlers in Rust: the caller, and clients bound to it. Handlers of events get the same clients.

pub(crate) mod caller;
pub(crate) mod clients;
pub(crate) mod connections;
pub(crate) mod items;
pub(crate) mod links;
pub(crate) mod wix;
