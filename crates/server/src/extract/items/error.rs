//! What goes wrong, and how it is answered.

use axum::response::{IntoResponse, Response};
use backlot_wix::data::DataError;

use crate::data::OperationError;
use crate::error::{ApiError, ErrorCode};

/// Why items cannot be had. As a response it is what the data API would answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ItemsError {
    /// A fault in Wix's words; [`DataError::code`] tells which.
    #[error(transparent)]
    DataError(DataError),
    /// The database does not do what it is asked.
    #[error("the database does not do what it is asked: {0}")]
    Database(String),
    /// Too many requests of this instance wait for their turn.
    #[error("too many requests of this instance wait for their turn")]
    Busy,
    /// An item is not what the handler takes it for.
    #[error("an item does not fit: {0}")]
    Misfit(#[from] serde_json::Error),
}

/// The refusal that the data API would answer with.
pub(crate) fn refusal(fault: ItemsError) -> ApiError {
    match fault {
        ItemsError::DataError(fault) => fault.into(),
        ItemsError::Database(cause) => ApiError::from(ErrorCode::DatabaseUnavailable)
            .retry_after(2)
            .with_source(cause),
        ItemsError::Busy => ApiError::from(ErrorCode::InstanceBusy).retry_after(1),
        ItemsError::Misfit(error) => ApiError::from(ErrorCode::Internal).with_source(error),
    }
}

impl From<DataError> for ItemsError {
    fn from(fault: DataError) -> Self {
        Self::DataError(fault)
    }
}

impl From<OperationError> for ItemsError {
    fn from(fault: OperationError) -> Self {
        match fault {
            OperationError::DataError(fault) => Self::DataError(fault),
            OperationError::Store(error) => Self::Database(error.to_string()),
        }
    }
}

/// The work pool refuses only when it is busy, or when the work panicked.
impl From<ApiError> for ItemsError {
    fn from(refusal: ApiError) -> Self {
        if refusal.code().name() == ErrorCode::InstanceBusy.name() {
            return Self::Busy;
        }
        Self::Database(
            refusal
                .cause()
                .unwrap_or_else(|| "the work ended early".to_owned()),
        )
    }
}

impl IntoResponse for ItemsError {
    fn into_response(self) -> Response {
        refusal(self).into_response().map(axum::body::Body::from)
    }
}
