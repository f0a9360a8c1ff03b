//! Why an access token makes no caller, as codes of ours.

use backlot_wix::token_info::Unfit;

use super::{Code, Refusal};

impl From<Unfit> for Refusal {
    /// Dates are Wix's own, or the token's; neither is a secret.
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Inactive => Code::AccessTokenInactive.into(),
            Unfit::WrongApp => Code::AccessTokenWrongApp.into(),
            Unfit::NoInstance => Code::AccessTokenNoInstance.into(),
            Unfit::UnknownSubject => Code::AccessTokenNoRole.into(),
            Unfit::Expired(at) => {
                Self::from(Code::AccessTokenExpired).detail(format!("It expired at {at:.0}."))
            }
        }
    }
}
