//! The sum of a batch as statements, each of which changes many rows.

use backlot_wix::data::Object;
use backlot_wix::data::collection::IndexId;
use tokio_postgres::types::Json;

use super::fold::{KeyRows, Rows, Sum};
use super::links::link_steps;
use crate::items::{Item, ItemsOf};
use crate::postgres::pipeline::{Step, values};
use crate::postgres::stored::Stored;
use crate::postgres::tenant::uuid;

const DELETE: &str = "
    DELETE FROM items WHERE instance_id = $1 AND collection = $2 AND sequence = ANY ($3)";

// Nothing is inserted only if somebody else was faster: then there are fewer rows than there should be.
const INSERT: &str = "
    INSERT INTO items (instance_id, collection, item_id, sequence, owner, data)
    OVERRIDING SYSTEM VALUE
    SELECT $1, $2, new.item_id, new.sequence, new.owner, new.data
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::jsonb[])
        AS new(item_id, sequence, owner, data)
    ON CONFLICT (instance_id, collection, item_id) DO NOTHING";

const UPDATE: &str = "
    UPDATE items SET owner = new.owner, data = new.data
    FROM unnest($3::bigint[], $4::text[], $5::jsonb[]) AS new(sequence, owner, data)
    WHERE instance_id = $1 AND collection = $2 AND items.sequence = new.sequence";

const KEYS_GO: &str = "
    DELETE FROM item_keys AS k USING unnest($2::bigint[], $3::bytea[], $4::bigint[])
        AS gone(index_id, key, sequence)
    WHERE k.instance_id = $1 AND k.index_id = gone.index_id AND k.key = gone.key
      AND k.sequence = gone.sequence";

const UNIQUE_KEYS_GO: &str = "
    DELETE FROM item_unique_keys AS k USING unnest($2::bigint[], $3::bytea[], $4::bigint[])
        AS gone(index_id, key, sequence)
    WHERE k.instance_id = $1 AND k.index_id = gone.index_id AND k.key = gone.key
      AND k.sequence = gone.sequence";

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

const INEXACT: &str = "
    INSERT INTO inexact_indexes (instance_id, index_id) SELECT $1, unnest($2::bigint[])
    ON CONFLICT DO NOTHING";

/// The sum as statements: what goes, before what comes.
pub(super) fn steps(of: &ItemsOf, rows: Rows, sum: &Sum) -> Vec<Step> {
    let (tenant, collection) = (uuid(of.instance_id), &of.collection.definition.id);
    let mut steps = Vec::new();
    let mut keys = |sql, keys: KeyRows, expected| {
        if !keys.is_empty() {
            steps.push(Step {
                sql,
                expected: Some(keys.keys.len()).filter(|_| expected),
                values: values![tenant, keys.indexes, keys.keys, keys.sequences],
            });
        }
    };
    keys(KEYS_GO, rows.gone, false);
    keys(UNIQUE_KEYS_GO, rows.unique_gone, false);
    keys(KEYS_COME, rows.new, true);
    keys(UNIQUE_KEYS_COME, rows.unique_new, true);
    if !rows.deleted.is_empty() {
        steps.push(Step {
            sql: DELETE,
            expected: Some(rows.deleted.len()),
            values: values![tenant, collection.clone(), rows.deleted],
        });
    }
    let columns = |items: Vec<(Item, Object)>| {
        let mut columns = Columns::default();
        for (item, object) in items {
            columns.ids.push(item.id);
            columns.sequences.push(item.sequence);
            columns.owners.push(item.owner);
            columns.data.push(Json(Stored(object)));
        }
        columns
    };
    if !rows.inserted.is_empty() {
        let new = columns(rows.inserted);
        steps.push(Step {
            sql: INSERT,
            expected: Some(new.ids.len()),
            values: values![
                tenant,
                collection.clone(),
                new.ids,
                new.sequences,
                new.owners,
                new.data
            ],
        });
    }
    if !rows.updated.is_empty() {
        let new = columns(rows.updated);
        steps.push(Step {
            sql: UPDATE,
            expected: Some(new.ids.len()),
            values: values![
                tenant,
                collection.clone(),
                new.sequences,
                new.owners,
                new.data
            ],
        });
    }
    if !rows.inexact.is_empty() {
        steps.push(inexact_step(of, rows.inexact));
    }
    if !sum.links.is_empty() {
        steps.extend(link_steps(of, &sum.links));
    }
    steps
}

/// Items, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<String>,
    sequences: Vec<i64>,
    owners: Vec<Option<String>>,
    data: Vec<Json<Stored<Object>>>,
}

/// Marks indexes as inexact.
fn inexact_step(of: &ItemsOf, indexes: Vec<IndexId>) -> Step {
    Step {
        sql: INEXACT,
        expected: None,
        values: values![uuid(of.instance_id), indexes],
    }
}

/// Adds keys of regular indexes, and marks the inexact ones: for items that are there already.
pub(super) fn key_steps(of: &ItemsOf, rows: Rows) -> Vec<Step> {
    let mut steps = Vec::new();
    if !rows.new.is_empty() {
        steps.push(Step {
            sql: KEYS_COME,
            expected: Some(rows.new.keys.len()),
            values: values![
                uuid(of.instance_id),
                rows.new.indexes,
                rows.new.keys,
                rows.new.sequences
            ],
        });
    }
    if !rows.inexact.is_empty() {
        steps.push(inexact_step(of, rows.inexact));
    }
    steps
}
