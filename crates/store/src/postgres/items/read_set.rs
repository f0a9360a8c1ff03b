//! What a batch finds: the collection's definition and the items that it changes, locked until the batch is
//! over; which ids and unique keys are taken; and places for new items.

use std::collections::HashMap;

use backlot_wix::data::Object;
use backlot_wix::data::collection::IndexId;
use backlot_wix::data::memory::Weigh as _;
use futures_util::TryStreamExt as _;
use tokio_postgres::{Row, RowStream, Statement};

use super::read_item;
use super::simulate::{ReadSet, UniqueKey};
use crate::StoreError;
use crate::items::mutation::Mutation;
use crate::items::{Batch, CollectionRef, Item};
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::tenant::{Bound, uuid};

// The lock blocks changes of the definition only. After a wait for such a change, the
// row is looked at again, so what is found is the latest.
const CURRENT: &str = "
    SELECT revision FROM collections WHERE instance_id = $1 AND id = $2
      AND NOT EXISTS (SELECT 1 FROM declared_collections AS declared WHERE declared.id = $2)
    FOR KEY SHARE OF collections";
const CURRENT_DECLARED: &str = "
    SELECT revision FROM declared_collections WHERE id = $1 FOR KEY SHARE";

// A lateral query with a limit goes by the index, once for each of the list, whatever the server believes of
// the sizes of things; a join, or `= ANY`, may become a comparison of all with all.
// In one order on every node, so that two batches do not wait for each other.
const LOCK: &str = "
    SELECT i.sequence, i.item_id, i.owner, i.data, i.field_order
    FROM (SELECT DISTINCT id FROM unnest($3::text[]) AS wanted(id) ORDER BY id) AS wanted
    CROSS JOIN LATERAL (
        SELECT sequence, item_id, owner, data, field_order FROM items
        WHERE instance_id = $1 AND collection = $2 AND item_id = wanted.id LIMIT 1 FOR UPDATE
    ) AS i";

const TAKEN: &str = "
    SELECT i.item_id FROM unnest($3::text[]) AS wanted(id)
    CROSS JOIN LATERAL (
        SELECT item_id FROM items
        WHERE instance_id = $1 AND collection = $2 AND item_id = wanted.id LIMIT 1
    ) AS i";

const PLACES: &str = "SELECT nextval('items_sequence') FROM generate_series(1, $1)";

const UNIQUE: &str = "
    SELECT k.index_id, k.key FROM unnest($2::bigint[], $3::bytea[]) AS wanted(index_id, key)
    CROSS JOIN LATERAL (
        SELECT index_id, key FROM item_unique_keys
        WHERE instance_id = $1 AND index_id = wanted.index_id AND key = wanted.key LIMIT 1
    ) AS k";

/// [`StoreError::Outdated`] if the collection is not what it was when the work was prepared. It stays as it
/// is until the transaction is over.
pub(super) async fn check_current(lease: &Lease, of: &CollectionRef) -> Result<(), Failure> {
    let statement = current(lease, of).await?;
    check_that(lease, of, &statement).await
}

/// The statement that looks, and locks.
async fn current(lease: &Lease, of: &CollectionRef) -> Result<Statement, Failure> {
    let sql = if of.collection.declared {
        CURRENT_DECLARED
    } else {
        CURRENT
    };
    lease.client()?.prepare_cached(sql).await
}

async fn check_that(lease: &Lease, of: &CollectionRef, current: &Statement) -> Result<(), Failure> {
    let client = lease.client()?;
    let id = &of.collection.definition.id;
    let rows = if of.collection.declared {
        client.query(current, &[id]).await?
    } else {
        client.query(current, &[&uuid(of.instance_id), id]).await?
    };
    let revision: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    if revision.map(i64::cast_unsigned) == Some(of.collection.definition.revision) {
        Ok(())
    } else {
        Err(StoreError::Outdated.into())
    }
}

/// All of it in one round trip, once the statements are prepared.
pub(super) async fn read_set(
    lease: &Lease,
    of: &CollectionRef,
    batch: &Batch,
) -> Result<ReadSet, Failure> {
    let client = lease.client()?;
    let (mut changed, mut inserted) = (Vec::new(), Vec::new());
    let mut places: i32 = 0;
    for write in &batch.writes {
        if write.needs_existing() {
            changed.push(write.item_id());
        } else {
            inserted.push(write.item_id());
        }
        let is_new = matches!(
            write,
            Mutation::Insert(_) | Mutation::Save(_) | Mutation::Restore { .. }
        );
        places += i32::from(is_new);
    }
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    // Prepared first, so that the collection is locked before the items, as everywhere.
    let current = current(lease, of).await?;
    let (lock, taken) = (
        client.prepare_cached(LOCK).await?,
        client.prepare_cached(TAKEN).await?,
    );
    let next = client.prepare_cached(PLACES).await?;
    let (current, locked, taken, next) = tokio::join!(
        biased;
        check_that(lease, of, &current),
        async {
            if changed.is_empty() {
                return Ok(HashMap::new());
            }
            let values: [Bound<'_>; 3] = [&tenant, collection, &changed];
            locked(client.query_raw(&lock, values).await?, batch).await
        },
        async {
            if inserted.is_empty() {
                return Ok(Vec::new());
            }
            client.query(&taken, &[&tenant, collection, &inserted]).await
        },
        async {
            if places == 0 {
                return Ok(Vec::new());
            }
            client.query(&next, &[&places]).await
        },
    );
    current?;
    let id = |row: &Row| row.try_get(0);
    let place = |row: &Row| row.try_get(0);
    Ok(ReadSet {
        items: locked?,
        taken: taken?.iter().map(id).collect::<Result<_, _>>()?,
        sequences: next?.iter().map(place).collect::<Result<_, _>>()?,
        unique: HashMap::new(),
    })
}

/// Streams the items that are changed, within the budget: on a thread that serves connections only small ones.
async fn locked(
    rows: RowStream,
    batch: &Batch,
) -> Result<HashMap<String, (Item, Object)>, Failure> {
    let budget = &batch.budget;
    let (mut rows, mut items) = (Box::pin(rows), HashMap::new());
    while let Some(row) = rows.try_next().await? {
        let bytes = row.raw_size_bytes();
        let counted = budget.work(bytes as u64).and_then(|()| budget.keep(bytes));
        counted.map_err(StoreError::from)?;
        let item = read_item(&row)?;
        let object = item.object_within(budget)?;
        let kept = budget.keep(item.json.len() + object.weight());
        kept.map_err(StoreError::from)?;
        items.insert(item.id.clone(), (item, object));
    }
    Ok(items)
}

/// Adds which of these keys are taken.
pub(super) async fn read_unique_keys(
    lease: &Lease,
    of: &CollectionRef,
    wanted: Vec<UniqueKey>,
    before: &mut ReadSet,
) -> Result<(), Failure> {
    let client = lease.client()?;
    let statement = client.prepare_cached(UNIQUE).await?;
    let (indexes, keys): (Vec<IndexId>, Vec<Vec<u8>>) = wanted.iter().cloned().unzip();
    let rows = client
        .query(&statement, &[&uuid(of.instance_id), &indexes, &keys])
        .await?;
    before
        .unique
        .extend(wanted.into_iter().map(|key| (key, false)));
    for row in rows {
        before
            .unique
            .insert((row.try_get(0)?, row.try_get(1)?), true);
    }
    Ok(())
}
