//! Items for handlers in Rust: a capability that comes with the verified caller.
//!
//! The handle is bound to the caller's instance and to the caller's rights. What the app itself may do
//! is one call away ([`Items::as_app`]).

mod answer;
mod conversion;
mod extract;
mod query;
mod write;

pub use answer::ItemsFault;
pub use extract::Items;
pub use query::{ItemsPage, ItemsQuery};
