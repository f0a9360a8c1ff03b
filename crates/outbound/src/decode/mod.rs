//! Responses that came compressed, as plain bytes: only those can be searched for credentials.
//!
//! They are decoded as they arrive. Each piece is handed on as far as it can be decoded, so a compressed
//! event stream still streams. A bomb (a few bytes that become very many) ends in a fault as soon as it
//! passes a cap; at no time is there more of it in memory than one piece and the window of its encoding
//! (32 KiB, or up to 16 MiB for brotli).
//!
//! Whatever has no encoding passes untouched.

mod begin;
mod body;
mod brotli;
mod deflate;
mod encodings;
mod fault;
mod gzip;
mod stage;

pub(crate) use begin::BegunBody;
pub use body::{DecodedBody, take_encodings};
pub use encodings::{ACCEPTED, Encodings, UnknownEncoding};
pub use fault::DecodeError;
pub use stage::DecodeLimits;
