//! Why an access token makes no caller, as codes of ours.

use backlot_wix::token_info::Unfit;

use super::{ApiError, ErrorCode};

impl From<Unfit> for ApiError {
    /// Dates are Wix's own, or the token's; neither is a secret.
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Inactive => ErrorCode::AccessTokenInactive.into(),
            Unfit::WrongApp => ErrorCode::AccessTokenWrongApp.into(),
            Unfit::NoInstance => ErrorCode::AccessTokenNoInstance.into(),
            Unfit::UnknownSubject => ErrorCode::AccessTokenNoRole.into(),
            Unfit::Expired(at) => Self::from(ErrorCode::AccessTokenExpired)
                .with_detail(format!("It expired at {at:.0}.")),
        }
    }
}
