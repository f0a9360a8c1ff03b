//! Why a call to a third party has no response.

use std::time::Duration;

use super::CredentialError;
use crate::body::BodyError;
use crate::upstream::UpstreamError;

/// Why a call has no response.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The circuit breaker is open: calls have failed in a row.
    #[error("the circuit breaker is open after failures in a row")]
    CircuitOpen {
        /// The time until it closes.
        retry_after: Duration,
    },
    /// The instance has too many calls in flight.
    #[error("too many calls of the instance wait for their response")]
    TooManyCalls,
    /// The third party did not answer, or the response failed before its body.
    #[error(transparent)]
    NoResponse(UpstreamError),
    /// The same at an address that the third party redirected to.
    #[error(transparent)]
    NoResponseElsewhere(UpstreamError),
    /// The credential cannot be put on the request.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// It redirects where it may not, or too often.
    #[error("it redirects {0}")]
    Redirected(String),
    /// It was the client's body that ended early.
    #[error(transparent)]
    Body(BodyError),
    /// The path cannot be written for this API.
    #[error("the path cannot be handed on")]
    BadPath,
}

impl From<UpstreamError> for CallError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Body(error) => Self::Body(error),
            UpstreamError::BadPath => Self::BadPath,
            other => Self::NoResponse(other),
        }
    }
}

impl CallError {
    /// Returns whether there was no connection.
    pub(super) const fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoResponse(UpstreamError::Unreachable(_)))
    }

    /// Returns whether the error is about the third party's state.
    pub(super) const fn is_server_failure(&self) -> bool {
        matches!(self, Self::NoResponse(error) if !error.is_permanent())
    }
}
