//! Instances in PostgreSQL, and the two ways in which what is not one tenant's is asked for.

use std::sync::LazyLock;

use backlot_wix::{InstanceId, Role};
use tokio_postgres::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::{Bound, owners_transaction, uuid};
use crate::StoreError;
use crate::instances::{ActivityDelta, Instance, StorageUsage, Totals};
use crate::items::room::LINK_BYTES;
use crate::rows::instant;

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

static ONE: LazyLock<String> = LazyLock::new(|| select("WHERE instance_id = $1"));

static LATEST: LazyLock<String> =
    LazyLock::new(|| select("ORDER BY last_seen_ms DESC, instance_id LIMIT $1"));

fn select(rest: &str) -> String {
    let columns = request_columns(str::to_owned);
    format!(
        "SELECT instance_id, first_seen_ms, last_seen_ms, plan, site_id, {columns}
         FROM instances {rest}"
    )
}

const AFTER: &str = "
    SELECT id FROM (
        SELECT instance_id AS id FROM instances
        UNION SELECT instance_id FROM instance_details
        UNION SELECT instance_id FROM collections
        UNION SELECT DISTINCT instance_id FROM items
        UNION SELECT instance_id FROM instance_secrets
        UNION SELECT instance_id FROM accounts
        UNION SELECT instance_id FROM connection_usage
    ) AS known
    WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2";

const TOTALS: &str = "
    SELECT (SELECT count(*) FROM (
        SELECT instance_id AS id FROM instances
        UNION SELECT instance_id FROM instance_details
        UNION SELECT instance_id FROM collections
        UNION SELECT instance_id FROM items
        UNION SELECT instance_id FROM instance_secrets
        UNION SELECT instance_id FROM accounts
        UNION SELECT instance_id FROM connection_usage
    ) AS known), (SELECT count(*) FROM items)";

const DELETE_ITEMS: &str = "DELETE FROM items WHERE instance_id = $1";

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

/// Everything else that begins with the instance.
const DELETE_REST: [&str; 15] = [
    "DELETE FROM item_keys WHERE instance_id = $1",
    "DELETE FROM item_unique_keys WHERE instance_id = $1",
    "DELETE FROM inexact_indexes WHERE instance_id = $1",
    "DELETE FROM index_builds WHERE instance_id = $1",
    super::items::LOCK_LINKS,
    "DELETE FROM item_links WHERE instance_id = $1",
    "DELETE FROM collections WHERE instance_id = $1",
    "DELETE FROM jobs WHERE instance_id = $1",
    "DELETE FROM instance_secrets WHERE instance_id = $1",
    "DELETE FROM accounts WHERE instance_id = $1",
    "DELETE FROM pending_authorizations WHERE instance_id = $1",
    "DELETE FROM connection_usage WHERE instance_id = $1",
    "DELETE FROM instance_details WHERE instance_id = $1",
    "DELETE FROM instance_refusals WHERE instance_id = $1",
    "DELETE FROM instances WHERE instance_id = $1",
];

const STORAGE: &str = "
    SELECT count(*), coalesce(sum(octet_length(data::text)), 0)::bigint + (
        SELECT coalesce(sum(octet_length(item_id) + octet_length(referenced_id) + $2::bigint), 0)::bigint
        FROM item_links WHERE instance_id = $1)
    FROM items WHERE instance_id = $1";

impl PostgresStore {
    pub(crate) async fn record_sightings(
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
        attempt!(writing: self.change(&ADD, &values)).map(drop)
    }

    pub(crate) async fn instance(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Instance>, StoreError> {
        let rows = attempt!(reading: self.ask(ONE, &[&uuid(instance_id)]))?;
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError> {
        let rows = attempt!(reading: self.ask(LATEST, &[&i64::from(limit)]))?;
        Ok(rows.iter().map(read).collect::<Result<_, Failure>>()?)
    }

    pub(crate) async fn instances_after(
        &self,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let after = after.map(uuid);
        let rows = attempt!(reading: self.ask(AFTER, &[&after, &i64::from(limit)]))?;
        let ids = rows.iter().map(|row| instance_id(row, 0));
        Ok(ids.collect::<Result<_, _>>()?)
    }

    pub(crate) async fn totals(&self) -> Result<Totals, StoreError> {
        let rows = attempt!(reading: self.ask(TOTALS, &[]))?;
        let Some(row) = rows.first() else {
            return Ok(Totals::default());
        };
        let number = |place: usize| row.try_get::<_, i64>(place).map_err(Failure::from);
        Ok(Totals {
            instances: number(0)?.cast_unsigned(),
            items: number(1)?.cast_unsigned(),
        })
    }

    pub(crate) async fn storage_usage(
        &self,
        instance_id: InstanceId,
    ) -> Result<StorageUsage, StoreError> {
        let tenant = uuid(instance_id);
        let link_bytes = i64::try_from(LINK_BYTES).unwrap_or(i64::MAX);
        let rows = attempt!(reading: self.ask(STORAGE, &[&tenant, &link_bytes]))?;
        let Some(row) = rows.first() else {
            return Ok(StorageUsage::default());
        };
        let number = |place: usize| row.try_get::<_, i64>(place).map_err(Failure::from);
        Ok(StorageUsage {
            items: number(0)?.cast_unsigned(),
            bytes: number(1)?.cast_unsigned(),
        })
    }

    pub(crate) async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError> {
        let outcome = attempt!(writing: self.delete_once(instance_id));
        self.catalog.forget_all();
        outcome
    }
}

impl PostgresStore {
    async fn delete_once(&self, instance_id: InstanceId) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let work = async {
            super::items::keys::be_patient(&lease).await?;
            let client = lease.client()?;
            let tenant = uuid(instance_id);
            for sql in LOCKS {
                client.execute(sql, &[&tenant]).await?;
            }
            let items = client.execute(DELETE_ITEMS, &[&tenant]).await?;
            for sql in DELETE_REST {
                client.execute(sql, &[&tenant]).await?;
            }
            Ok(items)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.give_back(outcome)
    }
}

impl PostgresStore {
    /// Asks for what is not one tenant's.
    pub(super) async fn ask(
        &self,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, values).await;
        lease.give_back(rows)
    }

    /// Runs a statement that finds ids of instances, at most `limit` of them (`$1`).
    pub(super) async fn list_instance_ids(
        &self,
        sql: &'static str,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let rows = attempt!(reading: self.ask(sql, &[&i64::from(limit)]))?;
        let id = |row: &Row| instance_id(row, 0);
        Ok(rows.iter().map(id).collect::<Result<_, _>>()?)
    }

    /// Changes what is not one tenant's, and says how many rows.
    pub(super) async fn change(
        &self,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let statement = client.prepare_cached(sql).await?;
        let changed = client.execute(&statement, values).await;
        lease.give_back(changed)
    }
}

fn read(row: &Row) -> Result<Instance, Failure> {
    let mut requests = [0; Role::COUNT];
    for (place, count) in requests.iter_mut().enumerate() {
        *count = row.try_get::<_, i64>(5 + place)?.cast_unsigned();
    }
    Ok(Instance {
        instance_id: instance_id(row, 0)?,
        first_seen: instant(row.try_get(1)?)?,
        last_seen: instant(row.try_get(2)?)?,
        requests,
        plan: row.try_get(3)?,
        site_id: row.try_get(4)?,
    })
}

pub(super) fn instance_id(row: &Row, column: usize) -> Result<InstanceId, Failure> {
    let id: Uuid = row.try_get(column)?;
    Ok(InstanceId::from_bytes(id.into_bytes()))
}
