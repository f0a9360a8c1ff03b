//! Why an access token makes no caller, as codes of ours.

use backlot_wix::token_info::TokenRejection;

use super::{ApiError, ErrorCode};

impl From<TokenRejection> for ApiError {
    /// Dates are Wix's own, or the token's; neither is a secret.
    fn from(unfit: TokenRejection) -> Self {
        match unfit {
            TokenRejection::Inactive => ErrorCode::AccessTokenInactive.into(),
            TokenRejection::WrongApp => ErrorCode::AccessTokenWrongApp.into(),
            TokenRejection::NoInstance => ErrorCode::AccessTokenNoInstance.into(),
            TokenRejection::UnknownSubject => ErrorCode::AccessTokenNoRole.into(),
            TokenRejection::Expired(at) => Self::from(ErrorCode::AccessTokenExpired)
                .with_detail(format!("It expired at {at:.0}.")),
        }
    }
}
