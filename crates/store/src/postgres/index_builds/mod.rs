//! Builds of indexes in PostgreSQL.
//!
//! - [`redefine`]: what a changed definition makes of keys, in its own transaction
//! - [`piece`]: one piece of what it leaves; of several nodes, one has the build's row
//! - [`clearing`]: what follows once no key of an earlier time is left
//!
//! Locks are taken in this order: the collection, the build's row, items, keys.

mod clearing;
mod piece;
mod redefine;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::lease::Lease;
use super::tenant::uuid;
use crate::StoreError;
use crate::index_builds::{BuildProgress, IndexState, UnreadyIndex};
pub(super) use redefine::reindex;

const RETRY: &str = "
    UPDATE index_builds SET state = 'CLEARING', position = 0, failure = NULL
    WHERE state = 'FAILED' AND collection IN (SELECT id FROM declared_collections)";

const BEGIN: &str = "
    INSERT INTO index_builds (instance_id, collection, index_id, state, position)
    VALUES ($1, $2, $3, $4, 0)
    ON CONFLICT (instance_id, collection, index_id) DO UPDATE SET
        state    = excluded.state,
        position = 0,
        failure  = NULL";

const END: &str = "
    DELETE FROM index_builds WHERE instance_id = $1 AND collection = $2 AND index_id = $3";

const LOCK: &str = "
    SELECT state FROM index_builds WHERE instance_id = $1 AND collection = $2 AND index_id = $3
    FOR UPDATE";

const REMOVE_SOME: [&str; 2] = [
    "DELETE FROM item_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM item_keys WHERE instance_id = $1 AND index_id = $2 LIMIT $3))",
    "DELETE FROM item_unique_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM item_unique_keys WHERE instance_id = $1 AND index_id = $2 LIMIT $3))",
];

const HAS_KEYS: &str = "
    SELECT EXISTS (SELECT 1 FROM item_keys WHERE instance_id = $1 AND index_id = $2)
        OR EXISTS (SELECT 1 FROM item_unique_keys WHERE instance_id = $1 AND index_id = $2)";

const EXACT: &str = "DELETE FROM inexact_indexes WHERE instance_id = $1 AND index_id = $2";

impl PostgresStore {
    pub(crate) async fn build_piece(
        &self,
        instance_id: InstanceId,
    ) -> Result<BuildProgress, StoreError> {
        attempt!(writing: self.build_piece_once(instance_id))
    }

    pub(crate) async fn retry_failed_builds(&self) -> Result<(), StoreError> {
        attempt!(writing: self.owner_execute(RETRY, &[]))?;
        self.definition_cache.forget_all();
        Ok(())
    }
}

/// An index of an instance's collection that is being built or cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Build {
    instance_id: InstanceId,
    collection: String,
    index_id: IndexId,
}

impl Build {
    /// Locks its row. `None` when there is none.
    async fn lock(&self, lease: &Lease) -> Result<Option<String>, Failure> {
        let client = lease.client()?;
        let values = &[
            &uuid(self.instance_id) as _,
            &self.collection as _,
            &self.index_id as _,
        ];
        let rows = client.query(LOCK, values).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    /// Begins clearing, or building, from the beginning.
    async fn begin(&self, lease: &Lease, state: &'static str) -> Result<(), Failure> {
        let client = lease.client()?;
        let values = &[
            &uuid(self.instance_id) as _,
            &self.collection as _,
            &self.index_id as _,
            &state as _,
        ];
        client.execute(BEGIN, values).await.map(drop)
    }

    /// Ends it: without a row, the index is ready.
    async fn end(&self, lease: &Lease) -> Result<(), Failure> {
        let client = lease.client()?;
        let values = &[
            &uuid(self.instance_id) as _,
            &self.collection as _,
            &self.index_id as _,
        ];
        client.execute(END, values).await.map(drop)
    }

    /// Removes keys, as many as there are removals left. Whether none is left of them.
    async fn remove_some(&self, lease: &Lease, removals: &mut usize) -> Result<bool, Failure> {
        let client = lease.client()?;
        let tenant = uuid(self.instance_id);
        for sql in REMOVE_SOME {
            let most = i64::try_from(*removals).unwrap_or(i64::MAX);
            let removed = if most == 0 {
                0
            } else {
                client
                    .execute(sql, &[&tenant, &self.index_id, &most])
                    .await?
            };
            *removals -= usize::try_from(removed).unwrap_or(usize::MAX);
        }
        let values = &[&tenant as _, &self.index_id as _];
        let is_left: bool = client.query_one(HAS_KEYS, values).await?.try_get(0)?;
        if !is_left {
            client.execute(EXACT, values).await?;
        }
        Ok(!is_left)
    }
}

/// Those indexes that are not ready, from three columns of lists: ids, states and failures.
pub(super) fn unready(row: &Row, first: usize) -> Result<Vec<UnreadyIndex>, Failure> {
    let ids: Vec<IndexId> = row.try_get(first)?;
    let states: Vec<String> = row.try_get(first + 1)?;
    let failures: Vec<Option<String>> = row.try_get(first + 2)?;
    let rows = ids.into_iter().zip(states).zip(failures);
    let index = |((index_id, state), failure): ((_, String), Option<String>)| {
        Ok(UnreadyIndex {
            index_id,
            state: IndexState::from_row(&state, failure.as_deref())?,
        })
    };
    rows.map(index).collect()
}
