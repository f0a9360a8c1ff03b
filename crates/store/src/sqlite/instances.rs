//! Activity of instances in SQLite, and deleting an instance.

use std::sync::LazyLock;

use backlot_wix::InstanceId;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::items::keys;
use super::statement::execute;
use crate::StoreError;
use crate::instances::{ActivityDelta, request_columns};
use crate::sql::{Value, bind};
use crate::tables;

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

const DELETE_ITEMS: &str = "
    DELETE FROM items WHERE sequence IN (
        SELECT sequence FROM items WHERE instance_id = ?1 LIMIT ?2)";

const DELETE_LINKS: &str = "
    DELETE FROM item_links
    WHERE instance_id = ?1 AND (collection, field, item_id, referenced_id) IN (
        SELECT collection, field, item_id, referenced_id FROM item_links
        WHERE instance_id = ?1 LIMIT ?2)";

/// Rows that are removed in one commit: others may write in between.
const BATCH_SIZE: i64 = 5_000;

impl SqliteStore {
    pub(crate) async fn record_activity(
        &self,
        batch: Vec<ActivityDelta>,
    ) -> Result<(), StoreError> {
        self.write_with(move |connection| batch.iter().try_for_each(|delta| add(connection, delta)))
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
            for table in tables::of_instance() {
                let rows = tables::rows_of_instance(table);
                let sql = format!("DELETE FROM {table} WHERE {rows}");
                execute(connection, &sql, &bind![instance_id])?;
            }
            Ok(())
        })
        .await?;
        self.definition_cache.forget_all();
        Ok(count)
    }

    /// Deletes rows of an instance, no more than others can wait for. Returns how many.
    async fn delete_some(
        &self,
        instance_id: InstanceId,
        sql: &'static str,
    ) -> Result<u64, StoreError> {
        self.write_with(move |connection| {
            let mut delete = connection.prepare_cached(sql)?;
            let deleted = delete.execute(params![instance_id.as_bytes(), BATCH_SIZE])?;
            Ok(deleted as u64)
        })
        .await
    }
}

/// Adds to the activity of an instance.
pub(super) fn add(connection: &Connection, delta: &ActivityDelta) -> Result<(), StoreError> {
    let mut values = bind![
        delta.instance_id,
        delta.first_seen,
        delta.last_seen,
        delta.plan.as_deref(),
        delta.site_id.as_deref(),
    ]
    .to_vec();
    values.extend(delta.requests.map(Value::from));
    execute(connection, &ADD, &values).map(drop)
}
