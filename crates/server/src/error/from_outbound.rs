//! What goes wrong on the way out, as codes of ours.

use std::time::Duration;

use backlot_outbound::body::BodyFault;
use backlot_outbound::connection::CallError;
use backlot_outbound::upstream::UpstreamError;
use backlot_outbound::wix::WixError;

use super::{Code, Refusal};

/// When to come back where nobody knows better.
const SOON: Duration = Duration::from_secs(2);

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        let refusal = match fault {
            BodyFault::TooLarge(limit) => Self::from(Code::BodyTooLarge).fact("limitBytes", limit),
            BodyFault::TooSlow | BodyFault::TooLong => Self::from(Code::RequestTimeout),
            BodyFault::CutOff => Self::from(Code::BodyCutOff),
        };
        refusal.because(fault)
    }
}

impl From<WixError> for Refusal {
    fn from(error: WixError) -> Self {
        let retry_after = error.retry_after().unwrap_or(SOON);
        let refusal = match &error {
            WixError::Body(fault) => return Self::from(*fault),
            WixError::Refused(refused) => Self::from(Code::WixTokenRefused)
                .fact("wixStatus", refused.status)
                .fact("wixError", refused.reason.clone()),
            WixError::Exhausted { .. } => {
                Self::from(Code::WixBudgetExhausted).retry_after_time(retry_after)
            }
            WixError::Resting { .. } | WixError::Unavailable { .. } => {
                Self::from(Code::WixUnavailable).retry_after_time(retry_after)
            }
            WixError::BadPath => Self::from(Code::PathNotAllowed),
            WixError::NoApiKey => Self::from(Code::ApiKeyNotConfigured),
        };
        refusal.because(error)
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        let code = match &error {
            CallError::Body(fault) => return Self::from(*fault),
            CallError::Resting { retry_after } => {
                let refusal = Self::from(Code::ConnectionUnavailable);
                return refusal.retry_after_time(*retry_after).because(error);
            }
            CallError::Crowded => {
                return Self::from(Code::RateLimited).retry_after(1).because(error);
            }
            CallError::NoReply(error) | CallError::NoReplyElsewhere(error) => match error {
                UpstreamError::AddressRefused { .. } => Code::ConnectionAddressRefused,
                UpstreamError::Unreachable(_) => Code::ConnectionUnreachable,
                UpstreamError::TooSlow => Code::ConnectionTimeout,
                _ => Code::ConnectionBroken,
            },
            CallError::Credential(_) => Code::SecretUnreadable,
            CallError::Redirected(_) => Code::ConnectionRedirected,
            CallError::BadPath => Code::PathNotAllowed,
        };
        Self::from(code).because(error)
    }
}
