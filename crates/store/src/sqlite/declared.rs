//! Collections that the configuration declares: every instance has them.

use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use rusqlite::{Connection, params};

use super::definitions::{instances_with_items, keep_declared, read, read_declared};
use super::index_builds::reindex;
use crate::StoreError;
use crate::collections::{Collection, gone, redeclared, without_declaration};
use crate::index_builds::AtOnce;
use crate::index_trial::IndexTrial;

/// Puts the declared collections in the place of those before.
pub(super) fn declare(
    connection: &Connection,
    definitions: &[Definition],
) -> Result<(), StoreError> {
    let before = read_declared(connection)?;
    let mut at_once = AtOnce::default();
    for definition in definitions {
        let Some((old, new)) = redeclared(&before, definition) else {
            continue;
        };
        for instance_id in instances_with_items(connection, &new.definition.id)? {
            let unknown = without_declaration(&new);
            let old = old.as_ref().unwrap_or(&unknown);
            reindex(connection, instance_id, old, &new, &mut at_once)
                .map_err(|error| error.of_instance(instance_id))?;
        }
        keep_declared(connection, &new.definition)?;
    }
    for definition in gone(&before, definitions) {
        connection
            .prepare_cached("DELETE FROM declared_collections WHERE id = ?1")?
            .execute([&definition.id])?;
        // If an instance has its own collection with this id, that one counts again, and knows
        // nothing of what was written meanwhile.
        for instance_id in instances_with_items(connection, &definition.id)? {
            let Some(own) = read(connection, Some(instance_id), &definition.id)? else {
                continue;
            };
            let own = Collection::new(own, false);
            let unknown = without_declaration(&own);
            reindex(connection, instance_id, &unknown, &own, &mut at_once)
                .map_err(|error| error.of_instance(instance_id))?;
        }
    }
    Ok(())
}

/// Looks whether the items can be in the indexes that these definitions add, however many there are.
pub(super) fn try_to_declare(
    connection: &Connection,
    definitions: &[Definition],
) -> Result<(), StoreError> {
    let before = read_declared(connection)?;
    for definition in definitions {
        let Some((old, new)) = redeclared(&before, definition) else {
            continue;
        };
        let old = old.unwrap_or_else(|| without_declaration(&new));
        for instance_id in instances_with_items(connection, &new.definition.id)? {
            try_indexes(connection, instance_id, &old, &new)?;
        }
    }
    for definition in gone(&before, definitions) {
        for instance_id in instances_with_items(connection, &definition.id)? {
            let Some(own) = read(connection, Some(instance_id), &definition.id)? else {
                continue;
            };
            let own = Collection::new(own, false);
            try_indexes(connection, instance_id, &without_declaration(&own), &own)?;
        }
    }
    Ok(())
}

fn try_indexes(
    connection: &Connection,
    instance_id: InstanceId,
    old: &Collection,
    new: &Collection,
) -> Result<(), StoreError> {
    let mut trial = IndexTrial::new(old, new);
    if trial.is_empty() {
        return Ok(());
    }
    let mut items = connection
        .prepare_cached("SELECT data FROM items WHERE instance_id = ?1 AND collection = ?2")?;
    let mut rows = items.query(params![instance_id.as_bytes(), new.definition.id])?;
    while let Some(row) = rows.next()? {
        let json: String = row.get(0)?;
        let object = serde_json::from_str(&json).map_err(StoreError::not_json("an item"))?;
        if let Err(fault) = trial.look(&object) {
            return Err(StoreError::from(fault).of_instance(instance_id));
        }
    }
    Ok(())
}
