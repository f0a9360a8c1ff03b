//! What a changed definition makes of the keys of an instance's items: what is little at once, and the rest in pieces.

use backlot_wix::InstanceId;
use backlot_wix::data::Object;
use rusqlite::{Connection, params};

use super::{begin, end};
use crate::StoreError;
use crate::collections::{Collection, Prepared};
use crate::index_builds::{AtOnce, PieceRoom};
use crate::items::key_change::{KeyChange, Rebuild, changes};
use crate::sqlite::items::keys;

/// The key changes of one item.
type ItemChanges<'collection> = (i64, Vec<KeyChange<'collection>>);

/// Makes the keys of an instance's items what the new definition needs, or leaves it to pieces. `WDE0123` when it is
/// found at once that something is not unique; the caller then rolls the transaction back.
pub(in crate::sqlite) fn reindex(
    connection: &Connection,
    instance_id: InstanceId,
    old: &Collection,
    new: &Collection,
    at_once: &mut AtOnce,
) -> Result<(), StoreError> {
    let id = &new.definition.id;
    let Rebuild { dropped, added } = Rebuild::new(old, new);
    let mut clear = |index: &Prepared| {
        let removals = &mut at_once.removals;
        if keys::remove_some(connection, instance_id, index.id, removals)? {
            end(connection, instance_id, id, index.id)?;
            return Ok::<_, StoreError>(true);
        }
        begin(connection, instance_id, id, index.id, "CLEARING")?;
        Ok(false)
    };
    for index in dropped {
        clear(index)?;
    }
    let mut cleared = Vec::new();
    for index in added {
        if clear(index)? {
            cleared.push(index.clone());
        }
    }
    if cleared.is_empty() {
        return Ok(());
    }
    let added = new.with_indexes(cleared);
    let Some(all) = changes_of_few(connection, instance_id, &added, &mut at_once.room)? else {
        for index in &added.indexes {
            begin(connection, instance_id, id, index.id, "BUILDING")?;
        }
        return Ok(());
    };
    for (sequence, changes) in &all {
        keys::check_unique(connection, instance_id, changes)?;
        keys::apply(connection, instance_id, *sequence, changes)?;
    }
    Ok(())
}

/// The keys that are to be made, if there is room for all of them.
fn changes_of_few<'collection>(
    connection: &Connection,
    instance_id: InstanceId,
    added: &'collection Collection,
    room: &mut PieceRoom,
) -> Result<Option<Vec<ItemChanges<'collection>>>, StoreError> {
    let (tenant, id) = (instance_id.as_bytes(), &added.definition.id);
    let most = i64::try_from(room.items() + 1).unwrap_or(i64::MAX);
    // Sizes stand beside the items, which are read only if there is room for them.
    let mut sizes = connection.prepare_cached(
        "SELECT octet_length(data) FROM items WHERE instance_id = ?1 AND collection = ?2 LIMIT ?3",
    )?;
    let mut sizes = sizes.query(params![tenant, id, most])?;
    let mut measured = room.clone();
    while let Some(row) = sizes.next()? {
        let bytes: i64 = row.get(0)?;
        if !measured.take(usize::try_from(bytes).unwrap_or(usize::MAX), 0) {
            return Ok(None);
        }
    }
    let mut items = connection.prepare_cached(
        "SELECT sequence, data FROM items WHERE instance_id = ?1 AND collection = ?2",
    )?;
    let mut rows = items.query(params![tenant, id])?;
    let (mut left, mut all) = (room.clone(), Vec::new());
    while let Some(row) = rows.next()? {
        let (sequence, json): (i64, String) = (row.get(0)?, row.get(1)?);
        let object: Object =
            serde_json::from_str(&json).map_err(StoreError::not_json("an item"))?;
        let changes = changes(added, None, Some(&object))?;
        if !left.take(json.len(), changes.iter().map(|it| it.new.len()).sum()) {
            return Ok(None);
        }
        all.push((sequence, changes));
    }
    *room = left;
    Ok(Some(all))
}
