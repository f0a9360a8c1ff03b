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
use crate::collections::{Collection, undeclared, write};

// Two nodes that start at once declare one after the other; the second finds nothing to do.
const ONE_BY_ONE: &str = "SELECT pg_advisory_xact_lock(27692324840992629)";

const LOCK: &str = "SELECT 1 FROM declared_collections WHERE id = $1 FOR UPDATE";

const KEEP: &str = "
    INSERT INTO declared_collections (id, definition, revision) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET
        definition = excluded.definition,
        revision   = excluded.revision";

const REMOVE: &str = "DELETE FROM declared_collections WHERE id = $1";

const WITH_ITEMS: &str = "SELECT DISTINCT instance_id FROM items WHERE collection = $1";

const OWN: &str = "SELECT definition FROM collections WHERE instance_id = $1 AND id = $2";

impl PostgresStore {
    pub(super) async fn declare(
        &self,
        definitions: &[Definition],
    ) -> Result<Result<(), Fault>, Failure> {
        let lease = self.owner().await?;
        let work = undone(declare(&lease, definitions));
        let outcome = owners_transaction(&lease, work).await;
        flat(lease.give_back(outcome))
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
        definition.revision = old.as_ref().map_or(0, |it| it.revision);
        if old.as_ref() == Some(&definition) {
            continue;
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
