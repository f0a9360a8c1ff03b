//! Markers in SQLite.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::SqliteStore;
use crate::StoreError;

impl SqliteStore {
    pub(crate) async fn marker(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.read_with(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT value FROM markers WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| row.get(0)).optional()?)
        })
        .await
    }

    pub(crate) async fn markers(
        &self,
        beginning: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let beginning = beginning.to_owned();
        self.read_with(move |connection| {
            let sql = "SELECT name, value FROM markers WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([beginning], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn set_marker(
        &self,
        name: &str,
        value: Option<String>,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write_with(move |connection| set(connection, &name, value.as_deref()))
            .await
    }
}

pub(super) fn set(
    connection: &Connection,
    name: &str,
    value: Option<&str>,
) -> Result<(), StoreError> {
    match value {
        Some(value) => connection.execute(
            "INSERT INTO markers (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![name, value],
        )?,
        None => connection.execute("DELETE FROM markers WHERE name = ?1", [name])?,
    };
    Ok(())
}
