//! Markers of the database as a whole.

use super::Store;
use crate::StoreError;
use crate::sql::{Row, Scope, bind};

const FIND: &str = "SELECT value FROM markers WHERE name = $1";

const LIST: &str =
    "SELECT name, value FROM markers WHERE substr(name, 1, length($1)) = $1 ORDER BY name";

const UPSERT: &str = "
    INSERT INTO markers (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

const DELETE: &str = "DELETE FROM markers WHERE name = $1";

impl Store {
    /// Finds the value of a marker.
    pub async fn find_marker(&self, name: &str) -> Result<Option<String>, StoreError> {
        let read = |row: &Row<'_>| row.get(0);
        self.query_one(Scope::Owner, FIND, &bind![name], read).await
    }

    /// Lists the markers whose names have a prefix, by name.
    pub async fn list_markers(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.query(Scope::Owner, LIST, &bind![prefix], read).await
    }

    /// Sets a marker, or deletes it if there is no value.
    pub async fn set_marker(&self, name: &str, value: Option<String>) -> Result<(), StoreError> {
        let changed = match &value {
            Some(value) => {
                self.execute(Scope::Owner, UPSERT, &bind![name, value])
                    .await
            }
            None => self.execute(Scope::Owner, DELETE, &bind![name]).await,
        };
        changed.map(drop)
    }
}
