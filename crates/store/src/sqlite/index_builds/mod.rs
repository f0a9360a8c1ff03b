//! Builds of indexes in SQLite.
//!
//! - [`redefine`]: what a changed definition makes of keys, in its own transaction
//! - [`piece`]: one piece of what it leaves
//!
//! A reader works the keys of a piece out, and the writer makes them if the items are still the same.

mod piece;
mod redefine;

use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use backlot_wix::data::collection::IndexId;
use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use crate::StoreError;
use crate::index_builds::{BuildProgress, IndexState, UnreadyIndex};
use piece::NextPiece;
pub(super) use redefine::reindex;

impl SqliteStore {
    pub(crate) async fn build_piece(
        &self,
        instance_id: InstanceId,
    ) -> Result<BuildProgress, StoreError> {
        let next = self
            .readers
            .read_long(Budget::unlimited(), move |reader| {
                reader.in_snapshot(|connection| NextPiece::find(connection, instance_id))
            })
            .await?;
        let Some(next) = next else {
            return Ok(BuildProgress::Idle);
        };
        let collection = next.build().collection.clone();
        let done = self
            .write_for(instance_id, move |connection| next.write(connection))
            .await?;
        if done.changes_state {
            self.definition_cache.forget(instance_id, &collection);
        }
        Ok(done.progress)
    }

    pub(crate) async fn retry_failed_builds(&self) -> Result<(), StoreError> {
        self.write_with(|connection| {
            connection
                .prepare_cached(
                    "UPDATE index_builds SET state = 'CLEARING', position = 0, failure = NULL
                     WHERE state = 'FAILED' AND collection IN (SELECT id FROM declared_collections)",
                )?
                .execute([])?;
            Ok(())
        })
        .await?;
        self.definition_cache.forget_all();
        Ok(())
    }
}

/// Those of the indexes of an instance's collection that are not ready.
pub(super) fn unready(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &str,
) -> Result<Vec<UnreadyIndex>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT index_id, state, failure FROM index_builds WHERE instance_id = ?1 AND collection = ?2",
    )?;
    let mut rows = statement.query(params![instance_id.as_bytes(), collection])?;
    let mut unready = Vec::new();
    while let Some(row) = rows.next()? {
        unready.push(read_unready(row, 0)?);
    }
    Ok(unready)
}

/// Those of all indexes of an instance that are not ready, with their collections.
pub(super) fn all_unready(
    connection: &Connection,
    instance_id: InstanceId,
) -> Result<Vec<(String, UnreadyIndex)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT collection, index_id, state, failure FROM index_builds WHERE instance_id = ?1",
    )?;
    let mut rows = statement.query([instance_id.as_bytes()])?;
    let mut unready = Vec::new();
    while let Some(row) = rows.next()? {
        unready.push((row.get(0)?, read_unready(row, 1)?));
    }
    Ok(unready)
}

/// `index_id, state, failure`, from a column on.
fn read_unready(row: &Row<'_>, first: usize) -> Result<UnreadyIndex, StoreError> {
    let (state, failure): (String, Option<String>) = (row.get(first + 1)?, row.get(first + 2)?);
    Ok(UnreadyIndex {
        index_id: row.get(first)?,
        state: IndexState::from_row(&state, failure.as_deref())?,
    })
}

/// Begins clearing, or building, an index from the beginning.
fn begin(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &str,
    index_id: IndexId,
    state: &'static str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO index_builds (instance_id, collection, index_id, state, position)
             VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (instance_id, collection, index_id) DO UPDATE SET
                 state    = excluded.state,
                 position = 0,
                 failure  = NULL",
        )?
        .execute(params![instance_id.as_bytes(), collection, index_id, state])?;
    Ok(())
}

/// Ends a build: without a row, the index is ready.
fn end(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &str,
    index_id: IndexId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM index_builds WHERE instance_id = ?1 AND collection = ?2 AND index_id = ?3",
        )?
        .execute(params![instance_id.as_bytes(), collection, index_id])?;
    Ok(())
}

/// Leaves what a deleted collection's indexes still hold to be cleared. Those whose keys were kept hold nothing.
pub(super) fn forget_collection(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &str,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM index_builds WHERE instance_id = ?1 AND collection = ?2 AND state = 'BUILDING'",
        "UPDATE index_builds SET state = 'CLEARING', position = 0, failure = NULL
         WHERE instance_id = ?1 AND collection = ?2",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![instance_id.as_bytes(), collection])?;
    }
    Ok(())
}
