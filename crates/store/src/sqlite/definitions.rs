//! The rows of definitions in SQLite.

use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::index_builds;
use crate::StoreError;
use crate::collections::{
    Collection, CollectionHead, OtherDefinitions, parse, too_large_to_read, write,
};

const KEEP: &str = "
    INSERT INTO collections (instance_id, id, definition, revision) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (instance_id, id) DO UPDATE SET
        definition = excluded.definition,
        revision   = excluded.revision";

const KEEP_DECLARED: &str = "
    INSERT INTO declared_collections (id, definition, revision) VALUES (?1, ?2, ?3)
    ON CONFLICT (id) DO UPDATE SET
        definition = excluded.definition,
        revision   = excluded.revision";

// The length of a text is known without the text.
const HEADS: &str = "
    SELECT id, octet_length(definition) FROM declared_collections
    UNION ALL
    SELECT id, octet_length(definition) FROM collections
    WHERE instance_id = ?1 AND id NOT IN (SELECT id FROM declared_collections)
    ORDER BY id";

const OTHERS: &str = "
    SELECT count(*), coalesce(sum(octet_length(definition)), 0)
    FROM collections WHERE instance_id = ?1 AND id <> ?2";

const TAKEN: &str = "
    SELECT EXISTS (SELECT 1 FROM declared_collections WHERE id = ?2)
        OR EXISTS (SELECT 1 FROM collections WHERE instance_id = ?1 AND id = ?2)";

/// Which collections an instance has, by id.
pub(super) fn heads(
    connection: &Connection,
    instance_id: InstanceId,
) -> Result<Vec<CollectionHead>, StoreError> {
    let mut heads = connection.prepare_cached(HEADS)?;
    let heads = heads.query_map([instance_id.as_bytes()], |row| {
        let bytes: i64 = row.get(1)?;
        Ok(CollectionHead {
            id: row.get(0)?,
            bytes: bytes.cast_unsigned(),
        })
    })?;
    Ok(heads.collect::<Result<_, _>>()?)
}

/// Whether an instance has a collection under an id.
pub(super) fn is_taken(
    connection: &Connection,
    instance_id: InstanceId,
    id: &str,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(TAKEN)?
        .query_row(params![instance_id.as_bytes(), id], |row| row.get(0))?)
}

/// The collection that an instance has under an id, as its indexes stand there.
pub(super) fn find_current(
    connection: &Connection,
    instance_id: InstanceId,
    id: &str,
) -> Result<Option<Collection>, StoreError> {
    find_current_within(connection, instance_id, id, usize::MAX)
}

pub(super) fn find_current_within(
    connection: &Connection,
    instance_id: InstanceId,
    id: &str,
    most_bytes: usize,
) -> Result<Option<Collection>, StoreError> {
    for owner in [None, Some(instance_id)] {
        if let Some((definition, _)) = read_with_size(connection, owner, id, most_bytes)? {
            let unready = index_builds::unready(connection, instance_id, id)?;
            let found = Collection::new(definition, owner.is_none());
            return Ok(Some(found.with_unready(&unready)));
        }
    }
    Ok(None)
}

/// Keeps the definition of a collection that an instance has, which may be declared.
pub(super) fn keep_current(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &Collection,
) -> Result<(), StoreError> {
    if collection.declared {
        keep_declared(connection, &collection.definition)
    } else {
        keep(connection, instance_id, &collection.definition)
    }
}

/// Whether some instance has indexes of a collection that are not ready.
pub(super) fn has_builds(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM index_builds WHERE collection = ?1)")?
        .query_row([id], |row| row.get(0))?)
}

