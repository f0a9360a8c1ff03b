//! Why a call gave no response of Wix's.

use std::time::Duration;

use super::TokenRefused;
use crate::body::BodyError;
use crate::upstream::UpstreamError;

/// Why a call gave no response of Wix's.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WixError {
    /// Wix gives the app no token for this instance.
    #[error("Wix gives no token for this instance: {0}")]
    Refused(TokenRefused),
    /// The instance has used up its calls of this minute.
    #[error("the calls of this minute are used up")]
    Exhausted {
        /// When it may try again.
        retry_after: Duration,
    },
    /// The circuit breaker is open: calls for this instance have failed in a row.
    #[error("calls to Wix failed again and again; none is made for a while")]
    CircuitOpen {
        /// When it may try again.
        retry_after: Duration,
    },
    /// Wix cannot be reached, is slow, or its response cannot be read.
    #[error("{cause}")]
    Unavailable {
        /// What happened, for the log.
        cause: String,
        /// When Wix wants to be asked again, if it said so.
        retry_after: Option<Duration>,
    },
    /// The body of the request ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The path cannot be sent.
    #[error("the path cannot be sent")]
    BadPath,
    /// There is no API key to call with.
    #[error("no API key is configured")]
    NoApiKey,
}

impl WixError {
    /// Wix gave no answer that is of use, and did not say when it will.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self::Unavailable {
            cause: cause.into(),
            retry_after: None,
        }
    }

    /// When another try makes sense, where that is known.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Exhausted { retry_after } | Self::CircuitOpen { retry_after } => {
                Some(*retry_after)
            }
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<UpstreamError> for WixError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Body(fault) => Self::Body(fault),
            UpstreamError::BadPath => Self::BadPath,
            UpstreamError::Unreachable(_)
            | UpstreamError::AddressRefused { .. }
            | UpstreamError::TooSlow
            | UpstreamError::HeadTooLarge
            | UpstreamError::Broken(_) => Self::unavailable(error.to_string()),
        }
    }
}
