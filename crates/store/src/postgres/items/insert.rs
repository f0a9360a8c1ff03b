//! The hot path: one new item without links is one statement, and so one round trip.

use backlot_wix::data::DataError;
use backlot_wix::data::collection::IndexId;
use tokio_postgres::types::Json;

use super::simulate::Rows;
use crate::StoreError;
use crate::items::effect::{StoredItem, not_unique};
use crate::items::mutation::Outcome;
use crate::items::{CollectionRef, MutationResult};
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::field_order;
use crate::postgres::stored::Stored;
use crate::postgres::tenant::{Bound, query, uuid};

/// `guard` holds up changes of the definition (see [`super::read_set`]). A unique key that another statement takes
/// in the same moment fails the whole statement, which is then tried again. PostgreSQL runs parts that none reads in
/// an order of its choice, so `inexact` reads `unique_keys`: rows are locked in the order in which a batch does it.
macro_rules! insert {
    ($guard:literal) => {
        concat!(
            "WITH guard AS MATERIALIZED (",
            $guard,
            "), taken AS MATERIALIZED (
                SELECT wanted.index_id
                FROM unnest($9::bigint[], $10::bytea[]) WITH ORDINALITY AS wanted(index_id, key, place)
                CROSS JOIN LATERAL (
                    SELECT 1 FROM item_unique_keys AS k
                    WHERE k.instance_id = $1 AND k.index_id = wanted.index_id AND k.key = wanted.key
                    LIMIT 1
                ) AS found
                ORDER BY wanted.place LIMIT 1
            ), item AS (
                INSERT INTO items (instance_id, collection, item_id, owner, data, field_order)
                SELECT $1, $2, $4, $5, $6, $12 FROM guard WHERE NOT EXISTS (SELECT 1 FROM taken)
                ON CONFLICT (instance_id, collection, item_id) DO NOTHING
                RETURNING sequence
            ), keys AS (
                INSERT INTO item_keys (instance_id, index_id, key, sequence)
                SELECT $1, new.index_id, new.key, item.sequence
                FROM item, unnest($7::bigint[], $8::bytea[]) AS new(index_id, key)
            ), unique_keys AS (
                INSERT INTO item_unique_keys (instance_id, index_id, key, sequence)
                SELECT $1, new.index_id, new.key, item.sequence
                FROM item, unnest($9::bigint[], $10::bytea[]) AS new(index_id, key)
                ORDER BY 2, 3
                RETURNING 1
            ), inexact AS (
                INSERT INTO inexact_indexes (instance_id, index_id)
                SELECT $1, index_id
                FROM item, (SELECT count(*) FROM unique_keys) AS before, unnest($11::bigint[]) AS new(index_id)
                ON CONFLICT DO NOTHING
            )
            SELECT EXISTS (SELECT 1 FROM guard), (SELECT index_id FROM taken),
                   (SELECT sequence FROM item),
                   EXISTS (SELECT 1 FROM taken) AND EXISTS (
                       SELECT 1 FROM items WHERE instance_id = $1 AND collection = $2 AND item_id = $4)"
        )
    };
}

pub(super) const INSERT: &str = insert!(
    "SELECT 1 FROM collections WHERE instance_id = $1 AND id = $2 AND revision = $3
       AND NOT EXISTS (SELECT 1 FROM declared_collections AS declared WHERE declared.id = $2)
     FOR KEY SHARE OF collections"
);
pub(super) const INSERT_DECLARED: &str =
    insert!("SELECT 1 FROM declared_collections WHERE id = $2 AND revision = $3 FOR KEY SHARE");

impl PostgresStore {
    pub(in crate::postgres) async fn insert_once(
        &self,
        of: &CollectionRef,
        new: &StoredItem,
    ) -> Result<Outcome, Failure> {
        let definition = &of.collection.definition;
        let mut rows = Rows::default();
        if let Err(fault) = rows.add_keys(of, 0, None, Some(&new.object)) {
            return Ok(Err(fault));
        }
        let sql = if of.collection.declared {
            INSERT_DECLARED
        } else {
            INSERT
        };
        let data = Json(Stored(&new.object));
        let values: [Bound<'_>; 12] = [
            &uuid(of.instance_id),
            &definition.id,
            &definition.revision.cast_signed(),
            &new.id,
            &new.owner,
            &data,
            &rows.new.indexes,
            &rows.new.keys,
            &rows.unique_new.indexes,
            &rows.unique_new.keys,
            &rows.inexact,
            &field_order::encode(&new.object),
        ];
        let lease = self.tenants().await?;
        let answer = query(&lease, of.instance_id, sql, &values).await;
        let answer = lease.release(answer)?;
        let row = answer
            .first()
            .ok_or_else(|| StoreError::Internal("an insert without an answer".to_owned()))?;
        let (is_current, taken): (bool, Option<IndexId>) = (row.try_get(0)?, row.try_get(1)?);
        if !is_current {
            return Err(StoreError::Outdated.into());
        }
        if let Some(taken) = taken {
            let index = of.collection.indexes.iter().find(|it| it.id == taken);
            let index = index
                .ok_or_else(|| StoreError::Internal("a key of an unknown index".to_owned()))?;
            // That the id is taken says more: a client that repeats an insert expects it.
            if row.try_get(3)? {
                return Ok(Err(DataError::item_exists(&new.id, &definition.id)));
            }
            return Ok(Err(not_unique(&index.index)));
        }
        let sequence: Option<i64> = row.try_get(2)?;
        Ok(match sequence {
            Some(sequence) => Ok(MutationResult::Inserted(new.clone().placed(sequence))),
            None => Err(DataError::item_exists(&new.id, &definition.id)),
        })
    }
}
