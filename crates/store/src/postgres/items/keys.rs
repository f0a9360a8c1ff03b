//! Keys of a whole collection, or of a piece of it: made, or dropped.

use std::collections::HashMap;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::IndexId;
use std::time::Duration;

use super::links::lock_links;
use super::read_item;
use super::simulate::{KeyRows, Rows};
use super::statements::key_steps;
use crate::collections::{Collection, Prepared};
use crate::index_builds::{ItemKeys, MAX_PIECE_BYTES, PieceRoom};
use crate::items::CollectionRef;
use crate::items::effect::not_unique;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::pipeline::{self, Step, values};
use crate::postgres::tenant::{Bound, uuid};

/// For what goes through all of a collection.
const LONG_STATEMENT_TIMEOUT: &str = "SET LOCAL statement_timeout = '15min'";
/// A little longer than that.
const LONG_STATEMENT_DEADLINE: Duration = Duration::from_mins(16);

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

const SIZE: &str = "
    SELECT count(*), coalesce(sum(size), 0)::bigint FROM (
        SELECT pg_column_size(data) AS size FROM items
        WHERE instance_id = $1 AND collection COLLATE \"POSIX\" = $2 LIMIT $3
    ) AS few";

const FEW: &str = "
    SELECT sequence, item_id, owner, data, field_order FROM items
    WHERE instance_id = $1 AND collection COLLATE \"POSIX\" = $2 LIMIT $3";

const LOCK_BUILDS: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM index_builds WHERE instance_id = $1 AND collection = $2
        ORDER BY index_id FOR UPDATE
    ) AS locked";

const MARK_INEXACT: &str = "
    INSERT INTO inexact_indexes (instance_id, index_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";

// What an item's own write made is there already.
const MAKE: &str = "
    INSERT INTO item_keys (instance_id, index_id, key, sequence)
    SELECT $1, $2, new.key, new.sequence FROM unnest($3::bytea[], $4::bigint[]) AS new(key, sequence)
    ON CONFLICT DO NOTHING";

const MAKE_UNIQUE: &str = "
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
    SELECT $1, $2, new.key, new.sequence FROM unnest($3::bytea[], $4::bigint[]) AS new(key, sequence)
    ORDER BY new.key
    ON CONFLICT DO NOTHING";

const OTHERS: &str = "
    SELECT wanted.place, held.sequence
    FROM unnest($3::bytea[], $4::bigint[]) WITH ORDINALITY AS wanted(key, sequence, place)
    LEFT JOIN LATERAL (
        SELECT k.sequence FROM item_unique_keys AS k
        WHERE k.instance_id = $1 AND k.index_id = $2 AND k.key = wanted.key LIMIT 1
    ) AS held ON true
    WHERE held.sequence IS DISTINCT FROM wanted.sequence
    ORDER BY wanted.place LIMIT 1";

// What is not unique is not inserted, and so not told.
const UNIQUE_KEYS: &str = "
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
    SELECT $1, new.index_id, new.key, new.sequence
    FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS new(index_id, key, sequence)
    ON CONFLICT DO NOTHING RETURNING index_id";

/// Lets the statements of this transaction take longer.
pub(in crate::postgres) async fn extend_timeouts(lease: &Lease) -> Result<(), Failure> {
    lease.watch().set_timeout(LONG_STATEMENT_DEADLINE);
    lease.client()?.batch_execute(LONG_STATEMENT_TIMEOUT).await
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
    // No piece of a build is under way then, nor begins.
    let all = [LOCK_BUILDS, LOCK_ALL, TRUNCATE];
    let mut steps: Vec<Step> = all.into_iter().map(step).collect();
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

/// Makes the keys of a collection's items if they are few: false, and nothing is done, if they are not. `WDE0123` when
/// what is to be unique is not. The definition is locked, so items are not written meanwhile.
pub(in crate::postgres) async fn make_few(
    lease: &Lease,
    of: &CollectionRef,
    room: &mut PieceRoom,
) -> Result<bool, Failure> {
    let client = lease.client()?;
    let tenant = uuid(of.instance_id);
    let (most, id) = (room.items() + 1, &of.collection.definition.id);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values: [Bound<'_>; 3] = [&tenant, id, &most];
    // The stored keys are never larger than the item, so larger ones are not read.
    let size = client.prepare_cached(SIZE).await?;
    let row = client.query_one(&size, &values).await?;
    let (count, bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if count == most || bytes > i64::try_from(MAX_PIECE_BYTES).unwrap_or(i64::MAX) {
        return Ok(count == 0);
    }
    let few = client.prepare_cached(FEW).await?;
    let (mut left, mut rows) = (room.clone(), Rows::default());
    for row in client.query(&few, &values).await? {
        let item = read_item(&row)?;
        let before = rows.new_keys();
        rows.add_keys(of, item.sequence, None, Some(&item.object()?))?;
        if !left.take(item.json.len(), rows.new_keys() - before) {
            return Ok(false);
        }
    }
    add_unique(lease, of, &rows.unique_new).await?;
    pipeline::run(lease, &key_steps(of, rows)).await?;
    *room = left;
    Ok(true)
}

/// Makes the keys that items lack in an index that is being built. The items are locked. Returns the id of the first item
/// whose key, which must be unique, another one has.
pub(in crate::postgres) async fn make(
    lease: &Lease,
    instance_id: InstanceId,
    index: &Prepared,
    all: Vec<ItemKeys>,
) -> Result<Option<String>, Failure> {
    let client = lease.client()?;
    let tenant = uuid(instance_id);
    let is_inexact = all.iter().any(|item| !item.is_exact);
    let (mut keys, mut sequences, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for item in all {
        for key in item.keys {
            keys.push(key);
            sequences.push(item.sequence);
            ids.push(item.item_id.clone());
        }
    }
    if is_inexact {
        let inexact = client.prepare_cached(MARK_INEXACT).await?;
        client.execute(&inexact, &[&tenant, &index.id]).await?;
    }
    if keys.is_empty() {
        return Ok(None);
    }
    let values: [Bound<'_>; 4] = [&tenant, &index.id, &keys, &sequences];
    let sql = if index.index.unique {
        MAKE_UNIQUE
    } else {
        MAKE
    };
    let made = client.prepare_cached(sql).await?;
    client.execute(&made, &values).await?;
    if !index.index.unique {
        return Ok(None);
    }
    let others = client.prepare_cached(OTHERS).await?;
    let others = client.query(&others, &values).await?;
    let Some(row) = others.first() else {
        return Ok(None);
    };
    let (place, holder): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    if holder.is_none() {
        return Err(Failure::Again("another item gave up a unique key"));
    }
    let place = usize::try_from(place - 1).ok();
    let id = place.and_then(|place| ids.into_iter().nth(place));
    Ok(Some(id.unwrap_or_default()))
}

async fn add_unique(lease: &Lease, of: &CollectionRef, keys: &KeyRows) -> Result<(), Failure> {
    if keys.is_empty() {
        return Ok(());
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
    violated.map_or(Ok(()), |index| Err(not_unique(&index.index).into()))
}
