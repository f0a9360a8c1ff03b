//! Which database, and where.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};

use crate::backup::Kind;
use crate::backup::file::kind_of;
use crate::postgres::{self, PostgresStore};
use crate::sqlite::{self, Durability, SqliteStore};
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
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// `postgres://user:password@host:port/name`, and how many connections a node may have. The password cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: String,
    connections: u32,
}

impl PostgresUrl {
    /// Takes an address; `None` for one that is none of PostgreSQL's.
    pub fn new(url: &str) -> Option<Self> {
        let scheme = url
            .strip_prefix("jdbc:")
            .unwrap_or(url)
            .split("://")
            .next()?;
        // Some tools name a driver, too: postgresql+psycopg2://
        let database = scheme.split('+').next()?;
        let is_one = url.contains("://") && ["postgres", "postgresql"].contains(&database);
        is_one.then(|| Self {
            url: url.to_owned(),
            connections: postgres::DEFAULT_CONNECTIONS,
        })
    }

    /// The same, with so many connections at most.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresUrl({self})")
    }
}

/// Without user, password and parameters.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or_default();
        // A password may hold a question mark.
        let place = rest.rsplit('@').next().unwrap_or_default();
        let place = place.split('?').next().unwrap_or_default();
        write!(formatter, "{scheme}://{place}")
    }
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

    /// Puts a backup in the place of everything that is kept here, in one transaction: whoever has it open sees
    /// the old content, and then the new. A file that is no whole backup of the same kind of database, or one of a
    /// newer program, changes nothing.
    pub async fn restore(&self, backup: &Path) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { path, .. } => {
                if kind_of(backup) == Some(Kind::Postgres) {
                    return Err(of_another_kind(backup, "PostgreSQL", "SQLite"));
                }
                let (path, backup) = (path.clone(), backup.to_owned());
                let random = RandomState::new().build_hasher().finish();
                let mark = format!("{random:016x}");
                tokio::task::spawn_blocking(move || sqlite::restore(&path, &backup, &mark))
                    .await
                    .unwrap_or_else(|error| Err(StoreError::Refused(error.to_string())))
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
                let store = tokio::task::spawn_blocking(open)
                    .await
                    .map_err(|error| StoreError::Refused(error.to_string()))?;
                Ok(Store::Sqlite(store?))
            }
            Self::Postgres(PostgresUrl { url, connections }) => {
                let store = PostgresStore::open_with(url, *connections).await?;
                Ok(Store::Postgres(store))
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://app:s3cret@db.example:5433/backlot?sslmode=require",
                "postgres://db.example:5433/backlot",
            ),
            ("postgresql://127.0.0.1/test", "postgresql://127.0.0.1/test"),
            ("postgres://app:p%40ss@w@host/x", "postgres://host/x"),
            ("postgres://app:pa?ss=w@host/x?a=b", "postgres://host/x"),
            (
                "postgresql+psycopg2://app:w@host/x",
                "postgresql+psycopg2://host/x",
            ),
        ] {
            let url = PostgresUrl::new(url).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("PostgresUrl({shown})"));
        }
        for other in ["mysql://x", "postgres", "postgres:x", "postgresqlx://h/x"] {
            assert!(PostgresUrl::new(other).is_none(), "{other}");
        }
    }
}
