//! Where tests keep their stores. A database joins here: a place of its own, and a module in the macro.

use backlot_store::Store;
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
    };
}

/// One database. A second [`Place::open`] is a second node.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// A new folder, for SQLite.
    pub(crate) fn folder() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Opens what is there.
    #[expect(clippy::unused_async, reason = "other databases are waited for")]
    pub(crate) async fn open(&self) -> Store {
        // No test takes the power away, and so many wait for the disk.
        let path = self.0.path().join("backlot.db");
        Store::Sqlite(SqliteStore::open_with(&path, Durability::Relaxed).unwrap())
    }
}
