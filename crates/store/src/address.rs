//! Which database, and where.

use std::fmt;
use std::path::PathBuf;

use crate::sqlite::{Durability, SqliteStore};
use crate::{Store, StoreError};

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A file of SQLite's.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What an acknowledged write survives.
        durability: Durability,
    },
}

impl Address {
    /// Whether there is anything to open. A database on a server counts as there.
    pub fn exists(&self) -> bool {
        match self {
            Self::Sqlite { path, .. } => path.exists(),
        }
    }

    /// Opens it, brought up to the newest migration.
    pub async fn open(&self) -> Result<Store, StoreError> {
        match self {
            Self::Sqlite { path, durability } => {
                let (path, durability) = (path.clone(), *durability);
                let open = move || SqliteStore::open_with(&path, durability);
                let store = tokio::task::spawn_blocking(open)
                    .await
                    .map_err(|error| StoreError::Refused(error.to_string()))?;
                Ok(Store::Sqlite(store?))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, .. } => path.display().fmt(formatter),
        }
    }
}
