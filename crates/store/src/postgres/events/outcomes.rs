//! Outcomes of attempts, as columns of one statement.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::turns::Turns;
use crate::events::{AfterAttempt, AttemptOutcome, DeliveryState};
use crate::postgres::failure::Failure;
use crate::postgres::session::Session;
use crate::postgres::tenant::{Bound, uuid};

const SETTLE: &str = "
    WITH outcome AS (
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::bigint[], $6::integer[],
                             $7::text[], $8::uuid[], $9::integer[], $10::bigint[], $11::integer[], $12::text[])
            AS it(delivery_id, fence, state, is_released, finished_at_ms, status, error, instance_id, number,
                  started_at_ms, duration_ms, response)
    ), settled AS (
        UPDATE deliveries
        SET state = outcome.state, attempts = greatest(attempts - CASE WHEN is_released THEN 1 ELSE 0 END, 0),
            finished_at_ms = outcome.finished_at_ms, last_status = outcome.status, last_error = outcome.error
        FROM outcome
        WHERE deliveries.delivery_id = outcome.delivery_id AND deliveries.fence = outcome.fence
          AND deliveries.state = 'WAITING'
        RETURNING deliveries.delivery_id, deliveries.fence
    ), recorded AS (
        INSERT INTO delivery_attempts (instance_id, delivery_id, fence, number, started_at_ms, duration_ms, status,
                                       error, response)
        SELECT instance_id, delivery_id, fence, number, started_at_ms, duration_ms, status, error, response
        FROM outcome WHERE NOT is_released AND (delivery_id, fence) IN (SELECT delivery_id, fence FROM settled)
        ON CONFLICT (delivery_id, fence) DO NOTHING
    )
    SELECT delivery_id, fence FROM settled";

const RELEASE: &str = "
    UPDATE delivery_lanes AS lanes SET run_at_ms = ended.run_at_ms, is_leased = false
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[])
         AS ended(subscription, instance_id, lane, run_at_ms)
    WHERE lanes.subscription = ended.subscription AND lanes.instance_id = ended.instance_id
      AND lanes.lane = ended.lane";

const DELETE_EMPTY: &str = "
    DELETE FROM delivery_lanes AS lanes
    USING unnest($1::text[], $2::uuid[], $3::text[]) AS ended(subscription, instance_id, lane)
    WHERE lanes.subscription = ended.subscription AND lanes.instance_id = ended.instance_id
      AND lanes.lane = ended.lane
      AND NOT EXISTS (
        SELECT 1 FROM deliveries AS waiting
        WHERE waiting.subscription = ended.subscription AND waiting.instance_id = ended.instance_id
          AND waiting.lane = ended.lane AND waiting.state = 'WAITING')";

/// A delivery and a fence.
pub(super) type Lease = (i64, i64);

/// Reads leases, a row for each.
pub(super) fn leases_in(rows: &[Row]) -> Result<HashSet<Lease>, Failure> {
    let lease = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(lease).collect()
}

/// Outcomes that are recorded at one moment.
pub(super) struct Outcomes<'outcomes> {
    all: &'outcomes [AttemptOutcome],
    now: Timestamp,
}

impl<'outcomes> Outcomes<'outcomes> {
    pub(super) const fn new(all: &'outcomes [AttemptOutcome], now: Timestamp) -> Self {
        Self { all, now }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the turns of the instances.
    pub(super) fn turns(&self) -> Turns {
        let mut turns = Turns::default();
        for outcome in self.all {
            let lease = &outcome.lease;
            turns.push(&lease.subscription, uuid(lease.instance_id));
        }
        turns
    }

    /// Returns the deliveries that were not settled.
    pub(super) fn lost(&self, settled: &HashSet<Lease>) -> Vec<i64> {
        let leases = self
            .all
            .iter()
            .map(|it| (it.lease.delivery_id, it.lease.fence));
        let lost = leases.filter(|lease| !settled.contains(lease));
        lost.map(|(delivery_id, _)| delivery_id).collect()
    }

    /// Records the outcomes whose lease is the latest. Returns their deliveries.
    pub(super) async fn settle(&self, client: Session<'_>) -> Result<HashSet<Lease>, Failure> {
        macro_rules! column {
            (|$it:ident| $value:expr) => {
                self.all.iter().map(|$it| $value).collect::<Vec<_>>()
            };
        }
        let values: [Bound<'_>; 12] = [
            &column!(|it| it.lease.delivery_id),
            &column!(|it| it.lease.fence),
            &column!(|it| state(it.next).as_str()),
            &column!(|it| it.next == AfterAttempt::Released),
            &column!(|it| {
                let is_over = state(it.next) != DeliveryState::Waiting;
                is_over.then_some(self.now.as_millisecond())
            }),
            &column!(|it| it.attempt.status.map(i32::from)),
            &column!(|it| it.attempt.error.as_deref()),
            &column!(|it| uuid(it.lease.instance_id)),
            &column!(|it| it.attempt.number.cast_signed()),
            &column!(|it| it.attempt.started_at.as_millisecond()),
            &column!(|it| it.attempt.duration_ms.cast_signed()),
            &column!(|it| it.attempt.response.as_deref()),
        ];
        let statement = client.prepare_cached(SETTLE).await?;
        let rows = client.query(&statement, &values).await?;
        leases_in(&rows)
    }
}

const fn state(next: AfterAttempt) -> DeliveryState {
    match next {
        AfterAttempt::Delivered => DeliveryState::Delivered,
        AfterAttempt::Dead => DeliveryState::Dead,
        AfterAttempt::RetryAt(_) | AfterAttempt::Released => DeliveryState::Waiting,
    }
}

/// The lanes of settled deliveries, as columns.
pub(super) struct SettledLanes {
    subscriptions: Vec<String>,
    instances: Vec<Uuid>,
    lanes: Vec<String>,
    run_at_ms: Vec<i64>,
}

impl SettledLanes {
    pub(super) fn new(outcomes: &Outcomes<'_>, settled: &HashSet<Lease>) -> Self {
        let mut lanes = Self {
            subscriptions: Vec::new(),
            instances: Vec::new(),
            lanes: Vec::new(),
            run_at_ms: Vec::new(),
        };
        let all = outcomes.all.iter();
        for outcome in all.filter(|it| settled.contains(&(it.lease.delivery_id, it.lease.fence))) {
            let run_at = match outcome.next {
                AfterAttempt::RetryAt(at) => at,
                AfterAttempt::Delivered | AfterAttempt::Dead | AfterAttempt::Released => {
                    outcomes.now
                }
            };
            lanes.subscriptions.push(outcome.lease.subscription.clone());
            lanes.instances.push(uuid(outcome.lease.instance_id));
            lanes.lanes.push(outcome.lease.lane.clone());
            lanes.run_at_ms.push(run_at.as_millisecond());
        }
        lanes
    }

    /// Ends the leases of the lanes, and deletes the lanes in which nothing waits.
    pub(super) async fn release(&self, client: Session<'_>) -> Result<(), Failure> {
        let (release, delete) = tokio::try_join!(
            client.prepare_cached(RELEASE),
            client.prepare_cached(DELETE_EMPTY)
        )?;
        let named: [Bound<'_>; 3] = [&self.subscriptions, &self.instances, &self.lanes];
        let values: [Bound<'_>; 4] = [
            &self.subscriptions,
            &self.instances,
            &self.lanes,
            &self.run_at_ms,
        ];
        tokio::try_join!(
            biased;
            client.execute(&release, &values),
            client.execute(&delete, &named)
        )?;
        Ok(())
    }
}
