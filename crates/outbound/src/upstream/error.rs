//! Why an upstream gave no response.

use std::io::ErrorKind;

use hyper_util::client::legacy;

use crate::body::BodyError;
use crate::egress_guard::AddressRefused;

/// Why an upstream gave no response.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Nothing answers there.
    #[error("cannot connect: {0}")]
    Unreachable(String),
    /// The egress guard permits none of its addresses. Another attempt ends the same.
    #[error("{host} has no address that may be reached from here")]
    AddressRefused {
        /// The name, or the address itself.
        host: String,
    },
    /// No response within the time that it has.
    #[error("no reply in time")]
    TooSlow,
    /// It closed the connection or spoke no HTTP.
    #[error("the connection broke before the reply: {0}")]
    Broken(String),
    /// Its response has more header lines, or a larger head, than is read.
    #[error("the reply's head is too large")]
    HeadTooLarge,
    /// It was the client's body that ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The path cannot be written for this upstream.
    #[error("the path cannot be handed on")]
    BadPath,
}

impl UpstreamError {
    /// True when another try would end the same.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Body(_) | Self::BadPath | Self::AddressRefused { .. } | Self::HeadTooLarge => {
                true
            }
            Self::Unreachable(_) | Self::TooSlow | Self::Broken(_) => false,
        }
    }
}

/// A failed exchange, before it is classified.
#[derive(Debug)]
pub(super) enum SendError {
    /// No connection came about.
    Connect(BoxError),
    /// The connection failed.
    Exchange(BoxError),
}

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl From<legacy::Error> for SendError {
    fn from(error: legacy::Error) -> Self {
        if error.is_connect() {
            Self::Connect(error.into())
        } else {
            Self::Exchange(error.into())
        }
    }
}

impl SendError {
    /// True when the connection was closed under the request before a byte of the response came: what
    /// happens when an idle connection is closed by the other side in the very moment it is used.
    pub(super) fn was_a_closed_connection(&self) -> bool {
        let Self::Exchange(error) = self else {
            return false;
        };
        chain(error.as_ref()).any(|error| {
            let closed = error.downcast_ref().is_some_and(|error: &hyper::Error| {
                error.is_incomplete_message() || error.is_closed() || error.is_canceled()
            });
            let reset = error.downcast_ref().is_some_and(|error: &std::io::Error| {
                matches!(
                    error.kind(),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                )
            });
            closed || reset
        })
    }
}

impl From<SendError> for UpstreamError {
    fn from(error: SendError) -> Self {
        let (SendError::Connect(cause) | SendError::Exchange(cause)) = &error;
        if let Some(fault) = BodyError::find_in(cause.as_ref()) {
            return Self::Body(fault);
        }
        if let Some(AddressRefused { host }) = AddressRefused::find_in(cause.as_ref()) {
            return Self::AddressRefused { host: host.clone() };
        }
        let is_too_large = |error: &(dyn std::error::Error + 'static)| {
            let error: Option<&hyper::Error> = error.downcast_ref();
            error.is_some_and(hyper::Error::is_parse_too_large)
        };
        if chain(cause.as_ref()).any(is_too_large) {
            return Self::HeadTooLarge;
        }
        let sentences: Vec<String> = chain(cause.as_ref()).map(ToString::to_string).collect();
        let sentences = sentences.join(": ");
        match error {
            SendError::Connect(_) => Self::Unreachable(sentences),
            SendError::Exchange(_) => Self::Broken(sentences),
        }
    }
}

/// An error and all that caused it.
fn chain<'error>(
    error: &'error (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'error (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
