//! What came of a question about a token.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::wix::WixError;
use backlot_wix::Caller;
use backlot_wix::token_info::TokenRejection;

use crate::error::{ApiError, ErrorCode};

/// What came of a question; all who waited for it get the same.
#[derive(Clone)]
pub(crate) enum Verdict {
    Admitted(Arc<Caller>),
    Refused(TokenRejection),
    NoAnswer(WixError),
    TooManyQuestions(ApiError),
}

impl Verdict {
    pub(crate) fn failed_here() -> Self {
        Self::NoAnswer(WixError::unavailable(
            "the question about a token failed here",
        ))
    }

    /// Not Wix is at its limit but this server.
    pub(crate) fn too_many_questions(wait: Duration) -> Self {
        let detail = "Too many new tokens are being checked; \
                      `access_token.questions_per_minute` says how many may be.";
        let refusal = ApiError::from(ErrorCode::WixUnavailable).with_detail(detail);
        Self::TooManyQuestions(refusal.retry_after_time(wait))
    }
}
