//! Outcomes of attempts, and claims of due deliveries.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::outcomes::{Outcomes, SettledLanes, leases_in};
use super::turns::{self, Turns};
use crate::StoreError;
use crate::event_row::read_event;
use crate::events::{AttemptOutcome, ClaimLimits, ClaimedDelivery, Claims, DeliveryLease};
use crate::postgres::PostgresStore;
use crate::postgres::failure::{Failure, attempt};
use crate::postgres::session::Session;
use crate::postgres::tenant::{Bound, from_uuid, lanes_transaction, uuid};
use crate::sql::Row;

const NEXT_INSTANCES: &str = "
    SELECT instance_id FROM delivery_turns
    WHERE subscription = $1 AND is_ready AND instance_id <> ALL($3) ORDER BY turn LIMIT $2
    FOR UPDATE SKIP LOCKED";

const DUE_LANES: &str = "
    SELECT next.instance_id, due.lane, head.delivery_id
    FROM unnest($2::uuid[]) WITH ORDINALITY AS next(instance_id, number)
    CROSS JOIN LATERAL (
        SELECT lane, run_at_ms FROM delivery_lanes AS lanes
        WHERE lanes.subscription = $1 AND lanes.instance_id = next.instance_id AND run_at_ms <= $3
        ORDER BY run_at_ms, lane LIMIT $4
    ) AS due
    LEFT JOIN LATERAL (
        SELECT delivery_id FROM deliveries AS waiting
        WHERE waiting.subscription = $1 AND waiting.instance_id = next.instance_id AND waiting.lane = due.lane
          AND waiting.state = 'WAITING'
        ORDER BY position, event_time_us, delivery_id LIMIT 1
    ) AS head ON true
    ORDER BY next.number, due.run_at_ms, due.lane";

const CLAIM: &str = "
    WITH claimed AS (
        UPDATE deliveries SET fence = fence + 1, attempts = attempts + 1 WHERE delivery_id = ANY($1)
        RETURNING delivery_id, lane, fence, attempts, event_sequence
    ), leased AS (
        UPDATE delivery_lanes AS lanes SET run_at_ms = $5, is_leased = true
        FROM unnest($3::uuid[], $4::text[]) AS due(instance_id, lane)
        WHERE lanes.subscription = $2 AND lanes.instance_id = due.instance_id AND lanes.lane = due.lane
    )
    SELECT sequence, instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us,
           received_at_ms, identity, details, is_echo, octet_length(data)::bigint, data,
           delivery_id, lane, fence, attempts
    FROM claimed JOIN events ON sequence = event_sequence
    ORDER BY array_position($1, delivery_id)";

const DELETE_LANES: &str = "
    DELETE FROM delivery_lanes AS lanes USING unnest($2::uuid[], $3::text[]) AS gone(instance_id, lane)
    WHERE lanes.subscription = $1 AND lanes.instance_id = gone.instance_id AND lanes.lane = gone.lane";

const NEXT_DUE: &str = "
    SELECT (SELECT min(due_at_ms) FROM delivery_turns WHERE subscription = $1 AND NOT is_ready),
           EXISTS (SELECT 1 FROM delivery_turns WHERE subscription = $1 AND is_ready AND instance_id <> ALL($2))";

const EXTEND: &str = "
    UPDATE delivery_lanes AS lanes SET run_at_ms = $6
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[])
         AS held(subscription, instance_id, lane, delivery_id, fence)
    JOIN deliveries ON deliveries.delivery_id = held.delivery_id AND deliveries.fence = held.fence
                   AND deliveries.state = 'WAITING'
    WHERE lanes.subscription = held.subscription AND lanes.instance_id = held.instance_id
      AND lanes.lane = held.lane AND lanes.is_leased
    RETURNING held.delivery_id, held.fence";

/// The most instances whose turns are locked at once.
const MAX_INSTANCES: u32 = 64;

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

