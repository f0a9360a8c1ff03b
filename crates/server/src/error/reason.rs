//! Whose word a refusal is: Backlot's own, or Wix Data's.

use backlot_wix::data::DataCode;
use http::StatusCode;

use super::ErrorCode;

/// The code of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// One of Backlot's own codes.
    Own(ErrorCode),
    /// One of Wix Data's.
    Data(DataCode),
}

impl ErrorKind {
    /// The code as it stands in a response.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own(code) => code.name(),
            Self::Data(code) => code.name(),
        }
    }

    /// The HTTP status it comes with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Own(code) => code.status(),
            Self::Data(code) => {
                StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// What happened, in one sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Own(code) => code.description(),
            Self::Data(code) => code.meaning(),
        }
    }

    /// What to do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Own(code) => code.remedy(),
            Self::Data(_) => "Wix's page of Wix Data's error codes says what to do.",
        }
    }
}
