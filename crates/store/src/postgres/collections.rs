//! Collections in PostgreSQL.

use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::DataError;
use backlot_wix::data::collection::{Definition, IndexId};
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::index_builds::{self, reindex};
use super::items::keys;
use super::lease::Lease;
use super::tenant::{Isolation, transaction, uuid};
use crate::Backfill;
use crate::StoreError;
use crate::collections::{
    Collection, CollectionHead, OtherDefinitions, Usage, Violations, exists, first_revision,
    in_order, merge, parse, stale, too_large_to_read, write,
};
use crate::index_builds::AtOnce;

const BOTH: &str = "
    SELECT (SELECT definition FROM declared_collections WHERE id = $2),
           (SELECT has_builds FROM declared_collections WHERE id = $2),
           (SELECT definition FROM collections WHERE instance_id = $1 AND id = $2),
           ARRAY(SELECT index_id FROM index_builds
                 WHERE instance_id = $1 AND collection = $2 ORDER BY index_id),
           ARRAY(SELECT state FROM index_builds
                 WHERE instance_id = $1 AND collection = $2 ORDER BY index_id),
           ARRAY(SELECT failure FROM index_builds
                 WHERE instance_id = $1 AND collection = $2 ORDER BY index_id)";

// A definition, declared or not; or, with no definition, what is not ready of a collection's indexes.
const ALL: &str = "
    SELECT definition, true, NULL::text, NULL::bigint[], NULL::text[], NULL::text[]
    FROM declared_collections
    UNION ALL
    SELECT definition, false, NULL, NULL, NULL, NULL FROM collections WHERE instance_id = $1
    UNION ALL
    SELECT NULL, false, collection, array_agg(index_id), array_agg(state), array_agg(failure)
    FROM index_builds WHERE instance_id = $1 GROUP BY collection";

const HEADS: &str = "
    SELECT id, octet_length(definition)::bigint FROM declared_collections
    UNION ALL
    SELECT id, octet_length(definition)::bigint FROM collections
    WHERE instance_id = $1 AND id NOT IN (SELECT id FROM declared_collections)";

// Of two of one id, the one that is declared.
const SOME: &str = "
    SELECT definition FROM declared_collections WHERE id = ANY ($2)
    UNION ALL
    SELECT definition FROM collections
    WHERE instance_id = $1 AND id = ANY ($2) AND id NOT IN (SELECT id FROM declared_collections)";

const OTHERS: &str = "
    SELECT count(*), coalesce(sum(octet_length(definition)), 0)::bigint
    FROM collections WHERE instance_id = $1 AND id <> $2";

// Definitions of one instance are written one after the other, so that all are counted.
const ONE_BY_ONE: &str = "SELECT pg_advisory_xact_lock(5293, hashtext($1::uuid::text))";

const ADD: &str = "
    INSERT INTO collections (instance_id, id, definition, revision)
    SELECT $1, $2, $3, $4
    WHERE NOT EXISTS (SELECT 1 FROM declared_collections AS declared WHERE declared.id = $2)
    ON CONFLICT (instance_id, id) DO NOTHING";

const CHANGE: &str = "
    UPDATE collections SET definition = $3, revision = $4 WHERE instance_id = $1 AND id = $2";

// A write of an item holds a lock on the row until it is done; from here on there is none.
const LOCK: &str = "
    SELECT definition FROM collections WHERE instance_id = $1 AND id = $2 FOR UPDATE";

const LOCK_BUILDS: &str = "
    SELECT 1 FROM index_builds WHERE instance_id = $1 AND collection = $2 ORDER BY index_id FOR UPDATE";

const END_BUILDS: &str = "
    DELETE FROM index_builds WHERE instance_id = $1 AND collection = $2 AND index_id = ANY ($3)";

const REMOVE: &str = "DELETE FROM collections WHERE instance_id = $1 AND id = $2";

pub(super) const DECLARED: &str = "SELECT definition FROM declared_collections ORDER BY id";

