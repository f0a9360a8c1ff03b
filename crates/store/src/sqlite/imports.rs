//! An import takes an instance's place, and everything goes: whole changes, in one transaction each.

use rusqlite::{Connection, params};

use super::SqliteStore;
use super::statement::execute;
use crate::StoreError;
use crate::imports::Import;
use crate::instance_details::Details;
use crate::markers::IMPORT;
use crate::sql::bind;
use crate::tables::LEFT_BEHIND;

/// Writes that are based on an earlier definition become outdated.
const OUTDATE: &str = "
    UPDATE collections AS staged SET
        revision   = staged.revision + present.revision + 1,
        definition = json_set(staged.definition, '$.revision', staged.revision + present.revision + 1)
    FROM collections AS present
    WHERE staged.instance_id = ?1 AND present.instance_id = ?2 AND present.id = staged.id";

impl SqliteStore {
    pub(crate) async fn take_over_import(&self, import: Import) -> Result<(), StoreError> {
        let answer = import.details.as_ref().map(Details::to_json).transpose()?;
        let outcome = self
            .write_for(import.instance_id, move |connection| {
                take_over(connection, &import, answer.as_deref())
            })
            .await;
        self.definition_cache.forget_all();
        outcome
    }

    pub(crate) async fn wipe(&self) -> Result<(), StoreError> {
        let outcome = self
            .write_with(|connection| {
                let mut tables = connection.prepare(
                    // The places that were given out stay given out.
                    "SELECT name FROM sqlite_schema
                     WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'last_places'",
                )?;
                let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
                for table in tables {
                    let name = table?.replace('"', "\"\"");
                    connection.execute(&format!("DELETE FROM \"{name}\""), [])?;
                }
                Ok(())
            })
            .await;
        self.definition_cache.forget_all();
        outcome
    }

    pub(crate) fn forget_remembered(&self) {
        self.definition_cache.forget_all();
    }
}

fn take_over(
    connection: &Connection,
    import: &Import,
    answer: Option<&str>,
) -> Result<(), StoreError> {
    let (staged, present) = (import.staged.as_bytes(), import.instance_id.as_bytes());
    connection.execute(OUTDATE, params![staged, present])?;
    if import.replaces {
        connection.execute("DELETE FROM jobs WHERE instance_id = ?1", [present])?;
    }
    for table in import.tables() {
        // What is left of the keys of earlier collections is in no items' place.
        if import.replaces || LEFT_BEHIND.contains(&table) {
            connection.execute(
                &format!("DELETE FROM {table} WHERE instance_id = ?1"),
                [present],
            )?;
        }
        let sql = format!("UPDATE {table} SET instance_id = ?2 WHERE instance_id = ?1");
        connection.execute(&sql, params![staged, present])?;
    }
    if let Some(delta) = &import.sighting {
        let delete = "DELETE FROM instances WHERE instance_id = ?1";
        execute(connection, delete, &bind![import.instance_id])?;
        super::instances::add(connection, delta)?;
    }
    if let (Some(details), Some(answer)) = (&import.details, answer) {
        super::instance_details::upsert(connection, details, answer)?;
    }
    let marker = format!("{IMPORT}{}", import.staged);
    connection.execute("DELETE FROM markers WHERE name = ?1", [marker])?;
    Ok(())
}
