//! Extractors for handlers in Rust: the caller, and clients bound to it.

pub(crate) mod caller;
pub(crate) mod connections;
pub(crate) mod items;
pub(crate) mod links;
pub(crate) mod wix;
