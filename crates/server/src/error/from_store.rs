//! What goes wrong with the database, as codes.

use backlot_store::StoreError;
use backlot_wix::data::{DataCode, Fault};

use super::{Code, Refusal};

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let refusal = match &error {
            StoreError::GaveUp(fault) => return Self::from(fault.clone()),
            StoreError::TimedOut => {
                let text = "The operation took too long. An index on the fields of its filter makes it fast.";
                return Self::from(Fault::new(DataCode::TimedOut, text));
            }
            StoreError::Full => Self::from(Code::StorageFull),
            StoreError::Unavailable(_) => Self::from(Code::DatabaseUnavailable).retry_after(2),
            StoreError::Busy | StoreError::Outdated => {
                Self::from(Code::DatabaseBusy).retry_after(1)
            }
            _ => Self::from(Code::Internal),
        };
        refusal.because(error)
    }
}
