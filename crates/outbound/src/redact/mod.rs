//! Redaction: responses are searched for credentials, and each is overwritten with `*`.
//!
//! The number of `*` is the length of the credential, so that an announced length stays true. [`SecretPatterns`] are the
//! encodings in which a server repeats a credential that it was sent. [`Redactor`] searches a stream, also across the
//! borders of its pieces, and holds back only bytes that could begin a credential: a server-sent event that does not end
//! in such a beginning passes at once.
//!
//! Redaction finds what is repeated, not what is rewritten: a credential that a third party encrypts, compresses or
//! reverses is not found.

mod body;
mod encodings;
mod headers;
mod kmp;
mod patterns;
mod redactor;
mod search_budget;

pub use body::RedactedBody;
pub use patterns::{MIN_SECRET_BYTES, SecretPatterns};
pub use redactor::Redactor;
