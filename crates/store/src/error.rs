//! What can go wrong with a database, without naming its types.

use std::path::PathBuf;

/// A database that could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or folder cannot be made or opened.
    #[error("cannot open the database {path}: {cause}", path = path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system says.
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
    /// A statement failed.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
