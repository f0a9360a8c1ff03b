//! The rooms: what a request can reach.

pub mod api;
pub(crate) mod small;
pub mod wix;
