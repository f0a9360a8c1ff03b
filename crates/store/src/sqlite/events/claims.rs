//! Outcomes of attempts, and claims of due deliveries.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use jiff::Timestamp;
use rusqlite::Connection;

use super::{LaneKey, turns};
use crate::StoreError;
use crate::event_row::{FIND_EVENT, read_event};
use crate::events::{
    AfterAttempt, AttemptOutcome, ClaimLimits, ClaimedDelivery, Claims, DeliveryLease,
    DeliveryState,
};
use crate::sql::{Row, bind};
use crate::sqlite::SqliteStore;
use crate::sqlite::statement::{execute, query};

const LEASED: &str = "
    SELECT 1 FROM deliveries WHERE delivery_id = $1 AND fence = $2 AND state = 'WAITING'";

const SET_OUTCOME: &str = "
    UPDATE deliveries
    SET state = $1, attempts = max(attempts - $2, 0), finished_at_ms = $3, last_status = $4, last_error = $5
    WHERE delivery_id = $6";

const INSERT_ATTEMPT: &str = "
    INSERT INTO delivery_attempts (instance_id, delivery_id, fence, number, started_at_ms, duration_ms, status, error,
                                   response)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (delivery_id, fence) DO NOTHING";

const EXTEND: &str = "
    UPDATE delivery_lanes SET run_at_ms = $1
    WHERE subscription = $2 AND instance_id = $3 AND lane = $4 AND is_leased = 1
      AND EXISTS (SELECT 1 FROM deliveries WHERE delivery_id = $5 AND fence = $6 AND state = 'WAITING')";

const NEXT_INSTANCES: &str = "
    SELECT instance_id FROM delivery_turns WHERE subscription = $1 AND is_ready = 1 ORDER BY turn LIMIT $2";

const DUE_LANES: &str = "
    SELECT lane FROM delivery_lanes
    WHERE subscription = $1 AND instance_id = $2 AND run_at_ms <= $3 ORDER BY run_at_ms, lane LIMIT $4";

const LEASE_LANE: &str = "
    UPDATE delivery_lanes SET run_at_ms = $1, is_leased = 1
    WHERE subscription = $2 AND instance_id = $3 AND lane = $4";

const CLAIM: &str = "
    UPDATE deliveries SET fence = fence + 1, attempts = attempts + 1 WHERE delivery_id = $1
    RETURNING fence, attempts, event_sequence";

const NEXT_DUE: &str = "
    SELECT min(due_at_ms) FROM delivery_turns WHERE subscription = $1 AND is_ready = 0";

impl SqliteStore {
    pub(crate) async fn advance_deliveries(
        &self,
        subscription: &str,
        outcomes: Arc<Vec<AttemptOutcome>>,
        limits: ClaimLimits,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError> {
        let subscription = subscription.to_owned();
        self.write_with(move |connection| {
            let lost = record(connection, &outcomes, now)?;
            let claim = Claim {
                connection,
                subscription: &subscription,
                now_ms: now.as_millisecond(),
                lease_end: now.as_millisecond()
                    + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2),
            };
            let (claimed, is_all) = claim.claim(limits.clone())?;
            let next_due = if is_all { claim.next_due()? } else { Some(now) };
            Ok(Claims {
                claimed,
                next_due,
                lost,
            })
        })
        .await
    }

    pub(crate) async fn extend_leases(
        &self,
        leases: Vec<DeliveryLease>,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let end = now.as_millisecond() + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        self.write_with(move |connection| {
            let extend = |lease: &DeliveryLease| {
                let (id, fence) = (lease.delivery_id, lease.fence);
                let values = bind![
                    end,
                    &lease.subscription,
                    lease.instance_id,
                    &lease.lane,
                    id,
                    fence
                ];
                let is_extended = execute(connection, EXTEND, &values)? > 0;
                if is_extended {
                    let now_ms = now.as_millisecond();
                    turns::refresh(
                        connection,
                        &lease.subscription,
                        lease.instance_id,
                        now_ms,
                        false,
                    )?;
                }
                Ok(is_extended)
            };
            leases.iter().map(extend).collect()
        })
        .await
    }
}

/// Records outcomes. Returns the deliveries whose lease was not the latest.
fn record(
    connection: &Connection,
    outcomes: &[AttemptOutcome],
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let mut lost = Vec::new();
    let mut served = BTreeSet::new();
    for outcome in outcomes {
        let lease = &outcome.lease;
        let values = bind![lease.delivery_id, lease.fence];
        if query(connection, LEASED, &values, |_| Ok(()))?.is_empty() {
            lost.push(lease.delivery_id);
            continue;
        }
        let run_at = settle(connection, outcome, now)?;
        let lane = LaneKey {
            subscription: &lease.subscription,
            instance_id: lease.instance_id,
            lane: &lease.lane,
        };
        lane.release(connection, run_at.as_millisecond())?;
        served.insert((lease.subscription.as_str(), *lease.instance_id.as_bytes()));
    }
    for (subscription, id) in served {
        let instance_id = InstanceId::from_bytes(id);
        turns::refresh(
            connection,
            subscription,
            instance_id,
            now.as_millisecond(),
            false,
        )?;
    }
    Ok(lost)
}