impl PostgresStore {
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
        attempt!(reading: self.read_both(instance_id, id, most_bytes))
    }

    pub(crate) async fn list_collection_heads(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<CollectionHead>, StoreError> {
        let tenant = uuid(instance_id);
        let rows = attempt!(reading: self.tenant_query(instance_id, HEADS, &[&tenant]))?;
        let mut heads = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
        // Bytewise, however the database sorts texts.
        heads.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(heads)
    }

    pub(crate) async fn list_definitions(
        &self,
        instance_id: InstanceId,
        ids: Vec<String>,
    ) -> Result<Vec<Definition>, StoreError> {
        let tenant = uuid(instance_id);
        let rows = attempt!(reading: self.tenant_query(instance_id, SOME, &[&tenant, &ids]))?;
        let found = rows.iter().map(definition);
        Ok(in_order(&ids, found.collect::<Result<_, Failure>>()?))
    }

    pub(crate) async fn list_collections(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Arc<Collection>>, StoreError> {
        let tenant = uuid(instance_id);
        let rows = attempt!(reading: self.tenant_query(instance_id, ALL, &[&tenant]))?;
        Ok(read_all(&rows)?)
    }

    pub(crate) async fn insert_collection(
        &self,
        instance_id: InstanceId,
        mut definition: Definition,
    ) -> Result<Definition, StoreError> {
        definition.revision = first_revision(&definition);
        definition.check_size()?;
        let outcome = attempt!(writing: self.create(instance_id, &definition));
        self.definition_cache.forget(instance_id, &definition.id);
        outcome.map(|()| definition)
    }

    pub(crate) async fn update_collection(
        &self,
        instance_id: InstanceId,
        definition: Definition,
    ) -> Result<Definition, StoreError> {
        definition.check_size()?;
        let outcome = attempt!(writing: self.update(instance_id, &definition));
        self.definition_cache.forget(instance_id, &definition.id);
        self.inexact.invalidate_all();
        outcome
    }

    pub(crate) async fn delete_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<bool, StoreError> {
        if id.contains('\0') {
            return Ok(false);
        }
        let outcome = attempt!(writing: self.delete(instance_id, id));
        self.definition_cache.forget(instance_id, id);
        outcome
    }

    pub(crate) async fn list_declared_collections(&self) -> Result<Vec<Definition>, StoreError> {
        let rows = attempt!(reading: self.owner_query(DECLARED, &[]))?;
        Ok(rows
            .iter()
            .map(definition)
            .collect::<Result<_, Failure>>()?)
    }

    pub(crate) async fn declare_collections(
        &self,
        definitions: Vec<Definition>,
        trial: bool,
    ) -> Result<(), StoreError> {
        if trial {
            return attempt!(reading: self.try_to_declare(&definitions));
        }
        let outcome = attempt!(writing: self.declare(&definitions));
        self.definition_cache.forget_all();
        self.inexact.invalidate_all();
        outcome
    }

    pub(crate) async fn collection_usage(&self, id: &str) -> Result<Usage, StoreError> {
        attempt!(reading: self.usage_once(id))
    }

    pub(crate) async fn list_instances_with_items(
        &self,
        id: &str,
    ) -> Result<Vec<InstanceId>, StoreError> {
        attempt!(reading: self.instances_with_once(id))
    }

    pub(crate) async fn count_items_in(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<u64, StoreError> {
        const IN: &str = "SELECT count(*) FROM items WHERE instance_id = $1 AND collection = $2";
        let rows = attempt!(reading: self.owner_query(IN, &[&uuid(instance_id), &id]))?;
        let count = rows.first().map(|row| row.try_get::<_, i64>(0));
        let count = count.transpose().map_err(Failure::from)?;
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    pub(crate) async fn delete_unreachable_items(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<(), StoreError> {
        attempt!(writing: self.remove_unreachable_once(instance_id, id))
    }

    pub(crate) async fn rename_links(
        &self,
        id: &str,
        field: &str,
        present: Option<&str>,
    ) -> Result<u64, StoreError> {
        attempt!(writing: self.change_links_once(id, field, present))
    }

    pub(crate) async fn list_violations(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Violations, StoreError> {
        attempt!(reading: self.misfits_once(definition, backfill))
    }
}

impl PostgresStore {
    /// What every instance has, or else what this one has.
    async fn read_both(
        &self,
        instance_id: InstanceId,
        id: &str,
        most_bytes: usize,
    ) -> Result<Option<Arc<Collection>>, Failure> {
        if id.contains('\0') {
            return Ok(None);
        }
        let rows = self
            .tenant_query(instance_id, BOTH, &[&uuid(instance_id), &id])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (declared, has_builds): (Option<&str>, Option<bool>) =
            (row.try_get(0)?, row.try_get(1)?);
        let own: Option<&str> = row.try_get(2)?;
        let Some(json) = declared.or(own) else {
            return Ok(self.definition_cache.put_own(instance_id, id, None));
        };
        if json.len() > most_bytes {
            return Err(Failure::Final(too_large_to_read()));
        }
        let found = Collection::new(parse(json)?, declared.is_some());
        if has_builds == Some(false) {
            return Ok(Some(self.definition_cache.put_same(id, found)));
        }
        let found = found.with_unready(&index_builds::unready(row, 3)?);
        Ok(self.definition_cache.put_own(instance_id, id, Some(found)))
    }

    async fn create(&self, instance_id: InstanceId, new: &Definition) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let work = async {
            let client = lease.client()?;
            let tenant = uuid(instance_id);
            let (json, revision) = (write(new)?, new.revision.cast_signed());
            client.query(ONE_BY_ONE, &[&tenant]).await?;
            let added = client
                .execute(ADD, &[&tenant, &new.id, &json, &revision])
                .await?;
            if added == 0 {
                return Err(exists(&new.id).into());
            }
            others(&lease, instance_id, &new.id)
                .await?
                .check_new(&json)?;
            // What is being cleared of an earlier collection of this id is not taken for over meanwhile.
            client.query(LOCK_BUILDS, &[&tenant, &new.id]).await?;
            Ok(())
        };
        let outcome = transaction(&lease, instance_id, Isolation::ReadCommitted, work).await;
        lease.release(outcome)
    }

    async fn update(
        &self,
        instance_id: InstanceId,
        definition: &Definition,
    ) -> Result<Definition, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            let (client, tenant) = (lease.client()?, uuid(instance_id));
            client.query(ONE_BY_ONE, &[&tenant]).await?;
            let Some(before) = lock(&lease, instance_id, &definition.id).await? else {
                return Err(DataError::collection_missing(&definition.id).into());
            };
            if before.revision != definition.revision {
                return Err(stale(&before).into());
            }
            let mut definition = definition.clone();
            definition.revision += 1;
            let (json, bytes) = (write(&definition)?, write(&before)?.len());
            let others = others(&lease, instance_id, &definition.id).await?;
            others.check_bytes(&json, bytes)?;
            let (old, new) = (
                Collection::new(before, false),
                Collection::new(definition, false),
            );
            let mut at_once = AtOnce::default();
            reindex(&lease, instance_id, &old, &new, &mut at_once).await?;
            let new = new.definition;
            let revision = new.revision.cast_signed();
            client
                .execute(CHANGE, &[&tenant, &new.id, &json, &revision])
                .await?;
            Ok(new)
        };
        let outcome = transaction(&lease, instance_id, Isolation::ReadCommitted, work).await;
        lease.release(outcome)
    }

    async fn delete(&self, instance_id: InstanceId, id: &str) -> Result<bool, Failure> {
        let lease = self.tenants().await?;
        let work = async {
            keys::extend_timeouts(&lease).await?;
            let Some(definition) = lock(&lease, instance_id, id).await? else {
                return Ok(false);
            };
            let collection = Collection::new(definition, false);
            keys::truncate(&lease, instance_id, &collection).await?;
            let client = lease.client()?;
            let tenant = uuid(instance_id);
            let indexes: Vec<IndexId> = collection.indexes.iter().map(|it| it.id).collect();
            let values = &[&tenant as _, &id as _, &indexes as _];
            client.execute(END_BUILDS, values).await?;
            client.execute(REMOVE, &[&tenant, &id]).await?;
            Ok(true)
        };
        let outcome = transaction(&lease, instance_id, Isolation::ReadCommitted, work).await;
        lease.release(outcome)
    }
}

/// The collections of an instance, with how their indexes stand.
fn read_all(rows: &[Row]) -> Result<Vec<Arc<Collection>>, Failure> {
    let (mut declared, mut own, mut unready) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        if let Some(collection) = row.try_get::<_, Option<String>>(2)? {
            let indexes = index_builds::unready(row, 3)?;
            unready.extend(indexes.into_iter().map(|it| (collection.clone(), it)));
        } else if row.try_get(1)? {
            declared.push(definition(row)?);
        } else {
            own.push(definition(row)?);
        }
    }
    Ok(merge(declared, own, unready))
}

fn head(row: &Row) -> Result<CollectionHead, Failure> {
    let bytes: i64 = row.try_get(1)?;
    Ok(CollectionHead {
        id: row.try_get(0)?,
        bytes: bytes.cast_unsigned(),
    })
}

/// The other collections of an instance.
async fn others(
    lease: &Lease,
    instance_id: InstanceId,
    id: &str,
) -> Result<OtherDefinitions, Failure> {
    let values = &[&uuid(instance_id) as _, &id as _];
    let row = lease.client()?.query_one(OTHERS, values).await?;
    let (count, bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(OtherDefinitions {
        count: count.cast_unsigned(),
        bytes: bytes.cast_unsigned(),
    })
}

async fn lock(
    lease: &Lease,
    instance_id: InstanceId,
    id: &str,
) -> Result<Option<Definition>, Failure> {
    let client = lease.client()?;
    let rows = client.query(LOCK, &[&uuid(instance_id), &id]).await?;
    rows.first().map(definition).transpose()
}

pub(super) fn definition(row: &Row) -> Result<Definition, Failure> {
    Ok(parse(row.try_get(0)?)?)
}
