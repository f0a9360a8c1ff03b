//! Where a test keeps its database: a folder that vanishes, or a database of its own on a PostgreSQL server.

use backlot_store::Store;
use backlot_store::postgres::PostgresStore;
use backlot_store::sqlite::SqliteStore;

pub(crate) mod server;

/// A second [`Place::open`] is a second node.
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
            Self::Folder(folder) => {
                let path = folder.path().join("deep/backlot.db");
                Store::Sqlite(SqliteStore::open(&path).unwrap())
            }
            Self::Database(database) => {
                Store::Postgres(PostgresStore::open(&database.url()).await.unwrap())
            }
        }
    }
}
