//! Items for handlers in Rust: a capability that comes with the verified caller.
//!
//! The handle is bound to the caller's instance and to the caller's rights. What the app itself may do
//! is one call away ([`Items::as_app`]).

mod convert;
mod error;
mod extractor;
mod query;
mod write;

pub use error::ItemsError;
pub use extractor::Items;
pub use query::{ItemsPage, ItemsQuery};
