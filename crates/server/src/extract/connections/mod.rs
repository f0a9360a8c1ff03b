//! Calls to third parties for handlers in Rust: a capability that comes with the verified caller.
//!
//! The handle is bound to the caller's instance and to the caller's rights: the same lists, plans, rates and
//! quotas hold as for a page. What is allowed to the app itself is one call away ([`Connections::as_app`]).

mod extractor;
mod request;
mod response;

pub use extractor::Connections;
pub use request::ConnectionCall;
pub use response::{ConnectionCallError, ConnectionResponse};
