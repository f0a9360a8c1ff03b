//! Heads that are no HTTP/1.1, or too large to be read: refused as every other request, so that a page can read why.
//!
//! hyper answers them by itself, with a status alone, and hands nothing on. So what is read of a head is remembered until
//! a request comes of it ([`head`]), and what hyper writes without a request is exchanged for a refusal of ours
//! ([`stream`]). Between the two stands [`Exchanges`], which knows whether a request is being answered.
//!
//! Caveat: of a request that is sent before the response to the one before it, little is remembered: its refusal may come
//! without CORS headers. Pages cannot send such. Over HTTP/2 a head past the connection's own limit is answered 431 without
//! a body, and a malformed one resets its stream.

mod exchanges;
mod head;
mod stream;

use http::StatusCode;

pub(crate) use exchanges::Exchanges;
pub(crate) use head::BadHead;
pub(crate) use stream::RefusingStream;

/// Makes the whole response to a head that cannot be read: its status, and what is known of it.
pub(crate) type RefuseHead = Box<dyn Fn(StatusCode, &BadHead) -> Vec<u8> + Send + Sync>;
