//! Why the body of a response breaks off.

use crate::decode::{DecodeError, UnknownEncoding};

/// Why a response's body ended early.
#[derive(Debug, thiserror::Error)]
pub enum ResponseBodyError {
    /// The upstream broke off.
    #[error("the upstream broke off in the middle of its reply: {0}")]
    BrokenOff(#[source] hyper::Error),
    /// The upstream fell silent.
    #[error("the upstream stopped sending in the middle of its reply")]
    TooSlow,
    /// More bytes than allowed.
    #[error("the reply is larger than {0} bytes")]
    TooLarge(u64),
    /// It cannot be decoded.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// Its encoding is unknown.
    #[error(transparent)]
    UnknownEncoding(#[from] UnknownEncoding),
}
