//! What can go wrong with a database, without naming its types.

use std::path::PathBuf;
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::DataError;

/// A database that could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The file or folder cannot be made or opened.
    #[error("cannot open the database {path}: {cause}", path = path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// A file that is to be written, a backup, cannot be. What was there is as it was.
    #[error("cannot write {path}: {cause}", path = path.display())]
    CannotWrite {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// A file that cannot be restored. Nothing was changed.
    #[error("{path} cannot be restored: {cause}", path = path.display())]
    NoBackup {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A newer program has changed this database.
    #[error(
        "the database is at migration {found}, this program knows {known}; run the newer program"
    )]
    TooNew {
        /// The number in the database.
        found: i64,
        /// The highest number in this program.
        known: i64,
    },
    /// There is no room on the disk. Nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The database does not answer. Whether a write was done is not known.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The database cannot be spoken to safely: it has no TLS, or a certificate that is not accepted.
    #[error("there is no safe way to the database: {0}")]
    Insecure(String),
    /// More writes wait than is sensible. Nothing was changed.
    #[error("too many writes are waiting")]
    Busy,
    /// The time for a query is over.
    #[error("the query took too long")]
    TimedOut,
    /// What the request was built on has changed: a collection, or a job. Nothing was changed; look again.
    #[error("what this was built on has changed")]
    Outdated,
    /// The request cannot be served, for a reason in Wix's words. Nothing was changed.
    #[error("{0}")]
    Rejected(#[from] DataError),
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Database(String),
    /// Something that is stored cannot be read.
    #[error("{what} in the database cannot be read")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// Why it cannot be read.
        #[source]
        source: Option<Arc<serde_json::Error>>,
    },
    /// The address, the server or the content of a database does not allow what is asked.
    #[error("the database cannot be used: {0}")]
    Unusable(String),
    /// A key is sealed with a data key that does not exist.
    #[error(
        "the data key that seals a signing key is not in the database; if a backup was restored, start again"
    )]
    MissingDataKey,
    /// The data keys that are to be wrapped again are not those that are expected.
    #[error("the data keys that are wrapped again are not the ones expected")]
    OtherDataKeys,
    /// The store has a bug.
    #[error("internal error in the store: {0}")]
    Internal(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::OperationInterrupted) => Self::TimedOut,
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseBusy | ErrorCode::CannotOpen) => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

impl StoreError {
    /// Returns the reason of a rejection, if this is one.
    pub const fn rejection(&self) -> Option<&DataError> {
        match self {
            Self::Rejected(fault) => Some(fault),
            _ => None,
        }
    }

    /// Names the instance in a rejection.
    #[must_use]
    pub(crate) fn of_instance(self, instance_id: InstanceId) -> Self {
        match self {
            Self::Rejected(fault) => {
                Self::Rejected(fault.with("instanceId", instance_id.to_string()))
            }
            other => other,
        }
    }

    /// Something that is stored cannot be read.
    pub(crate) const fn corrupt(what: &'static str) -> Self {
        Self::Corrupt { what, source: None }
    }

    /// JSON that is stored cannot be read.
    pub(crate) fn not_json(what: &'static str) -> impl Fn(serde_json::Error) -> Self {
        move |error| Self::Corrupt {
            what,
            source: Some(Arc::new(error)),
        }
    }
}

/// A thread of the blocking pool panicked.
impl From<tokio::task::JoinError> for StoreError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}
