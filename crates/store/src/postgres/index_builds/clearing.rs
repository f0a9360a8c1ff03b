//! What follows once no key of an earlier time is left: the end, or a build, if the collection has the index again.

use backlot_wix::data::collection::Definition;

use super::{Build, HAS_KEYS};
use crate::collections::{Collection, write};
use crate::index_builds::BuildProgress;
use crate::postgres::PostgresStore;
use crate::postgres::collections::definition;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::tenant::{owners_transaction, uuid};

const DECLARED: &str = "SELECT definition FROM declared_collections WHERE id = $1 FOR UPDATE";

const OWN: &str = "
    SELECT definition FROM collections WHERE instance_id = $1 AND id = $2 FOR UPDATE";

const CHANGE_DECLARED: &str = "
    UPDATE declared_collections SET definition = $2, revision = $3, has_builds = true WHERE id = $1";

const CHANGE_OWN: &str = "
    UPDATE collections SET definition = $3, revision = $4 WHERE instance_id = $1 AND id = $2";

// The row comes first, so that a transaction that adds a build is waited for, and its row is found.
const LOCK_FLAG: &str =
    "SELECT 1 FROM declared_collections WHERE id = $1 AND has_builds FOR UPDATE";

const LOWER_FLAG: &str = "
    UPDATE declared_collections SET has_builds = false
    WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM index_builds WHERE collection = $1)";

impl PostgresStore {
    pub(super) async fn end_clearing(&self, build: &Build) -> Result<BuildProgress, Failure> {
        let lease = self.owner().await?;
        let outcome = owners_transaction(&lease, end_clearing(&lease, build)).await;
        lease.release(outcome)
    }

    /// Writes down that the indexes of a declared collection stand the same for all instances, if they do.
    pub(super) async fn lower_flag(&self, collection: &str) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            let client = lease.client()?;
            if !client.query(LOCK_FLAG, &[&collection]).await?.is_empty() {
                client.execute(LOWER_FLAG, &[&collection]).await?;
            }
            Ok(())
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

async fn end_clearing(lease: &Lease, build: &Build) -> Result<BuildProgress, Failure> {
    let found = find(lease, build).await?;
    let Some(state) = build.lock(lease).await? else {
        return Ok(BuildProgress::Advanced);
    };
    // A collection that is being created locks the rows of its indexes before it can be seen.
    if found.is_none() && find(lease, build).await?.is_some() {
        return Ok(BuildProgress::Advanced);
    }
    let client = lease.client()?;
    let tenant = uuid(build.instance_id);
    let values = &[&tenant as _, &build.index_id as _];
    let is_left: bool = client.query_one(HAS_KEYS, values).await?.try_get(0)?;
    if is_left {
        return Ok(BuildProgress::Advanced);
    }
    let target = found.filter(|it| it.indexes.iter().any(|index| index.id == build.index_id));
    let Some(collection) = target else {
        build.end(lease).await?;
        return Ok(BuildProgress::Ended);
    };
    if state != "CLEARING" {
        return Ok(BuildProgress::Advanced);
    }
    // From here on, every write keeps the keys: one that was built on the revision before would not.
    let mut definition = collection.definition;
    definition.revision += 1;
    let (json, revision) = (write(&definition)?, definition.revision.cast_signed());
    let id = &definition.id;
    if collection.declared {
        client
            .execute(CHANGE_DECLARED, &[id, &json, &revision])
            .await?;
    } else {
        client
            .execute(CHANGE_OWN, &[&tenant, id, &json, &revision])
            .await?;
    }
    build.begin(lease, "BUILDING").await?;
    Ok(BuildProgress::Advanced)
}

/// The collection that counts, locked: its items are not written until this is over.
async fn find(lease: &Lease, build: &Build) -> Result<Option<Collection>, Failure> {
    let client = lease.client()?;
    let declared = client.query(DECLARED, &[&build.collection]).await?;
    let read = |row, declared| {
        definition(row).map(|definition: Definition| Collection::new(definition, declared))
    };
    if let Some(row) = declared.first() {
        return read(row, true).map(Some);
    }
    let own = client
        .query(OWN, &[&uuid(build.instance_id), &build.collection])
        .await?;
    own.first().map(|row| read(row, false)).transpose()
}
