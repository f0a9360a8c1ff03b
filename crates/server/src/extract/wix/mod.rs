//! Calls to Wix for handlers in Rust: a capability that comes with the verified caller.
//!
//! The handle is bound to the caller's instance, so a handler cannot reach another's. What the
//! configuration allows pages to call is no limit here: the handler is the app's own code.

mod extractor;
mod request;
mod response;

pub use extractor::Wix;
pub use request::WixCall;
pub use response::{WixCallError, WixResponse};