impl PostgresStore {
    pub(crate) async fn advance_deliveries(
        &self,
        subscription: &str,
        outcomes: Arc<Vec<AttemptOutcome>>,
        limits: ClaimLimits,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError> {
        let claim = Claim {
            subscription,
            now_ms: now.as_millisecond(),
            lease_end: now.as_millisecond() + milliseconds(lease),
        };
        let outcomes = Outcomes::new(&outcomes, now);
        attempt!(writing: self.advance_once(&claim, &outcomes, limits.clone()))
    }

    async fn advance_once(
        &self,
        claim: &Claim<'_>,
        outcomes: &Outcomes<'_>,
        mut limits: ClaimLimits,
    ) -> Result<Claims, Failure> {
        let lease = self.owner().await?;
        let work = async {
            let client = lease.client()?;
            let lost = claim.record(client, outcomes).await?;
            let claimed = if limits.total() > 0 {
                claim.claim(client, &mut limits).await?
            } else {
                Vec::new()
            };
            let next_due = claim.next_due(client, &limits).await?;
            Ok(Claims {
                claimed,
                next_due,
                lost,
            })
        };
        let outcome = lanes_transaction(&lease, work).await;
        lease.release(outcome)
    }

    pub(crate) async fn extend_leases(
        &self,
        leases: Vec<DeliveryLease>,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        attempt!(writing: self.extend_once(&leases, lease, now))
    }

    async fn extend_once(
        &self,
        leases: &[DeliveryLease],
        extension: Duration,
        now: Timestamp,
    ) -> Result<Vec<bool>, Failure> {
        let lease = self.owner().await?;
        let now_ms = now.as_millisecond();
        let mut turns = Turns::default();
        for held in leases {
            turns.push(&held.subscription, uuid(held.instance_id));
        }
        let work = async {
            let client = lease.client()?;
            turns.lock(client).await?;
            let statement = client.prepare_cached(EXTEND).await?;
            let values: [Bound<'_>; 6] = [
                &leases
                    .iter()
                    .map(|it| it.subscription.as_str())
                    .collect::<Vec<_>>(),
                &leases
                    .iter()
                    .map(|it| uuid(it.instance_id))
                    .collect::<Vec<_>>(),
                &leases.iter().map(|it| it.lane.as_str()).collect::<Vec<_>>(),
                &leases.iter().map(|it| it.delivery_id).collect::<Vec<_>>(),
                &leases.iter().map(|it| it.fence).collect::<Vec<_>>(),
                &(now_ms + milliseconds(extension)),
            ];
            let rows = client.query(&statement, &values).await?;
            let extended = leases_in(&rows)?;
            turns.refresh(client, now_ms, false).await?;
            Ok(leases
                .iter()
                .map(|it| extended.contains(&(it.delivery_id, it.fence)))
                .collect())
        };
        let outcome = lanes_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

/// Claims for one subscription.
struct Claim<'claim> {
    subscription: &'claim str,
    now_ms: i64,
    lease_end: i64,
}

impl Claim<'_> {
    /// Records outcomes. Returns the deliveries whose lease was not the latest.
    async fn record(
        &self,
        client: Session<'_>,
        outcomes: &Outcomes<'_>,
    ) -> Result<Vec<i64>, Failure> {
        if outcomes.is_empty() {
            return Ok(Vec::new());
        }
        let turns = outcomes.turns();
        turns.lock(client).await?;
        let settled = outcomes.settle(client).await?;
        SettledLanes::new(outcomes, &settled)
            .release(client)
            .await?;
        turns.refresh(client, self.now_ms, false).await?;
        Ok(outcomes.lost(&settled))
    }

    /// Claims due deliveries, in turn over instances.
    async fn claim(
        &self,
        client: Session<'_>,
        limits: &mut ClaimLimits,
    ) -> Result<Vec<ClaimedDelivery>, Failure> {
        turns::promote(client, self.subscription, self.now_ms).await?;
        let mut claimed = Vec::new();
        loop {
            if limits.total() == 0 {
                return Ok(claimed);
            }
            let statement = client.prepare_cached(NEXT_INSTANCES).await?;
            let limit = i64::from(limits.total().min(MAX_INSTANCES));
            let rows = client
                .query(
                    &statement,
                    &[&self.subscription, &limit, &exhausted(limits)],
                )
                .await?;
            let instances = rows.iter().map(|row| row.try_get(0));
            let instances = instances.collect::<Result<Vec<Uuid>, _>>()?;
            if instances.is_empty() {
                return Ok(claimed);
            }
            let more = self.claim_of(client, &instances, limits).await?;
            claimed.extend(more);
        }
    }

    /// Claims deliveries of instances whose turns are locked.
    async fn claim_of(
        &self,
        client: Session<'_>,
        instances: &[Uuid],
        limits: &mut ClaimLimits,
    ) -> Result<Vec<ClaimedDelivery>, Failure> {
        let count = u32::try_from(instances.len()).unwrap_or(u32::MAX);
        let share = i64::from(limits.total().div_ceil(count));
        let statement = client.prepare_cached(DUE_LANES).await?;
        let values: [Bound<'_>; 4] = [&self.subscription, &instances, &self.now_ms, &share];
        let rows = client.query(&statement, &values).await?;
        let mut due = Lanes::default();
        let mut empty = Lanes::default();
        let mut ids: Vec<i64> = Vec::new();
        let mut served = Turns::default();
        for row in &rows {
            let (id, lane): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
            match row.try_get(2)? {
                Some(delivery_id) if limits.of_instance(from_uuid(id)) > 0 => {
                    limits.take(from_uuid(id));
                    ids.push(delivery_id);
                    due.push(id, lane);
                }
                // Its turn has not come, or its instance is at its limit.
                Some(_) => continue,
                None => empty.push(id, lane),
            }
            served.push(self.subscription, id);
        }
        for id in instances {
            // Without a due lane it is not ready.
            if !rows
                .iter()
                .any(|row| row.try_get(0).is_ok_and(|it: Uuid| it == *id))
            {
                served.push(self.subscription, *id);
            }
        }
        if !empty.ids.is_empty() {
            let statement = client.prepare_cached(DELETE_LANES).await?;
            let values: [Bound<'_>; 3] = [&self.subscription, &empty.ids, &empty.lanes];
            client.execute(&statement, &values).await?;
        }
        let statement = client.prepare_cached(CLAIM).await?;
        let values: [Bound<'_>; 5] = [
            &ids,
            &self.subscription,
            &due.ids,
            &due.lanes,
            &self.lease_end,
        ];
        let rows = client.query(&statement, &values).await?;
        served.refresh(client, self.now_ms, true).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &tokio_postgres::Row) -> Result<ClaimedDelivery, Failure> {
        let event = read_event(&Row::Postgres(row))?;
        let attempt: i32 = row.try_get(17)?;
        Ok(ClaimedDelivery {
            lease: DeliveryLease {
                delivery_id: row.try_get(14)?,
                subscription: self.subscription.to_owned(),
                instance_id: event.instance_id,
                lane: row.try_get(15)?,
                fence: row.try_get(16)?,
            },
            attempt: attempt.unsigned_abs(),
            event,
        })
    }

    /// Returns when the next lane is due that was not claimed, of an instance that is not at its limit.
    async fn next_due(
        &self,
        client: Session<'_>,
        limits: &ClaimLimits,
    ) -> Result<Option<Timestamp>, Failure> {
        let statement = client.prepare_cached(NEXT_DUE).await?;
        let values: [Bound<'_>; 2] = [&self.subscription, &exhausted(limits)];
        let row = client.query_one(&statement, &values).await?;
        let (due, is_ready): (Option<i64>, bool) = (row.try_get(0)?, row.try_get(1)?);
        let due = if is_ready { Some(self.now_ms) } else { due };
        let corrupt = |_| StoreError::corrupt("the time of a delivery");
        let due = due.map(Timestamp::from_millisecond).transpose();
        Ok(due.map_err(corrupt)?)
    }
}

fn exhausted(limits: &ClaimLimits) -> Vec<Uuid> {
    limits.exhausted().map(uuid).collect()
}

/// Lanes of instances, as two columns.
#[derive(Default)]
struct Lanes {
    ids: Vec<Uuid>,
    lanes: Vec<String>,
}

impl Lanes {
    fn push(&mut self, id: Uuid, lane: String) {
        self.ids.push(id);
        self.lanes.push(lane);
    }
}
