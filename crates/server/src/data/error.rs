//! Why data cannot be had: a fault in Wix's words, or a database that does not do what it is asked.

use backlot_store::StoreError;
use backlot_wix::data::{DataCode, Fault};

use crate::error::Refusal;

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataFault {
    /// The request cannot be served, in Wix's words.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database does not do what it is asked.
    #[error(transparent)]
    Store(StoreError),
}

impl DataFault {
    /// Whether there is no such collection, or can be none of this id.
    pub(crate) fn is_collection_missing(&self) -> bool {
        let Self::Fault(fault) = self else {
            return false;
        };
        matches!(
            fault.code(),
            DataCode::CollectionMissing | DataCode::Invalid
        )
    }
}

impl From<StoreError> for DataFault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::GaveUp(fault) => Self::Fault(fault),
            other => Self::Store(other),
        }
    }
}

impl From<DataFault> for Refusal {
    fn from(fault: DataFault) -> Self {
        match fault {
            DataFault::Fault(fault) => fault.into(),
            DataFault::Store(error) => error.into(),
        }
    }
}
