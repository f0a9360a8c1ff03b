//! Storing events. Those that arrive while a transaction is under way share the next one.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio_postgres::Row;
use uuid::Uuid;

use super::turns::Turns;
use super::{NOTIFY, echo};
use crate::StoreError;
use crate::events::{NewDelivery, NewEvent};
use crate::postgres::PostgresStore;
use crate::postgres::failure::{Failure, attempt};
use crate::postgres::session::Session;
use crate::postgres::tenant::{Bound, lanes_transaction, uuid};
use crate::turn_number::next_turn;

const INSERT_EVENTS: &str = "
    INSERT INTO events (instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us,
                        received_at_ms, identity, details, is_echo, data)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                         $8::bigint[], $9::text[], $10::text[], $11::boolean[], $12::text[])
    ON CONFLICT (event_id, source, instance_id) DO NOTHING
    RETURNING sequence, event_id, source, instance_id";

const INSERT_DELIVERIES: &str = "
    INSERT INTO deliveries (subscription, instance_id, lane, position, event_time_us, event_sequence, state, attempts,
                            fence, created_at_ms)
    SELECT subscription, instance_id, lane,
           coalesce(position, greatest(
               least_position,
               (SELECT waiting.position FROM deliveries AS waiting
                WHERE waiting.subscription = new.subscription AND waiting.instance_id = new.instance_id
                  AND waiting.lane = new.lane AND waiting.state = 'WAITING' AND waiting.event_time_us <= new.event_time_us
                ORDER BY waiting.position DESC, waiting.event_time_us DESC, waiting.delivery_id DESC LIMIT 1))),
           event_time_us, event_sequence, 'WAITING', 0, 0, created_at_ms
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
         AS new(subscription, instance_id, lane, position, least_position, event_time_us, event_sequence, created_at_ms)";

// A lane that is there already is due at its own time.
const INSERT_LANES: &str = "
    WITH new AS (
        INSERT INTO delivery_lanes (subscription, instance_id, lane, run_at_ms, is_leased)
        SELECT DISTINCT subscription, instance_id, lane, $4::bigint, false
        FROM unnest($1::text[], $2::uuid[], $3::text[]) AS new(subscription, instance_id, lane)
        ON CONFLICT (subscription, instance_id, lane) DO NOTHING
        RETURNING subscription, instance_id
    )
    UPDATE delivery_turns AS turns
    SET due_at_ms = least(due_at_ms, $4), turn = CASE WHEN is_ready THEN turn ELSE $5 END, is_ready = true
    FROM (SELECT DISTINCT subscription, instance_id FROM new) AS due
    WHERE turns.subscription = due.subscription AND turns.instance_id = due.instance_id";

const FIND_TIMES: &str = "
    SELECT sequence, instance_id, coalesce(occurred_at_us, received_at_ms * 1000)
    FROM events WHERE sequence = ANY($1)";

/// The most events of one transaction.
const MAX_BATCH_SIZE: usize = 512;

/// Events that wait for a transaction. Cloning shares them.
#[derive(Clone, Default)]
pub(in crate::postgres) struct Intake(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    calls: Vec<Call>,
    is_writing: bool,
}

/// Events of one caller.
struct Call {
    events: Vec<NewEvent>,
    answer: oneshot::Sender<Result<Vec<bool>, StoreError>>,
}

impl Intake {
    /// Takes calls for one transaction. `None` if there are none; then nothing is being written.
    fn take(&self) -> Option<Vec<Call>> {
        let mut waiting = self.0.lock();
        let mut events = 0;
        let fits = |call: &&Call| {
            events += call.events.len();
            events <= MAX_BATCH_SIZE
        };
        let count = waiting.calls.iter().take_while(fits).count().max(1);
        let count = count.min(waiting.calls.len());
        waiting.is_writing = count > 0;
        (count > 0).then(|| waiting.calls.drain(..count).collect())
    }
}

