//! Instances in SQLite.

use std::sync::LazyLock;

use backlot_wix::{InstanceId, Role};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::SqliteStore;
use super::items::keys;
use crate::StoreError;
use crate::instances::{ActivityDelta, Instance, StorageUsage, Totals};
use crate::items::room::LINK_BYTES;
use crate::rows::instant;

static ADD: LazyLock<String> = LazyLock::new(|| {
    let columns = request_columns(str::to_owned);
    let values = request_columns(|_| "?".to_owned());
    let sums = request_columns(|it| format!("{it} = {it} + excluded.{it}"));
    format!(
        "INSERT INTO instances (instance_id, first_seen_ms, last_seen_ms, plan, site_id, {columns})
         VALUES (?, ?, ?, ?, ?, {values})
         ON CONFLICT (instance_id) DO UPDATE SET
             first_seen_ms = min(first_seen_ms, excluded.first_seen_ms),
             last_seen_ms  = max(last_seen_ms, excluded.last_seen_ms),
             plan          = coalesce(excluded.plan, plan),
             site_id       = coalesce(excluded.site_id, site_id),
             {sums}"
    )
});

static READ: LazyLock<String> = LazyLock::new(|| {
    let columns = request_columns(str::to_owned);
    format!(
        "SELECT instance_id, first_seen_ms, last_seen_ms, plan, site_id, {columns} FROM instances"
    )
});

impl SqliteStore {
    pub(crate) async fn record_sightings(
        &self,
        batch: Vec<ActivityDelta>,
    ) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            {
                let mut add = connection.prepare_cached(ADD)?;
                for sighting in batch {
                    let [visitor, member, owner, app] = sighting.requests.map(u64::cast_signed);
                    add.execute(params![
                        sighting.instance_id.to_string(),
                        sighting.first_seen.as_millisecond(),
                        sighting.last_seen.as_millisecond(),
                        visitor,
                        member,
                        owner,
                        app,
                        sighting.plan,
                        sighting.site_id,
                    ])?;
                }
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn instance(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Instance>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!("{} WHERE instance_id = ?1", *READ);
            let mut statement = connection.prepare_cached(&sql)?;
            let row = statement
                .query_row([instance_id.to_string()], read)
                .optional()?;
            row.transpose()
        })
        .await
    }

    pub(crate) async fn latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!("{} ORDER BY last_seen_ms DESC, instance_id LIMIT ?1", *READ);
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([limit], read)?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    pub(crate) async fn instances_after(
        &self,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string().replace('-', ""));
        self.read_unlimited(move |connection| {
            let sql = format!("SELECT id FROM ({ALL}) WHERE id > ?1 ORDER BY id LIMIT ?2");
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(params![after, limit], |row| row.get::<_, String>(0))?;
            rows.map(|digits| from_digits(&digits?)).collect()
        })
        .await
    }

    pub(crate) async fn totals(&self) -> Result<Totals, StoreError> {
        self.read_unlimited(|connection| {
            let sql =
                format!("SELECT (SELECT count(*) FROM ({ALL})), (SELECT count(*) FROM items)");
            Ok(connection.query_row(&sql, [], |row| {
                let (instances, items): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(Totals {
                    instances: instances.cast_unsigned(),
                    items: items.cast_unsigned(),
                })
            })?)
        })
        .await
    }

    pub(crate) async fn storage_usage(
        &self,
        instance_id: InstanceId,
    ) -> Result<StorageUsage, StoreError> {
        self.read_unlimited(move |connection| {
            let usage = |row: &Row<'_>| {
                let (items, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(StorageUsage {
                    items: items.cast_unsigned(),
                    bytes: bytes.cast_unsigned(),
                })
            };
            let sql = "SELECT count(*), coalesce(sum(octet_length(data)), 0) + (
                           SELECT coalesce(
                               sum(octet_length(item_id) + octet_length(referenced_id) + ?2), 0)
                           FROM item_links WHERE instance_id = ?1)
                       FROM items WHERE instance_id = ?1";
            let link_bytes = i64::try_from(LINK_BYTES).unwrap_or(i64::MAX);
            let parameters = params![instance_id.as_bytes(), link_bytes];
            Ok(connection.query_row(sql, parameters, usage)?)
        })
        .await
    }

    pub(crate) async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let removed = self.delete_some(instance_id, DELETE_ITEMS).await?;
            if removed == 0 {
                break;
            }
            count += removed;
        }
        while self.delete_some(instance_id, DELETE_LINKS).await? > 0 {}
        let some_keys =
            move |connection: &Connection| keys::remove_some_of_all(connection, instance_id);
        while !self.write_with(some_keys).await? {}
        self.write_with(move |connection| {
            let (bytes, text) = (instance_id.as_bytes(), instance_id.to_string());
            for sql in [
                "DELETE FROM item_keys WHERE instance_id = ?1",
                "DELETE FROM item_unique_keys WHERE instance_id = ?1",
                "DELETE FROM inexact_indexes WHERE instance_id = ?1",
                "DELETE FROM index_builds WHERE instance_id = ?1",
                "DELETE FROM item_links WHERE instance_id = ?1",
                "DELETE FROM collections WHERE instance_id = ?1",
                "DELETE FROM jobs WHERE instance_id = ?1",
                "DELETE FROM instance_secrets WHERE instance_id = ?1",
                "DELETE FROM accounts WHERE instance_id = ?1",
                "DELETE FROM pending_authorizations WHERE instance_id = ?1",
                "DELETE FROM connection_usage WHERE instance_id = ?1",
            ] {
                connection.prepare_cached(sql)?.execute([bytes])?;
            }
            for sql in [
                "DELETE FROM instance_details WHERE instance_id = ?1",
                "DELETE FROM instance_refusals WHERE instance_id = ?1",
                "DELETE FROM instances WHERE instance_id = ?1",
            ] {
                connection.prepare_cached(sql)?.execute([&text])?;
            }
            Ok(())
        })
        .await?;
        self.catalog.forget_all();
        Ok(count)
    }
}

