//! The rooms: what a request can reach.

pub mod admin;
mod buffer;
pub(crate) mod connections;
pub mod data;
pub(crate) mod health;
pub(crate) mod index;
pub mod proxy;
pub mod wix;
