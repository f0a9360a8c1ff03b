//! Handlers: HTTP in, HTTP out.

pub mod admin;
mod buffer;
pub(crate) mod connections;
pub mod data;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod links;
pub mod proxy;
pub(crate) mod webhook_sources;
pub(crate) mod webhooks;
pub mod wix;
