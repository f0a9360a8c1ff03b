//! Deliveries that an operator retries or skips, and events whose time is over.

use jiff::Timestamp;
use uuid::Uuid;

use super::turns::Turns;
use crate::StoreError;
use crate::postgres::PostgresStore;
use crate::postgres::failure::{Failure, attempt};
use crate::postgres::tenant::{Bound, lanes_transaction};

const FIND: &str = "
    SELECT DISTINCT subscription, instance_id FROM deliveries WHERE delivery_id = ANY($1)";

const RETRY: &str = "
    WITH retried AS (
        UPDATE deliveries SET state = 'WAITING', attempts = 0, finished_at_ms = NULL
        WHERE delivery_id = ANY($1) AND state <> 'DELIVERED'
        RETURNING subscription, instance_id, lane
    ), lanes AS (
        INSERT INTO delivery_lanes AS known (subscription, instance_id, lane, run_at_ms, is_leased)
        SELECT DISTINCT subscription, instance_id, lane, $2::bigint, false FROM retried
        ON CONFLICT (subscription, instance_id, lane) DO UPDATE SET
            run_at_ms = CASE WHEN known.is_leased THEN known.run_at_ms
                             ELSE least(known.run_at_ms, excluded.run_at_ms) END
    )
    SELECT count(*) FROM retried";

// The lane of a delivery that is its head goes on.
const RELEASE_HEADS: &str = "
    UPDATE delivery_lanes AS lanes SET run_at_ms = $2, is_leased = false
    FROM (
        SELECT DISTINCT ON (named.subscription, named.instance_id, named.lane)
               named.subscription, named.instance_id, named.lane, waiting.delivery_id
        FROM (SELECT DISTINCT subscription, instance_id, lane FROM deliveries WHERE delivery_id = ANY($1)) AS named
        JOIN deliveries AS waiting ON waiting.subscription = named.subscription
            AND waiting.instance_id = named.instance_id AND waiting.lane = named.lane AND waiting.state = 'WAITING'
        ORDER BY named.subscription, named.instance_id, named.lane, waiting.position,
                 waiting.event_time_us, waiting.delivery_id
    ) AS head
    WHERE lanes.subscription = head.subscription AND lanes.instance_id = head.instance_id
      AND lanes.lane = head.lane AND head.delivery_id = ANY($1)";

const SKIP: &str = "
    UPDATE deliveries SET state = 'SKIPPED', fence = fence + 1, finished_at_ms = $2
    WHERE delivery_id = ANY($1) AND state IN ('WAITING', 'DEAD')";

const DELETE_EMPTY: &str = "
    DELETE FROM delivery_lanes AS lanes
    USING (SELECT DISTINCT subscription, instance_id, lane FROM deliveries WHERE delivery_id = ANY($1)) AS named
    WHERE lanes.subscription = named.subscription AND lanes.instance_id = named.instance_id
      AND lanes.lane = named.lane
      AND NOT EXISTS (
        SELECT 1 FROM deliveries AS waiting
        WHERE waiting.subscription = named.subscription AND waiting.instance_id = named.instance_id
          AND waiting.lane = named.lane AND waiting.state = 'WAITING')";

const DELETE: &str = "
    WITH expired AS (
        SELECT sequence FROM unnest($1::bigint[]) AS named(sequence)
        WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE event_sequence = named.sequence AND state = 'WAITING')
    ), deleted AS (
        DELETE FROM deliveries WHERE event_sequence IN (SELECT sequence FROM expired) RETURNING delivery_id
    ), attempts AS (
        DELETE FROM delivery_attempts WHERE delivery_id IN (SELECT delivery_id FROM deleted)
    )
    DELETE FROM events WHERE sequence IN (SELECT sequence FROM expired)";

/// What an operator does to deliveries.
#[derive(Clone, Copy)]
enum Change {
    Retry,
    Skip,
}

impl PostgresStore {
    pub(crate) async fn retry_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.change(&delivery_ids, Change::Retry, now).await
    }

    pub(crate) async fn skip_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.change(&delivery_ids, Change::Skip, now).await
    }

    async fn change(
        &self,
        delivery_ids: &[i64],
        change: Change,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let changed = attempt!(writing: self.change_once(delivery_ids, change, now));
        self.arrivals.announce();
        changed
    }

    async fn change_once(
        &self,
        delivery_ids: &[i64],
        change: Change,
        now: Timestamp,
    ) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let now_ms = now.as_millisecond();
        let work = async {
            let client = lease.client()?;
            let mut turns = Turns::default();
            for row in client.query(FIND, &[&delivery_ids]).await? {
                let (subscription, id): (String, Uuid) = (row.try_get(0)?, row.try_get(1)?);
                turns.push(&subscription, id);
            }
            if turns.is_empty() {
                return Ok(0);
            }
            turns.lock(client).await?;
            let values: [Bound<'_>; 2] = [&delivery_ids, &now_ms];
            let count = match change {
                Change::Retry => {
                    let count: i64 = client.query_one(RETRY, &values).await?.try_get(0)?;
                    count.cast_unsigned()
                }
                Change::Skip => {
                    client.execute(RELEASE_HEADS, &values).await?;
                    let count = client.execute(SKIP, &values).await?;
                    client.execute(DELETE_EMPTY, &[&delivery_ids]).await?;
                    count
                }
            };
            turns.refresh(client, now_ms, false).await?;
            client.query(super::NOTIFY, &[]).await?;
            Ok(count)
        };
        let outcome = lanes_transaction(&lease, work).await;
        lease.release(outcome)
    }

    pub(crate) async fn delete_events(&self, sequences: Vec<i64>) -> Result<u64, StoreError> {
        attempt!(writing: self.owner_execute(DELETE, &[&sequences]))
    }
}
