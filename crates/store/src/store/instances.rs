//! Instances that were seen.

use std::sync::LazyLock;

use backlot_wix::{InstanceId, Role};

use super::Store;
use crate::StoreError;
use crate::instances::{ActivityDelta, Instance, StorageUsage, Totals, request_columns};
use crate::items::allowance::LINK_BYTES;
use crate::sql::{NO_VALUES, Row, Scope, Sql, bind};

static FIND: LazyLock<String> = LazyLock::new(|| select("WHERE instance_id = $1"));

static LIST_LATEST: LazyLock<String> =
    LazyLock::new(|| select("ORDER BY last_seen_ms DESC, instance_id LIMIT $1"));

fn select(rest: &str) -> String {
    let columns = request_columns(str::to_owned);
    format!(
        "SELECT instance_id, first_seen_ms, last_seen_ms, plan, site_id, {columns}
         FROM instances {rest}"
    )
}

/// The tables by which an instance is listed: one of which anything else is stored is in one of these, but for events.
const KNOWN_BY: [&str; 9] = [
    "instances",
    "instance_details",
    "collections",
    "items",
    "instance_secrets",
    "accounts",
    "webhook_addresses",
    "connection_usage",
    "entity_links",
];

/// The ids of all instances of which anything is stored.
static IDS: LazyLock<String> = LazyLock::new(|| {
    let ids = KNOWN_BY.map(|table| format!("SELECT DISTINCT instance_id AS id FROM {table}"));
    ids.join(" UNION ")
});

static LIST_IDS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT id FROM ({}) AS known ORDER BY id LIMIT $1", *IDS));

static LIST_IDS_AFTER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT id FROM ({}) AS known WHERE id > $1 ORDER BY id LIMIT $2",
        *IDS
    )
});

static TOTALS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT (SELECT count(*) FROM ({}) AS known), (SELECT count(*) FROM items)",
        *IDS
    )
});

/// A look into the index of each table, and no more of them than it takes.
static IS_KNOWN: LazyLock<String> = LazyLock::new(|| {
    let tables = KNOWN_BY.into_iter().chain(["events"]);
    let exists =
        tables.map(|table| format!("EXISTS (SELECT 1 FROM {table} WHERE instance_id = $1)"));
    format!("SELECT 1 WHERE {}", exists.collect::<Vec<_>>().join(" OR "))
});

const COUNT_EVENTS: &str = "SELECT count(*) FROM events WHERE instance_id = $1";

const STORAGE: Sql = Sql {
    sqlite: "
        SELECT count(*) + (SELECT count(*) FROM entity_links WHERE instance_id = $1),
            coalesce(sum(octet_length(data)), 0) + (
            SELECT coalesce(sum(octet_length(item_id) + octet_length(referenced_id) + $2), 0)
            FROM item_links WHERE instance_id = $1) + (
            SELECT coalesce(sum(octet_length(external) + octet_length(internal)
                                + coalesce(octet_length(hash), 0) + $2), 0)
            FROM entity_links WHERE instance_id = $1)
        FROM items WHERE instance_id = $1",
    postgres: "
        SELECT count(*) + (SELECT count(*) FROM entity_links WHERE instance_id = $1),
            coalesce(sum(octet_length(data::text)), 0)::bigint + (
            SELECT coalesce(sum(octet_length(item_id) + octet_length(referenced_id) + $2::bigint), 0)::bigint
            FROM item_links WHERE instance_id = $1) + (
            SELECT coalesce(sum(octet_length(external) + octet_length(internal)
                                + coalesce(octet_length(hash), 0) + $2::bigint), 0)::bigint
            FROM entity_links WHERE instance_id = $1)
        FROM items WHERE instance_id = $1",
};

repository! {
    /// Adds a batch to the activity so far, all of it or nothing.
    async fn record_activity(&self, batch: Vec<ActivityDelta>) -> Result<(), StoreError>;

    /// Deletes everything that is stored of an instance. Returns the number of its items.
    async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError>;
}

impl Store {
    /// Finds an instance.
    pub async fn find_instance(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Instance>, StoreError> {
        self.query_one(Scope::Owner, FIND.as_str(), &bind![instance_id], read)
            .await
    }

    /// Lists the instances that were seen last, newest first.
    pub async fn list_latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError> {
        self.query(Scope::Owner, LIST_LATEST.as_str(), &bind![limit], read)
            .await
    }

    /// Lists every instance of which anything is stored, by id, after the given one.
    pub async fn list_instance_ids(
        &self,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let read = |row: &Row<'_>| row.instance_id(0);
        let (sql, values): (_, &[_]) = match after {
            None => (LIST_IDS.as_str(), &bind![limit]),
            Some(after) => (LIST_IDS_AFTER.as_str(), &bind![after, limit]),
        };
        self.query_unlimited(Scope::Owner, sql, values, read).await
    }

    /// Counts all instances and all items, one by one.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(Totals {
                instances: row.count(0)?,
                items: row.count(1)?,
            })
        };
        let totals = self.query_unlimited(Scope::Owner, TOTALS.as_str(), NO_VALUES, read);
        Ok(totals.await?.pop().unwrap_or_default())
    }

    /// Counts the items and links of an instance, one by one.
    pub async fn storage_usage(&self, instance_id: InstanceId) -> Result<StorageUsage, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(StorageUsage {
                items: row.count(0)?,
                bytes: row.count(1)?,
            })
        };
        let values = bind![instance_id, i64::try_from(LINK_BYTES).unwrap_or(i64::MAX)];
        let usage = self.query_unlimited(Scope::Owner, STORAGE, &values, read);
        Ok(usage.await?.pop().unwrap_or_default())
    }

    /// Returns whether anything is stored of an instance.
    pub async fn is_known(&self, instance_id: InstanceId) -> Result<bool, StoreError> {
        let values = bind![instance_id];
        let found = self.query(Scope::Owner, IS_KNOWN.as_str(), &values, |_| Ok(()));
        Ok(!found.await?.is_empty())
    }

    /// Counts the events of an instance.
    pub async fn count_events(&self, instance_id: InstanceId) -> Result<u64, StoreError> {
        let (read, values) = (|row: &Row<'_>| row.count(0), bind![instance_id]);
        let count = self.query_one(Scope::Owner, COUNT_EVENTS, &values, read);
        Ok(count.await?.unwrap_or_default())
    }
}

fn read(row: &Row<'_>) -> Result<Instance, StoreError> {
    let mut requests = [0; Role::COUNT];
    for (role, count) in requests.iter_mut().enumerate() {
        *count = row.count(5 + role)?;
    }
    Ok(Instance {
        instance_id: row.instance_id(0)?,
        first_seen: row.timestamp(1)?,
        last_seen: row.timestamp(2)?,
        plan: row.get(3)?,
        site_id: row.get(4)?,
        requests,
    })
}
