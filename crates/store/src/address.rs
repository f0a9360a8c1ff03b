//! Which database, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Store;
use crate::StoreError;
use crate::backup::file::{Reader, is_bare_sqlite, kind_of};
use crate::backup::{Kind, Verified, verify_postgres};
use crate::postgres::PostgresStore;
use crate::postgres_url::PostgresUrl;
use crate::sqlite::{self, Durability, SqliteStore};

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
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

impl Address {
    /// Whether there is anything to open. A database on a server counts as there.
    pub fn exists(&self) -> bool {
        match self {
            Self::Sqlite { path, .. } => path.exists(),
            Self::Postgres(_) => true,
        }
    }

    /// Whether opening it changes its tables, since it is of an earlier program. Of a database on a server that is
    /// not asked: nodes of two versions may share one while they are replaced one after another.
    pub fn is_of_an_earlier_program(&self) -> bool {
        match self {
            Self::Sqlite { path, .. } => sqlite::is_pending(path),
            Self::Postgres(_) => false,
        }
    }

    /// Replaces everything with a backup, in one transaction: other connections see
    /// the old content, and then the new. A file that is no whole backup of the same kind of database, or one of a
    /// newer program, changes nothing.
    pub async fn restore(&self, backup: &Path) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { path, .. } => {
                if kind_of(backup) == Some(Kind::Postgres) {
                    return Err(of_another_kind(backup, "PostgreSQL", "SQLite"));
                }
                let (path, backup) = (path.clone(), backup.to_owned());
                let random = fastrand::u64(..);
                let mark = format!("{random:016x}");
                tokio::task::spawn_blocking(move || sqlite::restore(&path, &backup, &mark))
                    .await
                    .unwrap_or_else(|error| Err(error.into()))
            }
            Self::Postgres(url) => {
                if kind_of(backup) == Some(Kind::Sqlite) {
                    return Err(of_another_kind(backup, "SQLite", "PostgreSQL"));
                }
                PostgresStore::restore(&url.url, backup).await
            }
        }
    }

    /// Opens it, brought up to the newest migration.
    pub async fn open(&self) -> Result<Store, StoreError> {
        match self {
            Self::Sqlite { path, durability } => {
                let (path, durability) = (path.clone(), *durability);
                let open = move || SqliteStore::open_with(&path, durability);
                let store = tokio::task::spawn_blocking(open).await??;
                Ok(Store::Sqlite(store))
            }
            Self::Postgres(PostgresUrl { url, connections }) => {
                let store = PostgresStore::open_with(url, *connections).await?;
                Ok(Store::Postgres(store))
            }
        }
    }
}

/// Reads all of a file, and proves that it is a backup, whole and unchanged. Nothing but scratch files is written.
pub fn verify_backup(path: &Path) -> Result<Verified, StoreError> {
    if is_bare_sqlite(path) {
        return sqlite::verify_bare(path);
    }
    let reader = Reader::open(path)?;
    match reader.kind() {
        Kind::Sqlite => sqlite::verify(path, reader),
        Kind::Postgres => verify_postgres(path, reader),
    }
}

fn of_another_kind(path: &Path, of: &str, this: &str) -> StoreError {
    StoreError::NoBackup {
        path: path.to_owned(),
        cause: format!(
            "it is a backup of {of}, and this database is {this}; restore it into one of {of}, and let \
             `backlot database copy` bring that one here"
        ),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, .. } => path.display().fmt(formatter),
            Self::Postgres(url) => url.fmt(formatter),
        }
    }
}