impl SqliteStore {
    /// Removes rows of an instance, no more than others can wait for. How many there were.
    async fn delete_some(
        &self,
        instance_id: InstanceId,
        sql: &'static str,
    ) -> Result<u64, StoreError> {
        self.write_with(move |connection| {
            let removed = connection
                .prepare_cached(sql)?
                .execute(params![instance_id.as_bytes(), BATCH_SIZE])?;
            Ok(removed as u64)
        })
        .await
    }
}

const DELETE_ITEMS: &str = "
    DELETE FROM items WHERE sequence IN (
        SELECT sequence FROM items WHERE instance_id = ?1 LIMIT ?2)";

const DELETE_LINKS: &str = "
    DELETE FROM item_links
    WHERE instance_id = ?1 AND (collection, field, item_id, referenced_id) IN (
        SELECT collection, field, item_id, referenced_id FROM item_links
        WHERE instance_id = ?1 LIMIT ?2)";

fn from_digits(digits: &str) -> Result<InstanceId, StoreError> {
    u128::from_str_radix(digits, 16)
        .map(|number| InstanceId::from_bytes(number.to_be_bytes()))
        .map_err(|_| StoreError::Refused("an instance id in the database is no GUID".into()))
}

/// Registered instances are kept as text, and tenants of items as bytes: both as digits, in one order.
const ALL: &str = "
        SELECT replace(instance_id, '-', '') AS id FROM instances
        UNION SELECT replace(instance_id, '-', '') FROM instance_details
        UNION SELECT lower(hex(instance_id)) FROM collections
        UNION SELECT lower(hex(instance_id)) FROM (SELECT DISTINCT instance_id FROM items)
        UNION SELECT lower(hex(instance_id)) FROM instance_secrets
        UNION SELECT lower(hex(instance_id)) FROM accounts
        UNION SELECT lower(hex(instance_id)) FROM connection_usage";

/// Rows that are removed in one commit: others may write in between.
const BATCH_SIZE: i64 = 5_000;

/// Adds to what is known of an instance.
pub(super) fn add(connection: &Connection, delta: &ActivityDelta) -> Result<(), StoreError> {
    let mut values: Vec<Value> = vec![
        delta.instance_id.to_string().into(),
        delta.first_seen.as_millisecond().into(),
        delta.last_seen.as_millisecond().into(),
        delta.plan.clone().into(),
        delta.site_id.clone().into(),
    ];
    values.extend(delta.requests.map(|count| count.cast_signed().into()));
    let mut add = connection.prepare_cached(&ADD)?;
    add.execute(params_from_iter(values))?;
    Ok(())
}

type ReadRow = Result<Instance, StoreError>;

fn read(row: &Row<'_>) -> rusqlite::Result<ReadRow> {
    let text: String = row.get(0)?;
    let times: [i64; 2] = [row.get(1)?, row.get(2)?];
    let named = [row.get(3)?, row.get(4)?];
    let mut requests = [0; Role::COUNT];
    for (role, count) in requests.iter_mut().enumerate() {
        *count = row.get(5 + role)?;
    }
    Ok(assemble(&text, times, requests, named))
}

fn assemble(
    text: &str,
    [first, last]: [i64; 2],
    requests: [i64; Role::COUNT],
    [plan, site_id]: [Option<String>; 2],
) -> ReadRow {
    Ok(Instance {
        instance_id: instance_id(text)?,
        first_seen: instant(first)?,
        last_seen: instant(last)?,
        requests: requests.map(i64::cast_unsigned),
        plan,
        site_id,
    })
}

pub(super) fn instance_id(text: &str) -> Result<InstanceId, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Refused("an instance id in the database is no GUID".into()))
}
