//! Activity of instances in PostgreSQL, and deleting an instance.

use std::sync::LazyLock;

use backlot_wix::{InstanceId, Role};
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, from_uuid, owners_transaction, uuid};
use crate::StoreError;
use crate::instances::{ActivityDelta, request_columns};
use crate::tables;

// Sorted, so that two nodes that write at once lock the rows in the same order.
static ADD: LazyLock<String> = LazyLock::new(|| {
    let columns = request_columns(str::to_owned);
    let totals = request_columns(|it| format!("sum({it})::bigint"));
    let arrays = (6..)
        .take(Role::COUNT)
        .map(|number| format!("${number}::bigint[]"));
    let arrays = arrays.collect::<Vec<_>>().join(", ");
    let sums = request_columns(|it| format!("{it} = known.{it} + excluded.{it}"));
    format!(
        "INSERT INTO instances AS known
             (instance_id, first_seen_ms, last_seen_ms, plan, site_id, {columns})
         SELECT id, min(first), max(last), max(plan), max(site), {totals}
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], {arrays})
              AS seen(id, first, last, plan, site, {columns})
         GROUP BY id ORDER BY id
         ON CONFLICT (instance_id) DO UPDATE SET
             first_seen_ms = least(known.first_seen_ms, excluded.first_seen_ms),
             last_seen_ms  = greatest(known.last_seen_ms, excluded.last_seen_ms),
             plan          = coalesce(excluded.plan, known.plan),
             site_id       = coalesce(excluded.site_id, known.site_id),
             {sums}"
    )
});

// In the order in which writers lock: collections, builds of indexes, items, keys, and links last.
const LOCKS: [&str; 3] = [
    "SELECT count(*) FROM (
         SELECT 1 FROM collections WHERE instance_id = $1 ORDER BY id FOR UPDATE
     ) AS locked",
    "SELECT count(*) FROM (
         SELECT 1 FROM index_builds WHERE instance_id = $1 ORDER BY collection, index_id FOR UPDATE
     ) AS locked",
    "SELECT count(*) FROM (
         SELECT 1 FROM items WHERE instance_id = $1 ORDER BY collection, item_id FOR UPDATE
     ) AS locked",
];

impl PostgresStore {
    pub(crate) async fn record_activity(
        &self,
        batch: Vec<ActivityDelta>,
    ) -> Result<(), StoreError> {
        let numbers = |of: fn(&ActivityDelta) -> i64| batch.iter().map(of).collect::<Vec<i64>>();
        let ids: Vec<Uuid> = batch.iter().map(|it| uuid(it.instance_id)).collect();
        let plans: Vec<Option<String>> = batch.iter().map(|it| it.plan.clone()).collect();
        let sites: Vec<Option<String>> = batch.iter().map(|it| it.site_id.clone()).collect();
        let of_role = |role: Role| -> Vec<i64> {
            let counts = batch.iter().map(|it| it.requests[role.index()]);
            counts.map(u64::cast_signed).collect()
        };
        let requests = Role::ALL.map(of_role);
        let (first, last) = (
            numbers(|it| it.first_seen.as_millisecond()),
            numbers(|it| it.last_seen.as_millisecond()),
        );
        let mut values: Vec<Bound<'_>> = vec![&ids, &first, &last, &plans, &sites];
        values.extend(requests.iter().map(|counts| counts as Bound<'_>));
        attempt!(writing: self.owner_execute(&ADD, &values)).map(drop)
    }

    pub(crate) async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError> {
        let outcome = attempt!(writing: self.delete_once(instance_id));
        self.definition_cache.forget_all();
        outcome
    }

    async fn delete_once(&self, instance_id: InstanceId) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let work = async {
            super::items::keys::extend_timeouts(&lease).await?;
            let client = lease.client()?;
            let tenant = uuid(instance_id);
            for sql in LOCKS {
                client.execute(sql, &[&tenant]).await?;
            }
            let mut items = 0;
            for table in tables::of_instance() {
                if table == "item_links" {
                    client.execute(super::items::LOCK_LINKS, &[&tenant]).await?;
                }
                let rows = tables::rows_of_instance(table);
                let sql = format!("DELETE FROM {table} WHERE {rows}");
                let deleted = client.execute(&sql, &[&tenant]).await?;
                if table == "items" {
                    items = deleted;
                }
            }
            Ok(items)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

pub(super) fn instance_id(row: &Row, column: usize) -> Result<InstanceId, Failure> {
    let id: Uuid = row.try_get(column)?;
    Ok(from_uuid(id))
}
