//! Where tests keep their stores. A database joins here: a place of its own, and a module in the macro.

#[path = "../place/server.rs"]
mod server;

use backlot_store::Store;
use backlot_store::postgres::PostgresStore;
use backlot_store::sqlite::{Durability, SqliteStore};

/// Each of these on every database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::place::Place::folder()).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::place::Place::database().await).await;
            })*
        }
    };
}

/// One database. A second [`Place::open`] is a second node.
pub(crate) enum Place {
    /// For SQLite.
    Folder(tempfile::TempDir),
    /// For PostgreSQL.
    Database(Box<server::Database>),
}

impl Place {
    /// A new folder.
    pub(crate) fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    /// A new database.
    pub(crate) async fn database() -> Self {
        Self::Database(Box::new(server::Database::create().await))
    }

    /// Opens what is there.
    pub(crate) async fn open(&self) -> Store {
        match self {
            // No test takes the power away, and so many wait for the disk.
            Self::Folder(folder) => {
                let path = folder.path().join("backlot.db");
                Store::Sqlite(SqliteStore::open_with(&path, Durability::Relaxed).unwrap())
            }
            Self::Database(database) => {
                Store::Postgres(PostgresStore::open(&database.url()).await.unwrap())
            }
        }
    }
}
