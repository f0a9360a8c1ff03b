//! Refusals: few codes, each with a sentence that says why and one that says what to do.

mod api_error;
mod chain;
mod code;
mod from_outbound;
mod from_store;
mod from_token;
mod reason;

pub use api_error::ApiError;
pub(crate) use chain::Chain;
pub use code::ErrorCode;
pub use reason::ErrorKind;
