//! Why data cannot be had: a fault in Wix's words, or a database that does not do what it is asked.

use backlot_store::StoreError;
use backlot_wix::data::{DataCode, DataError};

use crate::error::ApiError;

/// Why data cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperationError {
    /// The request cannot be served, in Wix's words.
    #[error(transparent)]
    DataError(#[from] DataError),
    /// The database does not do what it is asked.
    #[error(transparent)]
    Store(StoreError),
}

impl OperationError {
    /// Whether there is no such collection, or can be none of this id.
    pub(crate) fn is_collection_missing(&self) -> bool {
        let Self::DataError(fault) = self else {
            return false;
        };
        matches!(
            fault.code(),
            DataCode::CollectionMissing | DataCode::Invalid
        )
    }
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Rejected(fault) => Self::DataError(fault),
            other => Self::Store(other),
        }
    }
}

impl From<OperationError> for ApiError {
    fn from(fault: OperationError) -> Self {
        match fault {
            OperationError::DataError(fault) => fault.into(),
            OperationError::Store(error) => error.into(),
        }
    }
}
