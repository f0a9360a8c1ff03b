//! The sum of a batch as statements. What comes is one statement a table; what goes is one a row, which is
//! sure to go by the index.

use backlot_wix::data::Object;
use backlot_wix::data::collection::IndexId;
use tokio_postgres::types::Json;

use super::links::link_steps;
use super::simulate::{KeyRows, Rows, WritePlan};
use crate::items::{CollectionRef, Item};
use crate::postgres::field_order;
use crate::postgres::pipeline::{Step, values};
use crate::postgres::stored::Stored;
use crate::postgres::tenant::uuid;

const DELETE: &str = "
    DELETE FROM items WHERE instance_id = $1 AND collection = $2 AND item_id = $3 AND sequence = $4";

// Nothing is inserted only if another transaction was faster: then there are fewer rows than expected.
const INSERT: &str = "
    INSERT INTO items (instance_id, collection, item_id, sequence, owner, data, field_order)
    OVERRIDING SYSTEM VALUE
    SELECT $1, $2, new.item_id, new.sequence, new.owner, new.data, new.field_order
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::jsonb[], $7::bytea[])
        AS new(item_id, sequence, owner, data, field_order)
    ON CONFLICT (instance_id, collection, item_id) DO NOTHING";

// The items are there, and locked; so this always comes to the update. Unlike a join it is sure to go by the
// index.
const UPDATE: &str = "
    INSERT INTO items (instance_id, collection, item_id, sequence, owner, data, field_order)
    OVERRIDING SYSTEM VALUE
    SELECT $1, $2, new.item_id, new.sequence, new.owner, new.data, new.field_order
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::jsonb[], $7::bytea[])
        AS new(item_id, sequence, owner, data, field_order)
    ON CONFLICT (instance_id, collection, item_id) DO UPDATE SET
        owner       = excluded.owner,
        data        = excluded.data,
        field_order = excluded.field_order";

const KEY_GOES: &str = "
    DELETE FROM item_keys WHERE instance_id = $1 AND index_id = $2 AND key = $3 AND sequence = $4";

const UNIQUE_KEY_GOES: &str = "
    DELETE FROM item_unique_keys
    WHERE instance_id = $1 AND index_id = $2 AND key = $3 AND sequence = $4";

const KEYS_COME: &str = "
    INSERT INTO item_keys (instance_id, index_id, key, sequence)
    SELECT $1, new.index_id, new.key, new.sequence
    FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS new(index_id, key, sequence)";

const UNIQUE_KEYS_COME: &str = "
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
    SELECT $1, new.index_id, new.key, new.sequence
    FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS new(index_id, key, sequence)
    ORDER BY 2, 3
    ON CONFLICT DO NOTHING";

const UNIQUE_KEY_COMES: &str = "
    INSERT INTO item_unique_keys (instance_id, index_id, key, sequence) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

const INEXACT: &str = "
    INSERT INTO inexact_indexes (instance_id, index_id) SELECT $1, unnest($2::bigint[])
    ON CONFLICT DO NOTHING";

/// The sum as statements, in the one order in which all transactions lock: items by their ids, unique keys by index and key,
/// inexact indexes, links.
pub(super) fn steps(of: &CollectionRef, rows: Rows, plan: &WritePlan) -> Vec<Step> {
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    let mut steps = Vec::new();
    for (id, sequence) in rows.deleted {
        steps.push(Step {
            sql: DELETE,
            expected: Some(1),
            values: values![tenant, collection.clone(), id, sequence],
        });
    }
    for (sql, items) in [(INSERT, rows.inserted), (UPDATE, rows.updated)] {
        if items.is_empty() {
            continue;
        }
        let new = columns(items);
        steps.push(Step {
            sql,
            expected: Some(new.ids.len()),
            values: values![
                tenant,
                collection.clone(),
                new.ids,
                new.sequences,
                new.owners,
                new.data,
                new.orders
            ],
        });
    }
    for (index, key, sequence) in rows.gone.into_rows() {
        steps.push(Step {
            sql: KEY_GOES,
            expected: None,
            values: values![tenant, index, key, sequence],
        });
    }
    if !rows.new.is_empty() {
        steps.push(keys_come(of, KEYS_COME, rows.new));
    }
    steps.extend(unique_steps(of, rows.unique_gone, rows.unique_new));
    if !rows.inexact.is_empty() {
        steps.push(inexact_step(of, rows.inexact));
    }
    if !plan.links.is_empty() {
        steps.extend(link_steps(of, &plan.links));
    }
    steps
}

fn columns(items: Vec<(Item, Object)>) -> Columns {
    let mut columns = Columns::default();
    for (item, object) in items {
        columns.ids.push(item.id);
        columns.sequences.push(item.sequence);
        columns.owners.push(item.owner);
        columns.orders.push(field_order::encode(&object));
        columns.data.push(Json(Stored(object)));
    }
    columns
}

/// Unique keys, which others may want at the same time: what goes and what comes in one order, a key that does both
/// first goes.
fn unique_steps(of: &CollectionRef, gone: KeyRows, new: KeyRows) -> Vec<Step> {
    if gone.is_empty() {
        let all = (!new.is_empty()).then(|| keys_come(of, UNIQUE_KEYS_COME, new));
        return all.into_iter().collect();
    }
    let row = |comes: bool| move |(index, key, sequence)| (index, key, comes, sequence);
    let gone = gone.into_rows().map(row(false));
    let mut rows: Vec<_> = gone.chain(new.into_rows().map(row(true))).collect();
    rows.sort_unstable();
    let tenant = uuid(of.instance_id);
    let step = |(index, key, comes, sequence)| Step {
        sql: if comes {
            UNIQUE_KEY_COMES
        } else {
            UNIQUE_KEY_GOES
        },
        expected: comes.then_some(1),
        values: values![tenant, index, key, sequence],
    };
    rows.into_iter().map(step).collect()
}

fn keys_come(of: &CollectionRef, sql: &'static str, keys: KeyRows) -> Step {
    Step {
        sql,
        expected: Some(keys.keys.len()),
        values: values![
            uuid(of.instance_id),
            keys.indexes,
            keys.keys,
            keys.sequences
        ],
    }
}

/// Items, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<String>,
    sequences: Vec<i64>,
    owners: Vec<Option<String>>,
    data: Vec<Json<Stored<Object>>>,
    orders: Vec<Vec<u8>>,
}

/// Marks indexes as inexact.
fn inexact_step(of: &CollectionRef, indexes: Vec<IndexId>) -> Step {
    Step {
        sql: INEXACT,
        expected: None,
        values: values![uuid(of.instance_id), indexes],
    }
}

/// Adds keys of regular indexes, and marks the inexact ones: for items that are there already.
pub(super) fn key_steps(of: &CollectionRef, rows: Rows) -> Vec<Step> {
    let mut steps = Vec::new();
    if !rows.new.is_empty() {
        steps.push(keys_come(of, KEYS_COME, rows.new));
    }
    if !rows.inexact.is_empty() {
        steps.push(inexact_step(of, rows.inexact));
    }
    steps
}
