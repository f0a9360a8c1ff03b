//! Why a call to a third party brought no reply.

use std::time::Duration;

use super::CredentialFault;
use crate::body::BodyError;
use crate::upstream::UpstreamError;

/// Why a call brought no reply.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Its calls have failed again and again; none is made for a while.
    #[error("calls rest after failures in a row")]
    Resting {
        /// How long it lasts.
        retry_after: Duration,
    },
    /// The instance has too many calls under way.
    #[error("too many calls of the instance wait for their reply")]
    Crowded,
    /// Nothing answers there, or the reply broke off before its body.
    #[error(transparent)]
    NoReply(UpstreamError),
    /// The same of a place that it was redirected to, which says nothing of the third party.
    #[error(transparent)]
    NoReplyElsewhere(UpstreamError),
    /// The credential cannot be put on the call.
    #[error(transparent)]
    Credential(#[from] CredentialFault),
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
            UpstreamError::Body(fault) => Self::Body(fault),
            UpstreamError::BadPath => Self::BadPath,
            other => Self::NoReply(other),
        }
    }
}

impl CallError {
    /// The same, where the call had left the third party's origin.
    pub(super) fn elsewhere(self) -> Self {
        match self {
            Self::NoReply(error) => Self::NoReplyElsewhere(error),
            other => other,
        }
    }

    /// Whether no connection came about.
    pub(super) const fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoReply(UpstreamError::Unreachable(_)))
    }

    /// Whether it speaks of the third party's state.
    pub(super) const fn is_its_fault(&self) -> bool {
        matches!(self, Self::NoReply(error) if !error.is_for_good())
    }
}
