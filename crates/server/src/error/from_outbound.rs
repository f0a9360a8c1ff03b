//! What goes wrong on the way out, as codes of ours.

use std::time::Duration;

use backlot_outbound::body::BodyFault;
use backlot_outbound::wix::WixError;

use super::{Code, Refusal};

/// When to come back where nobody knows better.
const SOON: Duration = Duration::from_secs(2);

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        let refusal = match fault {
            BodyFault::TooLarge(limit) => Self::from(Code::BodyTooLarge).fact("limitBytes", limit),
            BodyFault::TooSlow => Self::from(Code::RequestTimeout),
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
