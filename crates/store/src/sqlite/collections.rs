//! Collections in SQLite.

use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{Budget, Fault, limits};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::SqliteStore;
use super::items::keys;
use super::readers::Reader;
use crate::collections::{
    Collection, Collections, Misfits, Usage, exists, first_revision, parse, stale, together,
    too_many, undeclared, write,
};
use crate::items::ItemsOf;
use crate::items::no_json;
use crate::{Backfill, StoreError};

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

impl Collections for SqliteStore {
    async fn collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        for owner in [None, Some(instance_id)] {
            let known = if let Some(known) = self.catalog.get(owner, id) {
                known
            } else {
                let read = |reader: &Reader| read(&reader.connection, owner, id);
                let known = self.readers.read(Budget::unlimited(), read)?;
                let known = known.map(|it| Arc::new(Collection::new(it, owner.is_none())));
                self.catalog.put(owner, id, known)
            };
            if known.is_some() {
                return Ok(known);
            }
        }
        Ok(None)
    }

    async fn collections(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Arc<Collection>>, StoreError> {
        self.read_with(move |connection| {
            let declared = read_declared(connection)?;
            let mut own = connection
                .prepare_cached("SELECT definition FROM collections WHERE instance_id = ?1")?;
            let own = own.query_map([instance_id.as_bytes()], |row| row.get::<_, String>(0))?;
            let own = own
                .map(|json| parse(&json?))
                .collect::<Result<_, StoreError>>()?;
            Ok(together(declared, own))
        })
        .await
    }

    async fn create_collection(
        &self,
        instance_id: InstanceId,
        mut definition: Definition,
    ) -> Result<Result<Definition, Fault>, StoreError> {
        definition.revision = first_revision(&definition);
        let id = definition.id.clone();
        let outcome = self
            .write_for(instance_id, move |connection| {
                let taken = read(connection, None, &definition.id)?.is_some()
                    || read(connection, Some(instance_id), &definition.id)?.is_some();
                if taken {
                    return Ok(Err(exists(&definition.id)));
                }
                let count: u32 = connection
                    .prepare_cached("SELECT count(*) FROM collections WHERE instance_id = ?1")?
                    .query_row([instance_id.as_bytes()], |row| row.get(0))?;
                if count as usize >= limits::COLLECTIONS {
                    return Ok(Err(too_many()));
                }
                keep(connection, instance_id, &definition)?;
                Ok(Ok(definition))
            })
            .await;
        self.catalog.forget(Some(instance_id), &id);
        outcome
    }

    async fn update_collection(
        &self,
        instance_id: InstanceId,
        mut definition: Definition,
    ) -> Result<Result<Definition, Fault>, StoreError> {
        let id = definition.id.clone();
        let outcome = self
            .write_for(instance_id, move |connection| {
                let Some(before) = read(connection, Some(instance_id), &definition.id)? else {
                    return Ok(Err(Fault::collection_missing(&definition.id)));
                };
                if before.revision != definition.revision {
                    return Ok(Err(stale(&before)));
                }
                definition.revision += 1;
                let (old, new) = (
                    Collection::new(before, false),
                    Collection::new(definition, false),
                );
                // An error undoes what was built until then; a fault alone would not.
                keys::rebuild(connection, instance_id, &old, &new)??;
                keep(connection, instance_id, &new.definition)?;
                Ok(Ok(new.definition))
            })
            .await;
        self.catalog.forget(Some(instance_id), &id);
        match outcome {
            Err(StoreError::GaveUp(fault)) => Ok(Err(fault)),
            other => other,
        }
    }

    async fn delete_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<bool, StoreError> {
        if let Some(found) = self.collection(instance_id, id).await?
            && !found.declared
        {
            let of = ItemsOf::new(instance_id, found);
            self.empty(&of).await?;
            self.forget_links(&of).await?;
        }
        let collection = id.to_owned();
        let outcome = self
            .write_for(instance_id, move |connection| {
                let Some(definition) = read(connection, Some(instance_id), &collection)? else {
                    return Ok(false);
                };
                super::items::truncate(
                    connection,
                    instance_id,
                    &Collection::new(definition, false),
                )?;
                connection
                    .prepare_cached("DELETE FROM collections WHERE instance_id = ?1 AND id = ?2")?
                    .execute(params![instance_id.as_bytes(), collection])?;
                Ok(true)
            })
            .await;
        self.catalog.forget(Some(instance_id), id);
        outcome
    }

    async fn declared_collections(&self) -> Result<Vec<Definition>, StoreError> {
        self.read_with(read_declared).await
    }

    async fn declare_collections(
        &self,
        definitions: Vec<Definition>,
        trial: bool,
    ) -> Result<Result<(), Fault>, StoreError> {
        let outcome = self
            .write_with(move |connection| {
                let declared = declare(connection, &definitions)?;
                match declared {
                    // What a savepoint holds is undone by an error.
                    Ok(()) if trial => Err(StoreError::Outdated),
                    Ok(()) => Ok(()),
                    Err(fault) => Err(StoreError::GaveUp(fault)),
                }
            })
            .await;
        self.catalog.forget_all();
        match outcome {
            Err(StoreError::GaveUp(fault)) => Ok(Err(fault)),
            Err(StoreError::Outdated) if trial => Ok(Ok(())),
            other => other.map(Ok),
        }
    }

    async fn usage(&self, id: &str) -> Result<Usage, StoreError> {
        let id = id.to_owned();
        self.read_unlimited(move |connection| {
            let (instances, items): (i64, i64) = connection.query_row(
                "SELECT count(DISTINCT instance_id), count(*) FROM items WHERE collection = ?1",
                [&id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let mut links = connection.prepare(
                "SELECT field, count(*) FROM item_links WHERE collection = ?1 GROUP BY field",
            )?;
            let links = links.query_map([&id], |row| {
                let count: i64 = row.get(1)?;
                Ok((row.get(0)?, count.cast_unsigned()))
            })?;
            Ok(Usage {
                instances: instances.cast_unsigned(),
                items: items.cast_unsigned(),
                links: links.collect::<Result<_, _>>()?,
            })
        })
        .await
    }

    async fn instances_with(&self, id: &str) -> Result<Vec<InstanceId>, StoreError> {
        let id = id.to_owned();
        self.read_unlimited(move |connection| instances_with_items(connection, &id))
            .await
    }

    async fn items_in(&self, instance_id: InstanceId, id: &str) -> Result<u64, StoreError> {
        let id = id.to_owned();
        self.read_unlimited(move |connection| {
            let sql = "SELECT count(*) FROM items WHERE instance_id = ?1 AND collection = ?2";
            let parameters = params![instance_id.as_bytes(), id];
            let count: i64 = connection.query_row(sql, parameters, |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
        .await
    }

    async fn remove_unreachable(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write_for(instance_id, move |connection| {
            let tenant = instance_id.as_bytes();
            for table in ["item_keys", "item_unique_keys"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE instance_id = ?1 AND sequence IN (
                         SELECT sequence FROM items WHERE instance_id = ?1 AND collection = ?2)"
                );
                connection.execute(&sql, params![tenant, id])?;
            }
            for sql in [
                "DELETE FROM item_links WHERE instance_id = ?1
                     AND (collection = ?2 OR referenced_collection = ?2)",
                "DELETE FROM items WHERE instance_id = ?1 AND collection = ?2",
            ] {
                connection.execute(sql, params![tenant, id])?;
            }
            Ok(())
        })
        .await
    }

    async fn change_links(
        &self,
        id: &str,
        field: &str,
        present: Option<&str>,
    ) -> Result<u64, StoreError> {
        let (id, field) = (id.to_owned(), field.to_owned());
        let present = present.map(str::to_owned);
        self.write_with(move |connection| {
            let mut count = 0;
            if let Some(present) = present {
                count += connection.execute(
                    "UPDATE OR IGNORE item_links SET field = ?3 WHERE collection = ?1 AND field = ?2",
                    params![id, field, present],
                )?;
            }
            count += connection.execute(
                "DELETE FROM item_links WHERE collection = ?1 AND field = ?2",
                params![id, field],
            )?;
            Ok(count as u64)
        })
        .await
    }

    async fn misfits(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Misfits, StoreError> {
        let backfill = backfill.clone();
        let collection = Collection::new(definition.clone(), true);
        self.read_unlimited(move |connection| {
            let mut items = connection
                .prepare("SELECT instance_id, item_id, data FROM items WHERE collection = ?1")?;
            let mut rows = items.query([&collection.definition.id])?;
            let mut misfits = Misfits::default();
            while let Some(row) = rows.next()? {
                let (instance_id, id, json): ([u8; 16], String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let object = serde_json::from_str(&json).map_err(no_json)?;
                misfits.look(
                    &collection,
                    InstanceId::from_bytes(instance_id),
                    &id,
                    object,
                    &backfill,
                );
            }
            Ok(misfits)
        })
        .await
    }
}

/// Puts the declared collections in the place of those before.
fn declare(
    connection: &Connection,
    definitions: &[Definition],
) -> Result<Result<(), Fault>, StoreError> {
    let before = read_declared(connection)?;
    for mut definition in definitions.iter().cloned() {
        let old = before.iter().find(|it| it.id == definition.id).cloned();
        if let Some(old) = &old {
            (definition.revision, definition.created_at) = (old.revision, old.created_at);
            if old.says_the_same_as(&definition) {
                continue;
            }
        }
        definition.revision += 1;
        let new = Collection::new(definition, true);
        let old = old.map(|it| Collection::new(it, true));
        for instance_id in instances_with_items(connection, &new.definition.id)? {
            let old = match &old {
                Some(old) => old.clone(),
                None => undeclared(
                    read(connection, Some(instance_id), &new.definition.id)?,
                    &new,
                ),
            };
            if let Err(fault) = keys::rebuild(connection, instance_id, &old, &new)? {
                return Ok(Err(fault.with("instanceId", instance_id.to_string())));
            }
        }
        keep_declared(connection, &new.definition)?;
    }
    let gone = before
        .iter()
        .filter(|it| definitions.iter().all(|new| new.id != it.id));
    for definition in gone {
        connection
            .prepare_cached("DELETE FROM declared_collections WHERE id = ?1")?
            .execute([&definition.id])?;
        // Where an instance has a collection of its own with this id, that one counts again, and knows
        // nothing of what was written meanwhile.
        for instance_id in instances_with_items(connection, &definition.id)? {
            let Some(own) = read(connection, Some(instance_id), &definition.id)? else {
                continue;
            };
            let own = Collection::new(own, false);
            let unknown = undeclared(None, &own);
            if let Err(fault) = keys::rebuild(connection, instance_id, &unknown, &own)? {
                return Ok(Err(fault.with("instanceId", instance_id.to_string())));
            }
        }
    }
    Ok(Ok(()))
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

fn read(
    connection: &Connection,
    owner: Option<InstanceId>,
    id: &str,
) -> Result<Option<Definition>, StoreError> {
    let json: Option<String> = match owner {
        None => connection
            .prepare_cached("SELECT definition FROM declared_collections WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?,
        Some(owner) => connection
            .prepare_cached(
                "SELECT definition FROM collections WHERE instance_id = ?1 AND id = ?2",
            )?
            .query_row(params![owner.as_bytes(), id], |row| row.get(0))
            .optional()?,
    };
    json.map(|json| parse(&json)).transpose()
}

fn read_declared(connection: &Connection) -> Result<Vec<Definition>, StoreError> {
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
    let (json, revision) = (write(definition)?, definition.revision.cast_signed());
    connection.prepare_cached(KEEP)?.execute(params![
        instance_id.as_bytes(),
        definition.id,
        json,
        revision
    ])?;
    Ok(())
}

fn keep_declared(connection: &Connection, definition: &Definition) -> Result<(), StoreError> {
    let (json, revision) = (write(definition)?, definition.revision.cast_signed());
    connection
        .prepare_cached(KEEP_DECLARED)?
        .execute(params![definition.id, json, revision])?;
    Ok(())
}

fn instances_with_items(
    connection: &Connection,
    collection: &str,
) -> Result<Vec<InstanceId>, StoreError> {
    let mut rows = connection
        .prepare_cached("SELECT DISTINCT instance_id FROM items WHERE collection = ?1")?;
    let rows = rows.query_map([collection], |row| row.get::<_, [u8; 16]>(0))?;
    rows.map(|bytes| Ok(InstanceId::from_bytes(bytes?)))
        .collect()
}
