//! Credentials never come back: what streams by is searched for them, and `*` stands in their place.
//!
//! As many `*` as the credential has bytes, so that an announced length stays true. [`Needles`] is
//! what is searched for, one credential in all the spellings that a server gives it when it repeats
//! what it was sent. [`Redactor`] searches a stream, also across the borders of its pieces, and holds
//! back no more than the bytes that could be the beginning of a credential: a server-sent event that
//! does not end in such a beginning passes at once.
//!
//! It finds what is repeated, not what is rewritten: a third party that encrypts, compresses or
//! reverses a credential gets it past.

mod body;
mod borders;
mod headers;
mod needles;
mod patience;
mod redactor;
mod spellings;

pub use body::RedactedBody;
pub use needles::{Needles, SHORTEST};
pub use redactor::Redactor;
