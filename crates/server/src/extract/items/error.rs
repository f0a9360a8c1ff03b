//! What goes wrong, and how it is answered.

use axum::response::{IntoResponse, Response};
use backlot_wix::data::Fault;

use crate::data::DataFault;
use crate::error::{Code, Refusal};

/// Why items cannot be had. As a response it is what the data room would answer.
#[derive(Debug, thiserror::Error)]
pub enum ItemsFault {
    /// A fault in Wix's words; [`Fault::code`] tells which.
    #[error(transparent)]
    Fault(Fault),
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

/// The refusal that the data room would answer with.
pub(crate) fn refusal(fault: ItemsFault) -> Refusal {
    match fault {
        ItemsFault::Fault(fault) => fault.into(),
        ItemsFault::Database(cause) => Refusal::from(Code::DatabaseUnavailable)
            .retry_after(2)
            .because(cause),
        ItemsFault::Busy => Refusal::from(Code::InstanceBusy).retry_after(1),
        ItemsFault::Misfit(error) => Refusal::from(Code::Internal).because(error),
    }
}

impl From<Fault> for ItemsFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<DataFault> for ItemsFault {
    fn from(fault: DataFault) -> Self {
        match fault {
            DataFault::Fault(fault) => Self::Fault(fault),
            DataFault::Store(error) => Self::Database(error.to_string()),
        }
    }
}

/// The work pool refuses only when it is busy, or when the work panicked.
impl From<Refusal> for ItemsFault {
    fn from(refusal: Refusal) -> Self {
        if refusal.code().name() == Code::InstanceBusy.name() {
            return Self::Busy;
        }
        Self::Database(refusal.cause().unwrap_or("the work ended early").to_owned())
    }
}

impl IntoResponse for ItemsFault {
    fn into_response(self) -> Response {
        refusal(self).into_response().map(axum::body::Body::from)
    }
}
