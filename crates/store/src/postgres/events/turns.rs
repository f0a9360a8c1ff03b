//! Turns: the order in which the instances of a subscription are served.

use uuid::Uuid;

use crate::postgres::failure::Failure;
use crate::postgres::session::Session;
use crate::postgres::tenant::Bound;
use crate::turn_number::next_turn;

// The row is there afterwards, and locked.
const LOCK: &str = "
    INSERT INTO delivery_turns (subscription, instance_id, due_at_ms, is_ready, turn)
    SELECT DISTINCT subscription, instance_id, 9223372036854775807, false, 0
    FROM unnest($1::text[], $2::uuid[]) AS named(subscription, instance_id)
    ORDER BY subscription, instance_id
    ON CONFLICT (subscription, instance_id) DO UPDATE SET due_at_ms = delivery_turns.due_at_ms";

const DELETE_EMPTY: &str = "
    DELETE FROM delivery_turns AS turns
    USING unnest($1::text[], $2::uuid[]) AS named(subscription, instance_id)
    WHERE turns.subscription = named.subscription AND turns.instance_id = named.instance_id
      AND NOT EXISTS (SELECT 1 FROM delivery_lanes AS lanes
                      WHERE lanes.subscription = turns.subscription AND lanes.instance_id = turns.instance_id)";

const REFRESH: &str = "
    UPDATE delivery_turns AS turns
    SET due_at_ms = lane.due_at_ms,
        turn = CASE WHEN is_ready AND lane.due_at_ms <= $3 AND NOT $5 THEN turn ELSE $4 END,
        is_ready = lane.due_at_ms <= $3
    FROM (
        SELECT DISTINCT named.subscription, named.instance_id,
               (SELECT min(run_at_ms) FROM delivery_lanes AS lanes
                WHERE lanes.subscription = named.subscription AND lanes.instance_id = named.instance_id) AS due_at_ms
        FROM unnest($1::text[], $2::uuid[]) AS named(subscription, instance_id)
    ) AS lane
    WHERE turns.subscription = lane.subscription AND turns.instance_id = lane.instance_id
      AND lane.due_at_ms IS NOT NULL";

const PROMOTE: &str = "
    UPDATE delivery_turns AS turns SET is_ready = true, turn = $3
    FROM (
        SELECT subscription, instance_id FROM delivery_turns
        WHERE subscription = $1 AND NOT is_ready AND due_at_ms <= $2
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE turns.subscription = due.subscription AND turns.instance_id = due.instance_id";

/// Instances of subscriptions, as two columns.
#[derive(Default)]
pub(super) struct Turns {
    subscriptions: Vec<String>,
    instances: Vec<Uuid>,
}

impl Turns {
    pub(super) fn push(&mut self, subscription: &str, instance_id: Uuid) {
        self.subscriptions.push(subscription.to_owned());
        self.instances.push(instance_id);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// Makes the rows that are missing, and locks all of them.
    pub(super) async fn lock(&self, client: Session<'_>) -> Result<(), Failure> {
        let statement = client.prepare_cached(LOCK).await?;
        let values: [Bound<'_>; 2] = [&self.subscriptions, &self.instances];
        client.execute(&statement, &values).await.map(drop)
    }

    /// Sets the turns by the instances' lanes. Instances that were served go to the end of the line.
    pub(super) async fn refresh(
        &self,
        client: Session<'_>,
        now_ms: i64,
        were_served: bool,
    ) -> Result<(), Failure> {
        let (delete, refresh) = tokio::try_join!(
            client.prepare_cached(DELETE_EMPTY),
            client.prepare_cached(REFRESH)
        )?;
        let turn = next_turn(now_ms);
        let named: [Bound<'_>; 2] = [&self.subscriptions, &self.instances];
        let values: [Bound<'_>; 5] = [
            &self.subscriptions,
            &self.instances,
            &now_ms,
            &turn,
            &were_served,
        ];
        tokio::try_join!(
            biased;
            client.execute(&delete, &named),
            client.execute(&refresh, &values)
        )?;
        Ok(())
    }
}

/// Marks the instances as ready whose time has come.
pub(super) async fn promote(
    client: Session<'_>,
    subscription: &str,
    now_ms: i64,
) -> Result<(), Failure> {
    let statement = client.prepare_cached(PROMOTE).await?;
    let values: [Bound<'_>; 3] = [&subscription, &now_ms, &next_turn(now_ms)];
    client.execute(&statement, &values).await.map(drop)
}
