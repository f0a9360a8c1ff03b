//! The rooms: what a request can reach.

pub mod api;
pub mod data;
pub(crate) mod small;
pub mod wix;