/// Records the outcome of one attempt. Returns when its lane is due.
fn settle(
    connection: &Connection,
    outcome: &AttemptOutcome,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let (state, run_at) = match outcome.next {
        AfterAttempt::Delivered => (DeliveryState::Delivered, now),
        AfterAttempt::Dead => (DeliveryState::Dead, now),
        AfterAttempt::RetryAt(at) => (DeliveryState::Waiting, at),
        AfterAttempt::Released => (DeliveryState::Waiting, now),
    };
    let is_released = outcome.next == AfterAttempt::Released;
    let (attempt, lease) = (&outcome.attempt, &outcome.lease);
    let finished = (state != DeliveryState::Waiting).then_some(now);
    let values = bind![
        state.as_str(),
        i64::from(is_released),
        finished,
        attempt.status,
        attempt.error.as_deref(),
        lease.delivery_id,
    ];
    execute(connection, SET_OUTCOME, &values)?;
    if !is_released {
        let values = bind![
            lease.instance_id,
            lease.delivery_id,
            lease.fence,
            attempt.number,
            attempt.started_at,
            attempt.duration_ms,
            attempt.status,
            attempt.error.as_deref(),
            attempt.response.as_deref(),
        ];
        execute(connection, INSERT_ATTEMPT, &values)?;
    }
    Ok(run_at)
}

/// Claims for one subscription.
struct Claim<'claim> {
    connection: &'claim Connection,
    subscription: &'claim str,
    now_ms: i64,
    lease_end: i64,
}

impl Claim<'_> {
    /// Claims due deliveries, in turn over instances. Returns whether no other is due.
    fn claim(&self, mut limits: ClaimLimits) -> Result<(Vec<ClaimedDelivery>, bool), StoreError> {
        turns::promote(self.connection, self.subscription, self.now_ms)?;
        let mut claimed = Vec::new();
        loop {
            let exhausted: HashSet<InstanceId> = limits.exhausted().collect();
            let most = u64::from(limits.total().max(1)) + exhausted.len() as u64;
            let values = bind![self.subscription, most];
            let read = |row: &Row<'_>| row.instance_id(0);
            let mut instances = query(self.connection, NEXT_INSTANCES, &values, read)?;
            instances.retain(|id| !exhausted.contains(id));
            if limits.total() == 0 || instances.is_empty() {
                return Ok((claimed, instances.is_empty()));
            }
            let count = u32::try_from(instances.len()).unwrap_or(u32::MAX);
            let share = limits.total().div_ceil(count);
            for instance_id in instances {
                let most = share.min(limits.of_instance(instance_id));
                if most == 0 {
                    break;
                }
                for delivery in self.claim_of(instance_id, most)? {
                    limits.take(instance_id);
                    claimed.push(delivery);
                }
            }
        }
    }

    fn claim_of(
        &self,
        instance_id: InstanceId,
        most: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let mut claimed = Vec::new();
        let values = bind![self.subscription, instance_id, self.now_ms, most];
        let read = |row: &Row<'_>| row.get::<String>(0);
        for lane in query(self.connection, DUE_LANES, &values, read)? {
            let key = LaneKey {
                subscription: self.subscription,
                instance_id,
                lane: &lane,
            };
            let Some(delivery_id) = key.head(self.connection)? else {
                key.release(self.connection, self.now_ms)?;
                continue;
            };
            let values = bind![self.lease_end, self.subscription, instance_id, &lane];
            execute(self.connection, LEASE_LANE, &values)?;
            claimed.extend(self.take(instance_id, lane, delivery_id)?);
        }
        turns::refresh(
            self.connection,
            self.subscription,
            instance_id,
            self.now_ms,
            true,
        )?;
        Ok(claimed)
    }

    fn take(
        &self,
        instance_id: InstanceId,
        lane: String,
        delivery_id: i64,
    ) -> Result<Option<ClaimedDelivery>, StoreError> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<u32>(1)?, row.get::<i64>(2)?));
        let taken = query(self.connection, CLAIM, &bind![delivery_id], read)?;
        let Some((fence, attempt, sequence)) = taken.into_iter().next() else {
            return Ok(None);
        };
        let event = query(self.connection, FIND_EVENT, &bind![sequence], read_event)?;
        Ok(event.into_iter().next().map(|event| ClaimedDelivery {
            lease: DeliveryLease {
                delivery_id,
                subscription: self.subscription.to_owned(),
                instance_id,
                lane,
                fence,
            },
            attempt,
            event,
        }))
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let read = |row: &Row<'_>| row.optional_timestamp(0);
        let due = query(self.connection, NEXT_DUE, &bind![self.subscription], read)?;
        Ok(due.into_iter().next().flatten())
    }
}
