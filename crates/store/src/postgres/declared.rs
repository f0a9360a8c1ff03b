//! Collections that the configuration declares: every instance has them.

use backlot_wix::InstanceId;
use backlot_wix::data::Object;
use backlot_wix::data::collection::Definition;

use super::PostgresStore;
use super::collections::{DECLARED, definition};
use super::failure::Failure;
use super::index_builds::reindex;
use super::instances::instance_id;
use super::items::keys;
use super::lease::Lease;
use super::tenant::{owners_transaction, uuid};
use uuid::Uuid;

use super::stored::JsonText;
use crate::Backfill;
use crate::StoreError;
use crate::collections::{
    Collection, Usage, Violations, gone, redeclared, without_declaration, write,
};
use crate::index_builds::AtOnce;
use crate::index_trial::IndexTrial;

// Two nodes that start at once declare one after the other; the second finds nothing to do.
const ONE_BY_ONE: &str = "SELECT pg_advisory_xact_lock(27692324840992629)";

const LOCK: &str = "SELECT 1 FROM declared_collections WHERE id = $1 FOR UPDATE";

const KEEP: &str = "
    INSERT INTO declared_collections (id, definition, revision, has_builds)
    VALUES ($1, $2, $3, EXISTS (SELECT 1 FROM index_builds WHERE collection = $1))
    ON CONFLICT (id) DO UPDATE SET
        definition = excluded.definition,
        revision   = excluded.revision,
        has_builds = excluded.has_builds";

const REMOVE: &str = "DELETE FROM declared_collections WHERE id = $1";

const COUNTS: &str = "
    SELECT count(DISTINCT instance_id), count(*) FROM items WHERE collection = $1";

const LINKS: &str = "
    SELECT field, count(*) FROM item_links WHERE collection = $1 GROUP BY field";

const PAGE: &str = "
    SELECT instance_id, item_id, data FROM items
    WHERE collection = $1 AND (instance_id, item_id) > ($2, $3)
    ORDER BY instance_id, item_id LIMIT 1000";

const PAGE_OF_INSTANCE: &str = "
    SELECT item_id, data FROM items
    WHERE instance_id = $1 AND collection = $2 AND item_id > $3 ORDER BY item_id LIMIT 200";

// From one instance to the next, past its items.
const WITH_ITEMS: &str = "
    WITH RECURSIVE tenants (id) AS (
        (SELECT instance_id FROM items ORDER BY instance_id LIMIT 1)
        UNION ALL
        SELECT (SELECT i.instance_id FROM items AS i WHERE i.instance_id > t.id
                ORDER BY i.instance_id LIMIT 1)
        FROM tenants AS t WHERE t.id IS NOT NULL
    )
    SELECT id FROM tenants WHERE id IS NOT NULL AND EXISTS (
        SELECT 1 FROM items AS i WHERE i.instance_id = id AND i.collection = $1)";

const REMOVE_ALL: [&str; 5] = [
    "SELECT count(*) FROM (
         SELECT 1 FROM index_builds WHERE instance_id = $1 AND collection = $2
         ORDER BY index_id FOR UPDATE
     ) AS locked",
    "DELETE FROM item_keys WHERE instance_id = $1 AND sequence IN (
         SELECT sequence FROM items WHERE instance_id = $1 AND collection = $2)",
    "DELETE FROM item_unique_keys WHERE instance_id = $1 AND sequence IN (
         SELECT sequence FROM items WHERE instance_id = $1 AND collection = $2)",
    "DELETE FROM item_links WHERE instance_id = $1
         AND (collection = $2 OR referenced_collection = $2)",
    "DELETE FROM items WHERE instance_id = $1 AND collection = $2",
];

const RENAME_LINKS: &str = "
    UPDATE item_links AS link SET field = $3 WHERE collection = $1 AND field = $2 AND NOT EXISTS (
        SELECT 1 FROM item_links AS other
        WHERE other.instance_id = link.instance_id AND other.collection = $1 AND other.field = $3
          AND other.item_id = link.item_id
          AND (other.referenced_id = link.referenced_id OR other.sequence = link.sequence))";

