//! Storing events.

use backlot_wix::InstanceId;
use jiff::Timestamp;
use rusqlite::Connection;

use super::{echo, turns};
use crate::StoreError;
use crate::events::{NewDelivery, NewEvent};
use crate::sql::{Row, bind};
use crate::sqlite::SqliteStore;
use crate::sqlite::statement::{execute, query};

const INSERT_EVENT: &str = "
    INSERT INTO events (instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us,
                        received_at_ms, identity, details, is_echo, data)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (event_id, source, instance_id) DO NOTHING
    RETURNING sequence";

const INSERT_DELIVERY: &str = "
    INSERT INTO deliveries (subscription, instance_id, lane, position, event_time_us, event_sequence, state, attempts,
                            fence, created_at_ms)
    VALUES ($1, $2, $3,
            coalesce($4, (SELECT position FROM deliveries AS waiting
                          WHERE waiting.subscription = $1 AND waiting.instance_id = $2 AND waiting.lane = $3
                            AND waiting.state = 'WAITING' AND waiting.event_time_us <= $5
                          ORDER BY waiting.position DESC, waiting.event_time_us DESC, waiting.delivery_id DESC LIMIT 1),
                     -1),
            $5, $6, 'WAITING', 0, 0, $7)";

const INSERT_LANE: &str = "
    INSERT INTO delivery_lanes (subscription, instance_id, lane, run_at_ms, is_leased)
    VALUES ($1, $2, $3, $4, 0)
    ON CONFLICT (subscription, instance_id, lane) DO NOTHING";

const FIND_TIME: &str = "
    SELECT instance_id, coalesce(occurred_at_us, received_at_ms * 1000) FROM events WHERE sequence = $1";

impl SqliteStore {
    pub(crate) async fn insert_events(
        &self,
        events: Vec<NewEvent>,
    ) -> Result<Vec<bool>, StoreError> {
        let owner = events.first().map(|event| event.instance_id);
        let is_of_one = events.iter().all(|event| Some(event.instance_id) == owner);
        let work = move |connection: &Connection| {
            events
                .iter()
                .map(|event| insert(connection, event))
                .collect()
        };
        let stored = match owner {
            Some(instance_id) if is_of_one => self.write_for(instance_id, work).await,
            _ => self.write_with(work).await,
        }?;
        self.arrivals.announce();
        Ok(stored)
    }

    pub(crate) async fn replay_events(
        &self,
        sequences: Vec<i64>,
        deliveries: Vec<Vec<NewDelivery>>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let replayed = self.write_with(move |connection| {
            let mut count = 0;
            for (sequence, deliveries) in sequences.iter().zip(&deliveries) {
                let read = |row: &Row<'_>| Ok((row.instance_id(0)?, row.get(1)?));
                let found = query(connection, FIND_TIME, &bind![*sequence], read)?;
                let Some((instance_id, time_us)) = found.into_iter().next() else {
                    continue;
                };
                count += deliveries.len() as u64;
                deliver(connection, instance_id, *sequence, time_us, deliveries, now)?;
            }
            Ok(count)
        });
        let replayed = replayed.await?;
        self.arrivals.announce();
        Ok(replayed)
    }
}

/// Stores an event and its deliveries. Returns false if it was stored before.
fn insert(connection: &Connection, event: &NewEvent) -> Result<bool, StoreError> {
    let values = bind![
        event.instance_id,
        &event.source,
        &event.event_id,
        &event.event_type,
        event.entity_id.as_deref(),
        event.entity_sequence,
        event.occurred_at.map(Timestamp::as_microsecond),
        event.received_at,
        event.identity.as_deref(),
        &event.details,
        event.is_echo,
        &event.data,
    ];
    let stored = query(connection, INSERT_EVENT, &values, |row: &Row<'_>| {
        row.get(0)
    })?;
    let Some(sequence) = stored.into_iter().next() else {
        return Ok(false);
    };
    let is_echo = echo::take_mark(connection, event, sequence)?;
    let (instance_id, now) = (event.instance_id, event.received_at);
    deliver(
        connection,
        instance_id,
        sequence,
        event.time_us(),
        event.deliveries_as(is_echo),
        now,
    )?;
    Ok(true)
}

fn deliver(
    connection: &Connection,
    instance_id: InstanceId,
    sequence: i64,
    time_us: i64,
    deliveries: &[NewDelivery],
    now: Timestamp,
) -> Result<(), StoreError> {
    for delivery in deliveries {
        let (subscription, lane) = (&delivery.subscription, &delivery.lane);
        let number = delivery.sequence;
        let values = bind![
            subscription,
            instance_id,
            lane,
            number,
            time_us,
            sequence,
            now
        ];
        execute(connection, INSERT_DELIVERY, &values)?;
        let values = bind![subscription, instance_id, lane, now];
        // A lane that is there already is due at its own time.
        if execute(connection, INSERT_LANE, &values)? > 0 {
            turns::ready(connection, subscription, instance_id, now.as_millisecond())?;
        }
    }
    Ok(())
}
