//! Keys of a whole collection: dropped, or built anew.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use backlot_wix::data::Fault;
use backlot_wix::data::collection::IndexId;
use std::sync::Arc;
use std::time::Duration;

use super::apply::key_steps;
use super::fold::{KeyRows, Rows};
use super::links::lock_links;
use super::read_item;
use crate::collections::Collection;
use crate::items::ItemsOf;
use crate::items::change::not_unique;
use crate::items::key_change::Rebuild;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::pipeline::{self, Step, values};
use crate::postgres::tenant::uuid;

/// For what goes through all of a collection.
const PATIENCE: &str = "SET LOCAL statement_timeout = '15min'";
/// A little longer than that.
const LONGEST_STATEMENT: Duration = Duration::from_mins(16);

const DROP: [&str; 3] = [
    "DELETE FROM item_keys WHERE instance_id = $1 AND index_id = ANY ($2)",
    "DELETE FROM item_unique_keys WHERE instance_id = $1 AND index_id = ANY ($2)",
    "DELETE FROM inexact_indexes WHERE instance_id = $1 AND index_id = ANY ($2)",
];

// In the order in which writers lock items, so that neither waits for the other's.
const LOCK_ALL: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM items WHERE instance_id = $1 AND collection = $2 ORDER BY item_id FOR UPDATE
    ) AS locked";

const TRUNCATE: &str = "
    DELETE FROM items WHERE instance_id = $1 AND collection COLLATE \"POSIX\" = $2";

const TRUNCATE_LINKS: [&str; 2] = [
    "DELETE FROM item_links WHERE instance_id = $1 AND collection = $2",
    "DELETE FROM item_links WHERE instance_id = $1 AND referenced_collection = $2",
];

const PART: &str = "
    SELECT sequence, item_id, owner, data, field_order FROM items
    WHERE instance_id = $1 AND collection COLLATE \"POSIX\" = $2 AND sequence > $3
    ORDER BY sequence LIMIT 500";

// What is not unique is not inserted, and so not told.
const UNIQUE_KEYS: &str = "
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
    SELECT $1, new.index_id, new.key, new.sequence
    FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS new(index_id, key, sequence)
    ON CONFLICT DO NOTHING RETURNING index_id";

/// Lets the statements of this transaction take longer.
pub(in crate::postgres) async fn be_patient(lease: &Lease) -> Result<(), Failure> {
    lease.watch().set_patience(LONGEST_STATEMENT);
    lease.client()?.batch_execute(PATIENCE).await
}

/// Removes every item of a collection, with its keys and links.
pub(in crate::postgres) async fn truncate(
    lease: &Lease,
    instance_id: InstanceId,
    collection: &Collection,
) -> Result<(), Failure> {
    let step = |sql| Step {
        sql,
        values: values![uuid(instance_id), collection.definition.id.clone()],
        expected: None,
    };
    let mut steps: Vec<Step> = [LOCK_ALL, TRUNCATE].into_iter().map(step).collect();
    let ids: Vec<IndexId> = collection.indexes.iter().map(|index| index.id).collect();
    steps.extend(drop_steps(instance_id, &ids));
    steps.push(lock_links(instance_id));
    steps.extend(TRUNCATE_LINKS.into_iter().map(step));
    pipeline::run(lease, &steps).await.map(drop)
}

fn drop_steps(instance_id: InstanceId, indexes: &[IndexId]) -> Vec<Step> {
    if indexes.is_empty() {
        return Vec::new();
    }
    let step = |sql| Step {
        sql,
        values: values![uuid(instance_id), indexes.to_vec()],
        expected: None,
    };
    DROP.into_iter().map(step).collect()
}

/// Makes the keys of an instance's items what the new definition needs. `WDE0123` when what is to be
/// unique is not. Nobody may write meanwhile: the definition is locked.
pub(in crate::postgres) async fn rebuild(
    lease: &Lease,
    instance_id: InstanceId,
    old: &Collection,
    new: &Collection,
) -> Result<Result<(), Fault>, Failure> {
    let Rebuild { dropped, added } = Rebuild::new(old, new);
    let dropped: Vec<IndexId> = dropped.iter().map(|index| index.id).collect();
    pipeline::run(lease, &drop_steps(instance_id, &dropped)).await?;
    if added.indexes.is_empty() {
        return Ok(Ok(()));
    }
    let of = ItemsOf::new(instance_id, Arc::new(added));
    let client = lease.client()?;
    let part = client.prepare_cached(PART).await?;
    let mut place = i64::MIN;
    loop {
        let values = &[
            &uuid(instance_id) as _,
            &new.definition.id as _,
            &place as _,
        ];
        let items = client.query(&part, values).await?;
        if items.is_empty() {
            return Ok(Ok(()));
        }
        let mut rows = Rows::default();
        for row in &items {
            let item = read_item(row)?;
            place = item.sequence;
            if let Err(fault) = rows.add_keys(&of, item.sequence, None, Some(&item.object()?)) {
                return Ok(Err(fault));
            }
        }
        if let Err(fault) = add_unique(lease, &of, &rows.unique_new).await? {
            return Ok(Err(fault));
        }
        pipeline::run(lease, &key_steps(&of, rows)).await?;
    }
}

async fn add_unique(
    lease: &Lease,
    of: &ItemsOf,
    keys: &KeyRows,
) -> Result<Result<(), Fault>, Failure> {
    if keys.is_empty() {
        return Ok(Ok(()));
    }
    let client = lease.client()?;
    let statement = client.prepare_cached(UNIQUE_KEYS).await?;
    let values = &[
        &uuid(of.instance_id) as _,
        &keys.indexes as _,
        &keys.keys as _,
        &keys.sequences as _,
    ];
    let inserted = client.query(&statement, values).await?;
    let mut missing: HashMap<IndexId, usize> = HashMap::new();
    for index in &keys.indexes {
        *missing.entry(*index).or_default() += 1;
    }
    for row in inserted {
        if let Some(count) = missing.get_mut(&row.try_get(0)?) {
            *count -= 1;
        }
    }
    let violated = of
        .collection
        .indexes
        .iter()
        .find(|index| missing.get(&index.id).is_some_and(|count| *count > 0));
    Ok(violated.map_or(Ok(()), |index| Err(not_unique(&index.index))))
}