const REMOVE_LINKS: &str = "DELETE FROM item_links WHERE collection = $1 AND field = $2";

const OWN: &str = "SELECT definition FROM collections WHERE instance_id = $1 AND id = $2";

impl PostgresStore {
    pub(super) async fn declare(&self, definitions: &[Definition]) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let outcome = owners_transaction(&lease, declare(&lease, definitions)).await;
        lease.release(outcome)
    }

    /// Looks whether the items can be in the indexes that these definitions add, however many there are.
    pub(super) async fn try_to_declare(&self, definitions: &[Definition]) -> Result<(), Failure> {
        let before = self.owner_query(DECLARED, &[]).await?;
        let before: Vec<Definition> = before.iter().map(definition).collect::<Result<_, _>>()?;
        for definition in definitions {
            let Some((old, new)) = redeclared(&before, definition) else {
                continue;
            };
            let old = old.unwrap_or_else(|| without_declaration(&new));
            for instance_id in self.instances_with_once(&new.definition.id).await? {
                self.try_indexes(instance_id, &old, &new).await?;
            }
        }
        for definition in gone(&before, definitions) {
            for instance_id in self.instances_with_once(&definition.id).await? {
                let values = &[&uuid(instance_id) as _, &definition.id as _];
                let own = self.owner_query(OWN, values).await?;
                let Some(own) = own.first().map(super::collections::definition) else {
                    continue;
                };
                let own = Collection::new(own?, false);
                let unknown = without_declaration(&own);
                self.try_indexes(instance_id, &unknown, &own).await?;
            }
        }
        Ok(())
    }

    async fn try_indexes(
        &self,
        instance_id: InstanceId,
        old: &Collection,
        new: &Collection,
    ) -> Result<(), Failure> {
        let mut trial = IndexTrial::new(old, new);
        let mut after = String::new();
        while !trial.is_empty() {
            let values = &[
                &uuid(instance_id) as _,
                &new.definition.id as _,
                &after as _,
            ];
            let rows = self.owner_query(PAGE_OF_INSTANCE, values).await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get(0)?;
            for row in &rows {
                let json: JsonText<'_> = row.try_get(1)?;
                if let Err(fault) = trial.look(&object(&json)?) {
                    return Err(StoreError::from(fault).of_instance(instance_id).into());
                }
            }
        }
        Ok(())
    }

    pub(super) async fn usage_once(&self, id: &str) -> Result<Usage, Failure> {
        let counts = self.owner_query(COUNTS, &[&id]).await?;
        let links = self.owner_query(LINKS, &[&id]).await?;
        let mut usage = Usage::default();
        if let Some(row) = counts.first() {
            usage.instances = row.try_get::<_, i64>(0)?.cast_unsigned();
            usage.items = row.try_get::<_, i64>(1)?.cast_unsigned();
        }
        for row in &links {
            let count: i64 = row.try_get(1)?;
            usage.links.push((row.try_get(0)?, count.cast_unsigned()));
        }
        Ok(usage)
    }

    /// The instances that have items in a collection.
    pub(super) async fn instances_with_once(&self, id: &str) -> Result<Vec<InstanceId>, Failure> {
        let rows = self.owner_query(WITH_ITEMS, &[&id]).await?;
        rows.iter().map(|row| instance_id(row, 0)).collect()
    }

    /// Removes what is left of a collection.
    pub(super) async fn remove_unreachable_once(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            keys::extend_timeouts(&lease).await?;
            let client = lease.client()?;
            for sql in REMOVE_ALL {
                client.execute(sql, &[&uuid(instance_id), &id]).await?;
            }
            Ok(())
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }

    /// Gives links another field, or removes them.
    pub(super) async fn change_links_once(
        &self,
        id: &str,
        field: &str,
        present: Option<&str>,
    ) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let work = async {
            keys::extend_timeouts(&lease).await?;
            let client = lease.client()?;
            let mut count = 0;
            if let Some(present) = present {
                count += client
                    .execute(RENAME_LINKS, &[&id, &field, &present])
                    .await?;
            }
            count += client.execute(REMOVE_LINKS, &[&id, &field]).await?;
            Ok(count)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }

    /// Looks at every item, a page at a time.
    pub(super) async fn misfits_once(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Violations, Failure> {
        let mut violations = Violations::default();
        let collection = Collection::new(definition.clone(), true);
        let mut after = (Uuid::nil(), String::new());
        loop {
            let rows = self
                .owner_query(PAGE, &[&definition.id, &after.0, &after.1])
                .await?;
            let Some(last) = rows.last() else {
                return Ok(violations);
            };
            after = (last.try_get(0)?, last.try_get(1)?);
            for row in &rows {
                let (id, json): (String, JsonText<'_>) = (row.try_get(1)?, row.try_get(2)?);
                let item = object(&json)?;
                violations.look(&collection, instance_id(row, 0)?, &id, item, backfill);
            }
        }
    }
}

async fn declare(lease: &Lease, definitions: &[Definition]) -> Result<(), Failure> {
    let client = lease.client()?;
    client.batch_execute(ONE_BY_ONE).await?;
    keys::extend_timeouts(lease).await?;
    let before = client.query(DECLARED, &[]).await?;
    let before: Vec<Definition> = before.iter().map(definition).collect::<Result<_, _>>()?;
    let mut at_once = AtOnce::default();
    for definition in definitions {
        let Some((old, new)) = redeclared(&before, definition) else {
            continue;
        };
        Box::pin(change(lease, old, new, &mut at_once)).await?;
    }
    for definition in gone(&before, definitions) {
        client.execute(REMOVE, &[&definition.id]).await?;
        Box::pin(uncover(lease, &definition.id, &mut at_once)).await?;
    }
    Ok(())
}

/// If an instance has its own collection with the id of one that is no longer declared, that one
/// counts again, and knows nothing of what was written meanwhile.
async fn uncover(lease: &Lease, id: &str, at_once: &mut AtOnce) -> Result<(), Failure> {
    let rows = lease.client()?.query(WITH_ITEMS, &[&id]).await?;
    for row in &rows {
        let instance_id = instance_id(row, 0)?;
        let Some(own) = own(lease, instance_id, id).await? else {
            continue;
        };
        let own = Collection::new(own, false);
        let unknown = without_declaration(&own);
        let done = reindex(lease, instance_id, &unknown, &own, at_once).await;
        done.map_err(|failure| failure.of_instance(instance_id))?;
    }
    Ok(())
}

/// Gives the items of every instance the keys that they need.
async fn change(
    lease: &Lease,
    old: Option<Collection>,
    new: Collection,
    at_once: &mut AtOnce,
) -> Result<(), Failure> {
    let client = lease.client()?;
    // A write of an item holds a lock on the row until it is done; from here on there is none.
    client.query(LOCK, &[&new.definition.id]).await?;
    let old = old.unwrap_or_else(|| without_declaration(&new));
    let rows = client.query(WITH_ITEMS, &[&new.definition.id]).await?;
    for row in &rows {
        let id = instance_id(row, 0)?;
        let done = reindex(lease, id, &old, &new, at_once).await;
        done.map_err(|failure| failure.of_instance(id))?;
    }
    let new = new.definition;
    let (json, revision) = (write(&new)?, new.revision.cast_signed());
    client.execute(KEEP, &[&new.id, &json, &revision]).await?;
    Ok(())
}

fn object(json: &JsonText<'_>) -> Result<Object, Failure> {
    let wire = json.to_wire(None);
    let item = wire.and_then(|wire| serde_json::from_str(&wire));
    Ok(item.map_err(StoreError::not_json("an item"))?)
}

async fn own(
    lease: &Lease,
    instance_id: InstanceId,
    id: &str,
) -> Result<Option<Definition>, Failure> {
    let client = lease.client()?;
    let rows = client.query(OWN, &[&uuid(instance_id), &id]).await?;
    rows.first().map(definition).transpose()
}
