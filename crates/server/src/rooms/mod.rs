//! The rooms: what a request can reach.

pub mod api;
pub(crate) mod connections;
pub mod data;
mod read_ahead;
pub(crate) mod small;
pub mod wix;
