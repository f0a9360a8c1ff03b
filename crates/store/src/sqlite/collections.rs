//! Collections in SQLite.

use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{Budget, DataError};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::declared::{declare, try_to_declare};
use super::definitions::{
    self, find_current_within, has_builds, instances_with_items, is_taken, keep_json, others, read,
    read_declared, read_with_size,
};
use super::index_builds::{self, reindex};
use super::readers::Reader;
use crate::Backfill;
use crate::StoreError;
use crate::collections::{
    Collection, CollectionHead, Usage, Violations, exists, first_revision, merge, parse, stale,
    write,
};
use crate::index_builds::AtOnce;
use crate::items::CollectionRef;

impl SqliteStore {
    pub(crate) async fn find_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        self.find_collection_within(instance_id, id, usize::MAX)
            .await
    }

    pub(crate) async fn find_collection_within(
        &self,
        instance_id: InstanceId,
        id: &str,
        most_bytes: usize,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        if let Some(known) = self.definition_cache.get(instance_id, id) {
            return Ok(known);
        }
        let (found, is_same) = self.readers.read(Budget::unlimited(), |reader| {
            reader.in_snapshot(|connection| {
                let found = find_current_within(connection, instance_id, id, most_bytes)?;
                let is_declared = found.as_ref().is_some_and(|it| it.declared);
                Ok((found, is_declared && !has_builds(connection, id)?))
            })
        })?;
        Ok(match found {
            Some(found) if is_same => Some(self.definition_cache.put_same(id, found)),
            found => self.definition_cache.put_own(instance_id, id, found),
        })
    }

    pub(crate) async fn list_collection_heads(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<CollectionHead>, StoreError> {
        let read = move |reader: &Reader| definitions::heads(&reader.connection, instance_id);
        self.readers.read_long(Budget::unlimited(), read).await
    }

    pub(crate) async fn list_definitions(
        &self,
        instance_id: InstanceId,
        ids: Vec<String>,
    ) -> Result<Vec<Definition>, StoreError> {
        let read_all = move |connection: &Connection| {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let definition = match read(connection, None, &id)? {
                    None => read(connection, Some(instance_id), &id)?,
                    declared => declared,
                };
                found.extend(definition);
            }
            Ok(found)
        };
        self.readers
            .read_long(Budget::unlimited(), move |reader| {
                reader.in_snapshot(read_all)
            })
            .await
    }

    pub(crate) async fn list_collections(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Arc<Collection>>, StoreError> {
        let read = move |connection: &Connection| {
            let declared = read_declared(connection)?;
            let mut own = connection
                .prepare_cached("SELECT definition FROM collections WHERE instance_id = ?1")?;
            let own = own.query_map([instance_id.as_bytes()], |row| row.get::<_, String>(0))?;
            let own = own
                .map(|json| parse(&json?))
                .collect::<Result<_, StoreError>>()?;
            let unready = index_builds::all_unready(connection, instance_id)?;
            Ok(merge(declared, own, unready))
        };
        self.readers
            .read_long(Budget::unlimited(), move |reader| reader.in_snapshot(read))
            .await
    }

    pub(crate) async fn insert_collection(
        &self,
        instance_id: InstanceId,
        mut definition: Definition,
    ) -> Result<Definition, StoreError> {
        definition.revision = first_revision(&definition);
        definition.check_size()?;
        let json = write(&definition)?;
        let id = definition.id.clone();
        let outcome = self
            .write_for(instance_id, move |connection| {
                if is_taken(connection, instance_id, &definition.id)? {
                    return Err(exists(&definition.id).into());
                }
                let others = others(connection, instance_id, &definition.id)?;
                others.check_new(&json)?;
                keep_json(connection, instance_id, &definition, &json)?;
                Ok(definition)
            })
            .await;
        self.definition_cache.forget(instance_id, &id);
        outcome
    }

    pub(crate) async fn update_collection(
        &self,
        instance_id: InstanceId,
        mut definition: Definition,
    ) -> Result<Definition, StoreError> {
        definition.check_size()?;
        let id = definition.id.clone();
        let outcome = self
            .write_for(instance_id, move |connection| {
                let Some((before, bytes)) =
                    read_with_size(connection, Some(instance_id), &definition.id, usize::MAX)?
                else {
                    return Err(DataError::collection_missing(&definition.id).into());
                };
                if before.revision != definition.revision {
                    return Err(stale(&before).into());
                }
                definition.revision += 1;
                let json = write(&definition)?;
                let others = others(connection, instance_id, &definition.id)?;
                others.check_bytes(&json, bytes)?;
                let (old, new) = (
                    Collection::new(before, false),
                    Collection::new(definition, false),
                );
                reindex(connection, instance_id, &old, &new, &mut AtOnce::default())?;
                keep_json(connection, instance_id, &new.definition, &json)?;
                Ok(new.definition)
            })
            .await;
        self.definition_cache.forget(instance_id, &id);
        outcome
    }

    pub(crate) async fn delete_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<bool, StoreError> {
        if let Some(found) = self.find_collection(instance_id, id).await?
            && !found.declared
        {
            let of = CollectionRef::new(instance_id, found);
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
                index_builds::forget_collection(connection, instance_id, &collection)?;
                connection
                    .prepare_cached("DELETE FROM collections WHERE instance_id = ?1 AND id = ?2")?
                    .execute(params![instance_id.as_bytes(), collection])?;
                Ok(true)
            })
            .await;
        self.definition_cache.forget(instance_id, id);
        outcome
    }

    pub(crate) async fn list_declared_collections(&self) -> Result<Vec<Definition>, StoreError> {
        self.read_with(read_declared).await
    }

    pub(crate) async fn declare_collections(
        &self,
        definitions: Vec<Definition>,
        trial: bool,
    ) -> Result<(), StoreError> {
        if trial {
            let look = move |connection: &Connection| try_to_declare(connection, &definitions);
            return self.read_unlimited(look).await;
        }
        let outcome = self
            .write_with(move |connection| declare(connection, &definitions))
            .await;
        self.definition_cache.forget_all();
        outcome
    }

    pub(crate) async fn collection_usage(&self, id: &str) -> Result<Usage, StoreError> {
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

    pub(crate) async fn list_instances_with_items(
        &self,
        id: &str,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let id = id.to_owned();
        self.read_unlimited(move |connection| instances_with_items(connection, &id))
            .await
    }

    pub(crate) async fn count_items_in(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<u64, StoreError> {
        let id = id.to_owned();
        self.read_unlimited(move |connection| {
            let sql = "SELECT count(*) FROM items WHERE instance_id = ?1 AND collection = ?2";
            let parameters = params![instance_id.as_bytes(), id];
            let count: i64 = connection.query_row(sql, parameters, |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
        .await
    }

    pub(crate) async fn delete_unreachable_items(
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

    pub(crate) async fn rename_links(
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

    pub(crate) async fn list_violations(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Violations, StoreError> {
        let backfill = backfill.clone();
        let collection = Collection::new(definition.clone(), true);
        self.read_unlimited(move |connection| {
            let mut items = connection
                .prepare("SELECT instance_id, item_id, data FROM items WHERE collection = ?1")?;
            let mut rows = items.query([&collection.definition.id])?;
            let mut violations = Violations::default();
            while let Some(row) = rows.next()? {
                let (instance_id, id, json): ([u8; 16], String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let object =
                    serde_json::from_str(&json).map_err(StoreError::not_json("an item"))?;
                violations.look(
                    &collection,
                    InstanceId::from_bytes(instance_id),
                    &id,
                    object,
                    &backfill,
                );
            }
            Ok(violations)
        })
        .await
    }
}