impl PostgresStore {
    pub(crate) async fn insert_events(
        &self,
        events: Vec<NewEvent>,
    ) -> Result<Vec<bool>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let must_write = {
            let mut waiting = self.intake.0.lock();
            waiting.calls.push(Call { events, answer });
            !std::mem::replace(&mut waiting.is_writing, true)
        };
        if must_write {
            let store = self.clone();
            // A task: a caller that goes away does not take the events of the others along.
            tokio::spawn(async move {
                while let Some(calls) = store.intake.take() {
                    store.write(calls).await;
                }
            });
        }
        let gone =
            |_| StoreError::Internal("events were dropped before they were stored".to_owned());
        answered.await.map_err(gone)?
    }

    async fn write(&self, calls: Vec<Call>) {
        let events: Vec<&NewEvent> = calls.iter().flat_map(|call| &call.events).collect();
        let outcome = attempt!(writing: self.insert_events_once(&events));
        let mut stored = outcome.map(Vec::into_iter);
        self.arrivals.announce();
        for call in calls {
            let own = match &mut stored {
                Ok(stored) => Ok(stored.take(call.events.len()).collect()),
                Err(error) => Err(error.clone()),
            };
            // The caller may have been cancelled.
            let _ = call.answer.send(own);
        }
    }

    /// Stores events in one transaction. Returns which of them are new.
    async fn insert_events_once(&self, events: &[&NewEvent]) -> Result<Vec<bool>, Failure> {
        let lease = self.owner().await?;
        let work = async {
            let client = lease.client()?;
            let (mut sequences, marked) = tokio::try_join!(
                biased;
                insert(client, events),
                echo::find_marked(client, events)
            )?;
            // Of two equal events the first is new.
            let new: Vec<Option<i64>> = events
                .iter()
                .map(|event| sequences.remove(&key(event)))
                .collect();
            let new_and_marked = new.iter().enumerate().filter_map(|(position, sequence)| {
                let sequence = sequence.filter(|_| marked.contains(&position))?;
                Some((position, sequence))
            });
            let echoes = echo::take_marks(client, events, new_and_marked.collect()).await?;
            let mut deliveries = NewDeliveries::default();
            for (position, (event, sequence)) in events.iter().zip(&new).enumerate() {
                if let Some(sequence) = *sequence {
                    let made = event.deliveries_as(echoes.contains(&position));
                    let (id, created_at) = (uuid(event.instance_id), event.received_at);
                    deliveries.push(id, (event.time_us(), sequence, created_at), made);
                }
            }
            let are_new = new.iter().map(Option::is_some).collect();
            if let Some(event) = events.first() {
                deliveries.insert(client, event.received_at).await?;
            }
            Ok(are_new)
        };
        let outcome = Box::pin(lanes_transaction(&lease, work)).await;
        lease.release(outcome)
    }

    pub(crate) async fn replay_events(
        &self,
        sequences: Vec<i64>,
        deliveries: Vec<Vec<NewDelivery>>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let replayed = attempt!(writing: self.replay_once(&sequences, &deliveries, now));
        self.arrivals.announce();
        replayed
    }

    async fn replay_once(
        &self,
        sequences: &[i64],
        deliveries: &[Vec<NewDelivery>],
        now: Timestamp,
    ) -> Result<u64, Failure> {
        let lease = self.owner().await?;
        let work = async {
            let client = lease.client()?;
            let statement = client.prepare_cached(FIND_TIMES).await?;
            let found = client.query(&statement, &[&sequences]).await?;
            let mut new = NewDeliveries::default();
            for row in &found {
                let (sequence, id, time_us) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                let all = sequences.iter().zip(deliveries);
                for (_, deliveries) in all.filter(|(it, _)| **it == sequence) {
                    new.push(id, (time_us, sequence, now), deliveries);
                }
            }
            new.insert(client, now).await?;
            Ok(new.lanes.len() as u64)
        };
        let outcome = lanes_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

type EventKey = (String, String, Uuid);

fn key(event: &NewEvent) -> EventKey {
    (
        event.event_id.clone(),
        event.source.clone(),
        uuid(event.instance_id),
    )
}

/// Inserts events. Returns the sequences of those that are new.
async fn insert(
    client: Session<'_>,
    events: &[&NewEvent],
) -> Result<HashMap<EventKey, i64>, Failure> {
    macro_rules! column {
        (|$event:ident| $value:expr) => {
            events.iter().map(|$event| $value).collect::<Vec<_>>()
        };
    }
    let values: [Bound<'_>; 12] = [
        &column!(|it| uuid(it.instance_id)),
        &column!(|it| it.source.as_str()),
        &column!(|it| it.event_id.as_str()),
        &column!(|it| it.event_type.as_str()),
        &column!(|it| it.entity_id.as_deref()),
        &column!(|it| it.entity_sequence),
        &column!(|it| it.occurred_at.map(Timestamp::as_microsecond)),
        &column!(|it| it.received_at.as_millisecond()),
        &column!(|it| it.identity.as_deref()),
        &column!(|it| it.details.as_str()),
        &column!(|it| it.is_echo),
        &column!(|it| it.data.as_str()),
    ];
    let statement = client.prepare_cached(INSERT_EVENTS).await?;
    let rows = client.query(&statement, &values).await?;
    let read = |row: &Row| {
        let key = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok((key, row.try_get(0)?))
    };
    rows.iter().map(read).collect()
}

/// New deliveries, as columns.
#[derive(Default)]
struct NewDeliveries {
    subscriptions: Vec<String>,
    instances: Vec<Uuid>,
    lanes: Vec<String>,
    positions: Vec<Option<i64>>,
    times_us: Vec<i64>,
    sequences: Vec<i64>,
    created_at_ms: Vec<i64>,
    turns: Turns,
}

impl NewDeliveries {
    fn push(
        &mut self,
        id: Uuid,
        (time_us, sequence, created_at): (i64, i64, Timestamp),
        deliveries: &[NewDelivery],
    ) {
        for delivery in deliveries {
            self.subscriptions.push(delivery.subscription.clone());
            self.instances.push(id);
            self.lanes.push(delivery.lane.clone());
            self.positions.push(delivery.sequence);
            self.times_us.push(time_us);
            self.sequences.push(sequence);
            self.created_at_ms.push(created_at.as_millisecond());
            self.turns.push(&delivery.subscription, id);
        }
    }

    /// The lowest position of each delivery without one: the statement does not see the others that it inserts.
    fn least_positions(&self) -> Vec<i64> {
        let key = |at: usize| (&self.subscriptions[at], self.instances[at], &self.lanes[at]);
        let mut numbered: HashMap<_, Vec<(i64, i64)>> = HashMap::new();
        for (at, position) in self.positions.iter().enumerate() {
            if let Some(position) = *position {
                let lane = numbered.entry(key(at)).or_default();
                lane.push((position, self.times_us[at]));
            }
        }
        let least = |at: usize| {
            let lane = numbered.get(&key(at)).into_iter().flatten();
            let earlier = lane.filter(|(_, time_us)| *time_us <= self.times_us[at]);
            earlier.map(|(position, _)| *position).max().unwrap_or(-1)
        };
        let has_position = |at: usize| self.positions[at].is_some();
        (0..self.positions.len())
            .map(|at| if has_position(at) { -1 } else { least(at) })
            .collect()
    }

    async fn insert(&self, client: Session<'_>, now: Timestamp) -> Result<(), Failure> {
        if self.lanes.is_empty() {
            return Ok(());
        }
        let now_ms = now.as_millisecond();
        let (deliveries, lanes, notify) = tokio::try_join!(
            client.prepare_cached(INSERT_DELIVERIES),
            client.prepare_cached(INSERT_LANES),
            client.prepare_cached(NOTIFY)
        )?;
        let turn = next_turn(now_ms);
        let least_positions = self.least_positions();
        let rows: [Bound<'_>; 8] = [
            &self.subscriptions,
            &self.instances,
            &self.lanes,
            &self.positions,
            &least_positions,
            &self.times_us,
            &self.sequences,
            &self.created_at_ms,
        ];
        let due: [Bound<'_>; 5] = [
            &self.subscriptions,
            &self.instances,
            &self.lanes,
            &now_ms,
            &turn,
        ];
        self.turns.lock(client).await?;
        tokio::try_join!(
            biased;
            client.execute(&deliveries, &rows),
            client.execute(&lanes, &due),
            client.query(&notify, &[])
        )?;
        Ok(())
    }
}
