//! What goes wrong on the way out, as codes of ours.

use std::time::Duration;

use backlot_outbound::body::BodyError;
use backlot_outbound::third_party::CallError;
use backlot_outbound::upstream::UpstreamError;
use backlot_outbound::wix::WixError;

use super::{ApiError, ErrorCode};

/// The default for `Retry-After`.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(2);

impl From<BodyError> for ApiError {
    fn from(fault: BodyError) -> Self {
        let refusal = match fault {
            BodyError::TooLarge(limit) => {
                Self::from(ErrorCode::BodyTooLarge).with_data("limitBytes", limit)
            }
            BodyError::TooSlow | BodyError::TooLong => Self::from(ErrorCode::RequestTimeout),
            BodyError::CutOff => Self::from(ErrorCode::BodyCutOff),
        };
        refusal.with_source(fault)
    }
}

impl From<WixError> for ApiError {
    fn from(error: WixError) -> Self {
        let retry_after = error.retry_after().unwrap_or(DEFAULT_RETRY_AFTER);
        let refusal = match &error {
            WixError::Body(fault) => return Self::from(*fault),
            WixError::Refused(refused) => Self::from(ErrorCode::WixTokenRefused)
                .with_data("wixStatus", refused.status)
                .with_data("wixError", refused.reason.clone()),
            WixError::Exhausted { .. } => {
                Self::from(ErrorCode::WixBudgetExhausted).retry_after_time(retry_after)
            }
            WixError::CircuitOpen { .. } | WixError::Unavailable { .. } => {
                Self::from(ErrorCode::WixUnavailable).retry_after_time(retry_after)
            }
            WixError::BadPath => Self::from(ErrorCode::PathNotAllowed),
            WixError::NoApiKey => Self::from(ErrorCode::ApiKeyNotConfigured),
        };
        refusal.with_source(error)
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        let code = match &error {
            CallError::Body(fault) => return Self::from(*fault),
            CallError::CircuitOpen { retry_after } => {
                let refusal = Self::from(ErrorCode::ConnectionUnavailable);
                return refusal.retry_after_time(*retry_after).with_source(error);
            }
            CallError::TooManyCalls => {
                return Self::from(ErrorCode::RateLimited)
                    .retry_after(1)
                    .with_source(error);
            }
            CallError::NoResponse(error) | CallError::NoResponseElsewhere(error) => match error {
                UpstreamError::AddressRefused { .. } => ErrorCode::ConnectionAddressRefused,
                UpstreamError::Unreachable(_) => ErrorCode::ConnectionUnreachable,
                UpstreamError::TooSlow => ErrorCode::ConnectionTimeout,
                _ => ErrorCode::ConnectionBroken,
            },
            CallError::Credential(_) => ErrorCode::SecretUnreadable,
            CallError::Redirected(_) => ErrorCode::ConnectionRedirected,
            CallError::BadPath => ErrorCode::PathNotAllowed,
        };
        Self::from(code).with_source(error)
    }
}
