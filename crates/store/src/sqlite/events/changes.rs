//! Deliveries that an operator retries or skips, and events whose time is over.

use std::collections::BTreeSet;

use backlot_wix::InstanceId;
use jiff::Timestamp;
use rusqlite::Connection;

use super::{LaneKey, turns};
use crate::StoreError;
use crate::sql::{Row, bind};
use crate::sqlite::SqliteStore;
use crate::sqlite::statement::{execute, query};

const FIND: &str = "
    SELECT subscription, instance_id, lane, state FROM deliveries WHERE delivery_id = $1";

const RETRY: &str = "
    UPDATE deliveries SET state = 'WAITING', attempts = 0, finished_at_ms = NULL WHERE delivery_id = $1";

const SKIP: &str = "
    UPDATE deliveries SET state = 'SKIPPED', fence = fence + 1, finished_at_ms = $1
    WHERE delivery_id = $2 AND state IN ('WAITING', 'DEAD')";

const UPSERT_LANE: &str = "
    INSERT INTO delivery_lanes (subscription, instance_id, lane, run_at_ms, is_leased)
    VALUES ($1, $2, $3, $4, 0)
    ON CONFLICT (subscription, instance_id, lane) DO UPDATE SET
        run_at_ms = CASE WHEN is_leased = 1 THEN run_at_ms ELSE min(run_at_ms, excluded.run_at_ms) END";

const HAS_WAITING: &str =
    "SELECT 1 FROM deliveries WHERE event_sequence = $1 AND state = 'WAITING' LIMIT 1";

const DELETE_ATTEMPTS: &str = "
    DELETE FROM delivery_attempts
    WHERE delivery_id IN (SELECT delivery_id FROM deliveries WHERE event_sequence = $1)";

const DELETE_DELIVERIES: &str = "DELETE FROM deliveries WHERE event_sequence = $1";

const DELETE_EVENT: &str = "DELETE FROM events WHERE sequence = $1";

/// Where a delivery stands.
struct Found {
    subscription: String,
    instance_id: InstanceId,
    lane: String,
    state: String,
}

impl Found {
    fn key(&self) -> LaneKey<'_> {
        LaneKey {
            subscription: &self.subscription,
            instance_id: self.instance_id,
            lane: &self.lane,
        }
    }
}

impl SqliteStore {
    pub(crate) async fn retry_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let retried = self.change(delivery_ids, now, |connection, id, found, now| {
            if found.state == "DELIVERED" {
                return Ok(false);
            }
            execute(connection, RETRY, &bind![id])?;
            let values = bind![&found.subscription, found.instance_id, &found.lane, now];
            execute(connection, UPSERT_LANE, &values)?;
            Ok(true)
        });
        let retried = retried.await?;
        self.arrivals.announce();
        Ok(retried)
    }

    pub(crate) async fn skip_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let skipped = self.change(delivery_ids, now, |connection, id, found, now| {
            let is_head = found.key().head(connection)? == Some(id);
            if execute(connection, SKIP, &bind![now, id])? == 0 {
                return Ok(false);
            }
            if is_head {
                found.key().release(connection, now.as_millisecond())?;
            }
            Ok(true)
        });
        let skipped = skipped.await?;
        self.arrivals.announce();
        Ok(skipped)
    }

    /// Changes deliveries, and then the turns of their instances.
    async fn change(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
        one: fn(&Connection, i64, &Found, Timestamp) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        self.write_with(move |connection| {
            let mut changed = 0;
            let mut instances = BTreeSet::new();
            for id in delivery_ids {
                let read = |row: &Row<'_>| {
                    Ok(Found {
                        subscription: row.get(0)?,
                        instance_id: row.instance_id(1)?,
                        lane: row.get(2)?,
                        state: row.get(3)?,
                    })
                };
                let found = query(connection, FIND, &bind![id], read)?;
                let Some(found) = found.into_iter().next() else {
                    continue;
                };
                changed += u64::from(one(connection, id, &found, now)?);
                instances.insert((found.subscription, *found.instance_id.as_bytes()));
            }
            for (subscription, id) in instances {
                let instance_id = InstanceId::from_bytes(id);
                let now_ms = now.as_millisecond();
                turns::refresh(connection, &subscription, instance_id, now_ms, false)?;
            }
            Ok(changed)
        })
        .await
    }

    pub(crate) async fn delete_events(&self, sequences: Vec<i64>) -> Result<u64, StoreError> {
        self.write_with(move |connection| {
            let mut deleted = 0;
            for sequence in sequences {
                let values = bind![sequence];
                if !query(connection, HAS_WAITING, &values, |_| Ok(()))?.is_empty() {
                    continue;
                }
                execute(connection, DELETE_ATTEMPTS, &values)?;
                execute(connection, DELETE_DELIVERIES, &values)?;
                deleted += execute(connection, DELETE_EVENT, &values)?;
            }
            Ok(deleted)
        })
        .await
    }
}
