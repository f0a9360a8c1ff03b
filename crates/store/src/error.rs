//! What can go wrong with a database, without naming its types.

use std::path::PathBuf;

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
    /// A scan was stopped by its visitor.
    #[error("{0}")]
    GaveUp(#[from] DataError),
    /// A statement failed.
    #[error("the database refused: {0}")]
    Refused(String),
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
            _ => Self::Refused(error.to_string()),
        }
    }
}
