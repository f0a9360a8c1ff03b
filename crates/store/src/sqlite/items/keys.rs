//! The keys of items in their collection's indexes.

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;
use crate::collections::{Collection, Prepared};
use crate::index_builds::{ItemKeys, MAX_PIECE_KEYS};
use crate::items::key_change::KeyChange;

/// `WDE0123` if another item has a key that must be unique.
pub(in crate::sqlite) fn check_unique(
    connection: &Connection,
    instance_id: InstanceId,
    changes: &[KeyChange<'_>],
) -> Result<(), StoreError> {
    for change in changes.iter().filter(|change| change.index.index.unique) {
        for key in &change.new {
            let taken = holder(connection, instance_id, change.index.id, key)?;
            if taken.is_some() {
                return Err(crate::items::effect::not_unique(&change.index.index).into());
            }
        }
    }
    Ok(())
}

/// The place of the item that has a unique key.
fn holder(
    connection: &Connection,
    instance_id: InstanceId,
    index_id: IndexId,
    key: &[u8],
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT sequence FROM item_unique_keys
             WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3",
        )?
        .query_row(params![instance_id.as_bytes(), index_id, key], |row| {
            row.get(0)
        })
        .optional()?)
}

fn mark_inexact(
    connection: &Connection,
    instance_id: InstanceId,
    index_id: IndexId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO inexact_indexes (instance_id, index_id) VALUES (?1, ?2)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![instance_id.as_bytes(), index_id])?;
    Ok(())
}

/// Writes the changes down.
pub(in crate::sqlite) fn apply(
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
            mark_inexact(connection, instance_id, index.id)?;
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
    for index in collection.ready_indexes() {
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

/// Makes the keys that an item lacks in an index that is being built. False if another item has one that must be unique.
pub(in crate::sqlite) fn make(
    connection: &Connection,
    instance_id: InstanceId,
    index: &Prepared,
    item_keys: &ItemKeys,
) -> Result<bool, StoreError> {
    let tenant = instance_id.as_bytes();
    let sql = if index.index.unique {
        "INSERT INTO item_unique_keys (instance_id, index_id, key, sequence) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING"
    } else {
        "INSERT INTO item_keys (instance_id, index_id, key, sequence) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING"
    };
    for key in &item_keys.keys {
        let made = connection.prepare_cached(sql)?.execute(params![
            tenant,
            index.id,
            key,
            item_keys.sequence
        ])?;
        if made == 0
            && index.index.unique
            && holder(connection, instance_id, index.id, key)? != Some(item_keys.sequence)
        {
            return Ok(false);
        }
    }
    if !item_keys.is_exact {
        mark_inexact(connection, instance_id, index.id)?;
    }
    Ok(true)
}

const KEYS: [(&str, &str); 2] = [
    (
        "SELECT key, sequence FROM item_keys WHERE instance_id = ?1 AND index_id = ?2 LIMIT ?3",
        "DELETE FROM item_keys WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3 AND sequence = ?4",
    ),
    (
        "SELECT key, sequence FROM item_unique_keys WHERE instance_id = ?1 AND index_id = ?2 LIMIT ?3",
        "DELETE FROM item_unique_keys WHERE instance_id = ?1 AND index_id = ?2 AND key = ?3 AND sequence = ?4",
    ),
];

/// Removes keys of an index, as many as there are removals left. Whether none is left of them.
pub(in crate::sqlite) fn remove_some(
    connection: &Connection,
    instance_id: InstanceId,
    index_id: IndexId,
    removals: &mut usize,
) -> Result<bool, StoreError> {
    let tenant = instance_id.as_bytes();
    for (select, delete) in KEYS {
        // One more than may go, so that it is known whether some are left.
        let most = i64::try_from(*removals + 1).unwrap_or(i64::MAX);
        let mut some = connection.prepare_cached(select)?;
        let some = some.query_map(params![tenant, index_id, most], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let some: Vec<(Vec<u8>, i64)> = some.collect::<Result<_, _>>()?;
        let mut delete = connection.prepare_cached(delete)?;
        for (key, sequence) in &some {
            if *removals == 0 {
                return Ok(false);
            }
            delete.execute(params![tenant, index_id, key, sequence])?;
            *removals -= 1;
        }
    }
    connection
        .prepare_cached("DELETE FROM inexact_indexes WHERE instance_id = ?1 AND index_id = ?2")?
        .execute(params![tenant, index_id])?;
    Ok(true)
}

/// Removes some keys of an instance, whatever they are of. Whether none is left.
pub(in crate::sqlite) fn remove_some_of_all(
    connection: &Connection,
    instance_id: InstanceId,
) -> Result<bool, StoreError> {
    let index_id: Option<IndexId> = connection
        .prepare_cached(
            "SELECT index_id FROM item_keys WHERE instance_id = ?1
             UNION ALL SELECT index_id FROM item_unique_keys WHERE instance_id = ?1 LIMIT 1",
        )?
        .query_row([instance_id.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(index_id) = index_id else {
        return Ok(true);
    };
    remove_some(connection, instance_id, index_id, &mut { MAX_PIECE_KEYS })?;
    Ok(false)
}

/// Forgets all keys of an index.
pub(super) fn drop_index(
    connection: &Connection,
    instance_id: InstanceId,
    index_id: IndexId,
) -> Result<(), StoreError> {
    let tenant = instance_id.as_bytes();
    for sql in [
        "DELETE FROM item_keys WHERE instance_id = ?1 AND index_id = ?2",
        "DELETE FROM item_unique_keys WHERE instance_id = ?1 AND index_id = ?2",
        "DELETE FROM inexact_indexes WHERE instance_id = ?1 AND index_id = ?2",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![tenant, index_id])?;
    }
    Ok(())
}
