//! Refusals: few codes, each with a sentence that says why and one that says what to do.

mod code;
mod from_outbound;
mod from_store;
mod from_token;
mod reason;
mod refusal;

pub use code::Code;
pub use reason::Reason;
pub use refusal::Refusal;
