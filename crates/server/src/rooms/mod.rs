//! The rooms: what a request can reach.

pub mod api;
pub(crate) mod connections;
pub mod data;
pub(crate) mod index;
mod read_ahead;
pub(crate) mod small;
pub mod wix;