/// The revision of the definition that counts for an instance's collection now.
pub(super) fn current_revision(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &Collection,
) -> Result<Option<u64>, StoreError> {
    let id = &collection.definition.id;
    let revision: Option<i64> = if collection.declared {
        connection
            .prepare_cached("SELECT revision FROM declared_collections WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?
    } else {
        connection
            .prepare_cached("SELECT revision FROM collections WHERE instance_id = ?1 AND id = ?2")?
            .query_row(params![instance_id.as_bytes(), id], |row| row.get(0))
            .optional()?
    };
    Ok(revision.map(i64::cast_unsigned))
}

pub(super) fn read(
    connection: &Connection,
    owner: Option<InstanceId>,
    id: &str,
) -> Result<Option<Definition>, StoreError> {
    let found = read_with_size(connection, owner, id, usize::MAX)?;
    Ok(found.map(|(definition, _)| definition))
}

/// A definition, and its bytes as JSON; [`too_large_to_read`] if these are more than so many.
pub(super) fn read_with_size(
    connection: &Connection,
    owner: Option<InstanceId>,
    id: &str,
    most_bytes: usize,
) -> Result<Option<(Definition, usize)>, StoreError> {
    let json = |row: &Row<'_>| {
        let json = row.get_ref(0)?.as_str()?;
        Ok((json.len() <= most_bytes).then(|| json.to_owned()))
    };
    let json: Option<Option<String>> = match owner {
        None => connection
            .prepare_cached("SELECT definition FROM declared_collections WHERE id = ?1")?
            .query_row([id], json)
            .optional()?,
        Some(owner) => connection
            .prepare_cached(
                "SELECT definition FROM collections WHERE instance_id = ?1 AND id = ?2",
            )?
            .query_row(params![owner.as_bytes(), id], json)
            .optional()?,
    };
    let Some(json) = json else { return Ok(None) };
    let json = json.ok_or_else(too_large_to_read)?;
    Ok(Some((parse(&json)?, json.len())))
}

/// The other collections of an instance.
pub(super) fn others(
    connection: &Connection,
    instance_id: InstanceId,
    id: &str,
) -> Result<OtherDefinitions, StoreError> {
    let (count, bytes): (i64, i64) = connection
        .prepare_cached(OTHERS)?
        .query_row(params![instance_id.as_bytes(), id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(OtherDefinitions {
        count: count.cast_unsigned(),
        bytes: bytes.cast_unsigned(),
    })
}

pub(super) fn read_declared(connection: &Connection) -> Result<Vec<Definition>, StoreError> {
    let mut all =
        connection.prepare_cached("SELECT definition FROM declared_collections ORDER BY id")?;
    let all = all.query_map([], |row| row.get::<_, String>(0))?;
    all.map(|json| parse(&json?)).collect()
}

fn keep(
    connection: &Connection,
    instance_id: InstanceId,
    definition: &Definition,
) -> Result<(), StoreError> {
    keep_json(connection, instance_id, definition, &write(definition)?)
}

pub(super) fn keep_json(
    connection: &Connection,
    instance_id: InstanceId,
    definition: &Definition,
    json: &str,
) -> Result<(), StoreError> {
    let revision = definition.revision.cast_signed();
    connection.prepare_cached(KEEP)?.execute(params![
        instance_id.as_bytes(),
        definition.id,
        json,
        revision
    ])?;
    Ok(())
}

pub(super) fn keep_declared(
    connection: &Connection,
    definition: &Definition,
) -> Result<(), StoreError> {
    let (json, revision) = (write(definition)?, definition.revision.cast_signed());
    connection
        .prepare_cached(KEEP_DECLARED)?
        .execute(params![definition.id, json, revision])?;
    Ok(())
}

pub(super) fn instances_with_items(
    connection: &Connection,
    collection: &str,
) -> Result<Vec<InstanceId>, StoreError> {
    // From one instance to the next, past its items.
    let mut rows = connection.prepare_cached(
        "WITH RECURSIVE tenants (id) AS (
             SELECT (SELECT min(instance_id) FROM items)
             UNION ALL
             SELECT (SELECT min(instance_id) FROM items WHERE instance_id > id)
             FROM tenants WHERE id IS NOT NULL
         )
         SELECT id FROM tenants WHERE id IS NOT NULL AND EXISTS (
             SELECT 1 FROM items WHERE instance_id = id AND collection = ?1)",
    )?;
    let rows = rows.query_map([collection], |row| row.get::<_, [u8; 16]>(0))?;
    rows.map(|bytes| Ok(InstanceId::from_bytes(bytes?)))
        .collect()
}
