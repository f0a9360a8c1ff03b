//! What goes wrong with the database, as codes.

use backlot_store::StoreError;
use backlot_wix::data::{DataCode, DataError};

use super::{ApiError, ErrorCode};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let refusal = match &error {
            StoreError::Rejected(fault) => return Self::from(fault.clone()),
            StoreError::TimedOut => {
                let text = "The operation took too long. An index on the fields of its filter makes it fast.";
                return Self::from(DataError::new(DataCode::TimedOut, text));
            }
            StoreError::Full => Self::from(ErrorCode::StorageFull),
            StoreError::Unavailable(_) => Self::from(ErrorCode::DatabaseUnavailable).retry_after(2),
            StoreError::Busy | StoreError::Outdated => {
                Self::from(ErrorCode::DatabaseBusy).retry_after(1)
            }
            _ => Self::from(ErrorCode::Internal),
        };
        refusal.with_source(error)
    }
}
