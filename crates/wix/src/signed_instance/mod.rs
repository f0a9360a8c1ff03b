//! The signed instance: how a page proves which installation it runs in, and who looks at it.
//!
//! ```text
//! instance  := signature "." payload
//! payload   := base64url(JSON object)
//! signature := base64url(HMAC-SHA256(key = the app secret's text, message = the payload segment))
//! ```
//!
//! The message is the segment exactly as received, padding and all; it is never decoded or written
//! again before it is verified. Four steps, each a file:
//!
//! 1. [`Wire::parse`]: the shape, nothing verified
//! 2. [`Wire::verify`]: the signature, against every accepted secret
//! 3. [`Verified::decode`] and [`Payload::from_json`]: the JSON
//! 4. [`Policy::admit`]: age, app and id; the result is a [`crate::Caller`]
//!
//! Source: Wix documentation, "App instance"; formats confirmed by the test vectors.

mod payload;
mod policy;
mod roles;
mod sign;
mod verify;
mod wire;

pub use payload::{Payload, PayloadError};
pub use policy::{Policy, RejectReason};
pub use sign::sign;
pub use verify::{SignatureMismatch, Verified};
pub use wire::{ShapeError, Wire};
