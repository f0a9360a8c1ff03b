//! Collections that the configuration declares: every instance has them.

use backlot_wix::InstanceId;
use backlot_wix::data::Fault;
use backlot_wix::data::collection::Definition;

use super::PostgresStore;
use super::collections::{DECLARED, definition, flat, undone};
use super::failure::Failure;
use super::instances::instance_id;
use super::items::keys;
use super::lease::Lease;
use super::tenant::{owners_transaction, uuid};
use uuid::Uuid;

use super::stored::JsonText;
use crate::collections::{Collection, Misfits, Usage, undeclared, write};
use crate::{Backfill, StoreError};

// Two nodes that start at once declare one after the other; the second finds nothing to do.
const ONE_BY_ONE: &str = "SELECT pg_advisory_xact_lock(27692324840992629)";

const LOCK: &str = "SELECT 1 FROM declared_collections WHERE id = $1 FOR UPDATE";

const KEEP: &str = "
    INSERT INTO declared_collections (id, definition, revision) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET
        definition = excluded.definition,
        revision   = excluded.revision";

const REMOVE: &str = "DELETE FROM declared_collections WHERE id = $1";

const COUNTS: &str = "
    SELECT count(DISTINCT instance_id), count(*) FROM items WHERE collection = $1";

const LINKS: &str = "
    SELECT field, count(*) FROM item_links WHERE collection = $1 GROUP BY field";

const PAGE: &str = "
    SELECT instance_id, item_id, data FROM items
    WHERE collection = $1 AND (instance_id, item_id) > ($2, $3)
    ORDER BY instance_id, item_id LIMIT 1000";

const WITH_ITEMS: &str = "SELECT DISTINCT instance_id FROM items WHERE collection = $1";

const REMOVE_ALL: [&str; 4] = [
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
    pub(super) async fn declare(
        &self,
        definitions: &[Definition],
        trial: bool,
    ) -> Result<Result<(), Fault>, Failure> {
        let lease = self.owner().await?;
        let work = async {
            undone(declare(&lease, definitions)).await?;
            // What a transaction holds is undone by a failure.
            if trial {
                Err(Failure::Final(StoreError::Outdated))
            } else {
                Ok(())
            }
        };
        let outcome = owners_transaction(&lease, work).await;
        match lease.give_back(outcome) {
            Err(Failure::Final(StoreError::Outdated)) if trial => Ok(Ok(())),
            other => flat(other),
        }
    }

    pub(super) async fn usage_once(&self, id: &str) -> Result<Usage, Failure> {
        let counts = self.ask(COUNTS, &[&id]).await?;
        let links = self.ask(LINKS, &[&id]).await?;
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
        let rows = self.ask(WITH_ITEMS, &[&id]).await?;
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
            keys::be_patient(&lease).await?;
            let client = lease.client()?;
            for sql in REMOVE_ALL {
                client.execute(sql, &[&uuid(instance_id), &id]).await?;
            }
            Ok(())
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.give_back(outcome)
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
            keys::be_patient(&lease).await?;
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
        lease.give_back(outcome)
    }

    /// Looks at every item, a page at a time.
    pub(super) async fn misfits_once(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Misfits, Failure> {
        let mut misfits = Misfits::default();
        let collection = Collection::new(definition.clone(), true);
        let mut after = (Uuid::nil(), String::new());
        loop {
            let rows = self
                .ask(PAGE, &[&definition.id, &after.0, &after.1])
                .await?;
            let Some(last) = rows.last() else {
                return Ok(misfits);
            };
            after = (last.try_get(0)?, last.try_get(1)?);
            for row in &rows {
                let (id, json): (String, JsonText<'_>) = (row.try_get(1)?, row.try_get(2)?);
                let item = json
                    .to_wire(None)
                    .and_then(|wire| serde_json::from_str(&wire));
                let item = item.map_err(|error| StoreError::Refused(error.to_string()))?;
                misfits.look(&collection, instance_id(row, 0)?, &id, item, backfill);
            }
        }
    }
}

async fn declare(lease: &Lease, definitions: &[Definition]) -> Result<Result<(), Fault>, Failure> {
    let client = lease.client()?;
    client.batch_execute(ONE_BY_ONE).await?;
    keys::be_patient(lease).await?;
    let before = client.query(DECLARED, &[]).await?;
    let before: Vec<Definition> = before.iter().map(definition).collect::<Result<_, _>>()?;
    for mut definition in definitions.iter().cloned() {
        let old = before.iter().find(|it| it.id == definition.id).cloned();
        if let Some(old) = &old {
            (definition.revision, definition.created_at) = (old.revision, old.created_at);
            if old.says_the_same_as(&definition) {
                continue;
            }
        }
        definition.revision += 1;
        if let Err(fault) = Box::pin(change(lease, old, definition)).await? {
            return Ok(Err(fault));
        }
    }
    let gone = before
        .iter()
        .filter(|it| definitions.iter().all(|new| new.id != it.id));
    for definition in gone {
        client.execute(REMOVE, &[&definition.id]).await?;
        if let Err(fault) = Box::pin(uncover(lease, &definition.id)).await? {
            return Ok(Err(fault));
        }
    }
    Ok(Ok(()))
}

/// Where an instance has a collection of its own with the id of one that is no longer declared, that one
/// counts again, and knows nothing of what was written meanwhile.
async fn uncover(lease: &Lease, id: &str) -> Result<Result<(), Fault>, Failure> {
    let rows = lease.client()?.query(WITH_ITEMS, &[&id]).await?;
    for row in &rows {
        let instance_id = instance_id(row, 0)?;
        let Some(own) = own(lease, instance_id, id).await? else {
            continue;
        };
        let own = Collection::new(own, false);
        let unknown = undeclared(None, &own);
        if let Err(fault) = keys::rebuild(lease, instance_id, &unknown, &own).await? {
            return Ok(Err(fault.with("instanceId", instance_id.to_string())));
        }
    }
    Ok(Ok(()))
}

/// Gives the items of every instance the keys that they need.
async fn change(
    lease: &Lease,
    old: Option<Definition>,
    new: Definition,
) -> Result<Result<(), Fault>, Failure> {
    let client = lease.client()?;
    // Whoever writes an item holds a lock on the row until it is done; from here on nobody does.
    client.query(LOCK, &[&new.id]).await?;
    let new = Collection::new(new, true);
    let old = old.map(|it| Collection::new(it, true));
    let rows = client.query(WITH_ITEMS, &[&new.definition.id]).await?;
    for row in &rows {
        let id = instance_id(row, 0)?;
        let old = match &old {
            Some(old) => old.clone(),
            None => undeclared(own(lease, id, &new.definition.id).await?, &new),
        };
        if let Err(fault) = keys::rebuild(lease, id, &old, &new).await? {
            return Ok(Err(fault.with("instanceId", id.to_string())));
        }
    }
    let new = new.definition;
    let (json, revision) = (write(&new)?, new.revision.cast_signed());
    client.execute(KEEP, &[&new.id, &json, &revision]).await?;
    Ok(Ok(()))
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
