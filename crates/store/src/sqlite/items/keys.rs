//! The keys of items in their collection's indexes.

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use backlot_wix::data::{Fault, Object};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;
use crate::collections::{Collection, Prepared};
use crate::items::key_change::{KeyChange, Rebuild, changes};
use crate::items::no_json;

/// `WDE0123` if another item has a key that must be unique.
pub(super) fn check_unique(
    connection: &Connection,
    instance_id: InstanceId,
    changes: &[KeyChange<'_>],
) -> Result<Result<(), Fault>, StoreError> {
    for change in changes.iter().filter(|change| change.index.index.unique) {
        for key in &change.new {
            let taken: Option<i64> = connection
                .prepare_cached(
                    "SELECT sequence FROM item_unique_keys
                     WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3",
                )?
                .query_row(
                    params![instance_id.as_bytes(), change.index.id, key],
                    |row| row.get(0),
                )
                .optional()?;
            if taken.is_some() {
                return Ok(Err(crate::items::change::not_unique(&change.index.index)));
            }
        }
    }
    Ok(Ok(()))
}

/// Writes the changes down.
pub(super) fn apply(
    connection: &Connection,
    instance_id: InstanceId,
    sequence: i64,
    changes: &[KeyChange<'_>],
) -> Result<(), StoreError> {
    let tenant = instance_id.as_bytes();
    for KeyChange {
        index,
        gone,
        new,
        exact,
    } in changes
    {
        let (delete, insert) = if index.index.unique {
            (
                "DELETE FROM item_unique_keys WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3 AND sequence = ?4",
                "INSERT INTO item_unique_keys (instance_id, index_id, key, sequence) VALUES (?1, ?2, ?3, ?4)",
            )
        } else {
            (
                "DELETE FROM item_keys WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3 AND sequence = ?4",
                "INSERT INTO item_keys (instance_id, index_id, key, sequence) VALUES (?1, ?2, ?3, ?4)",
            )
        };
        for (keys, sql) in [(gone, delete), (new, insert)] {
            for key in keys {
                connection
                    .prepare_cached(sql)?
                    .execute(params![tenant, index.id, key, sequence])?;
            }
        }
        if !exact {
            connection
                .prepare_cached(
                    "INSERT INTO inexact_indexes (instance_id, index_id) VALUES (?1, ?2)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![tenant, index.id])?;
        }
    }
    Ok(())
}

/// The indexes of a collection that find items, but in no order.
pub(super) fn inexact(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &Collection,
) -> Result<Vec<IndexId>, StoreError> {
    let mut inexact = Vec::new();
    for index in &collection.indexes {
        let found: Option<i64> = connection
            .prepare_cached(
                "SELECT 1 FROM inexact_indexes WHERE instance_id = ?1 AND index_id = ?2",
            )?
            .query_row(params![instance_id.as_bytes(), index.id], |row| row.get(0))
            .optional()?;
        if found.is_some() {
            inexact.push(index.id);
        }
    }
    Ok(inexact)
}

/// Forgets all keys of an index.
pub(super) fn drop_index(
    connection: &Connection,
    instance_id: InstanceId,
    index: &Prepared,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM item_keys WHERE instance_id = ?1 AND index_id = ?2",
        "DELETE FROM item_unique_keys WHERE instance_id = ?1 AND index_id = ?2",
        "DELETE FROM inexact_indexes WHERE instance_id = ?1 AND index_id = ?2",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![instance_id.as_bytes(), index.id])?;
    }
    Ok(())
}

/// Makes the keys of an instance's items what the new definition needs. `WDE0123` when what is to be
/// unique is not.
pub(in crate::sqlite) fn rebuild(
    connection: &Connection,
    instance_id: InstanceId,
    old: &Collection,
    new: &Collection,
) -> Result<Result<(), Fault>, StoreError> {
    let Rebuild { dropped, added } = Rebuild::new(old, new);
    for index in dropped {
        drop_index(connection, instance_id, index)?;
    }
    if added.indexes.is_empty() {
        return Ok(Ok(()));
    }
    let mut items = connection.prepare_cached(
        "SELECT sequence, data FROM items WHERE instance_id = ?1 AND collection = ?2",
    )?;
    let mut rows = items.query(params![instance_id.as_bytes(), new.definition.id])?;
    while let Some(row) = rows.next()? {
        let (sequence, json): (i64, String) = (row.get(0)?, row.get(1)?);
        let object: Object = serde_json::from_str(&json).map_err(no_json)?;
        let changes = match changes(&added, None, Some(&object)) {
            Ok(changes) => changes,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Err(fault) = check_unique(connection, instance_id, &changes)? {
            return Ok(Err(fault));
        }
        apply(connection, instance_id, sequence, &changes)?;
    }
    Ok(Ok(()))
}
