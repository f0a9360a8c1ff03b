//! Events and deliveries.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Store;
use crate::StoreError;
use crate::event_row::{FIND_EVENT, event_columns, read_event};
use crate::events::{
    Attempt, AttemptOutcome, ClaimLimits, Claims, Delivery, DeliveryFilter, DeliveryLease,
    DeliveryState, DeliveryTotals, Event, EventAge, EventFilter, ListOrder, NewDelivery, NewEvent,
};
use crate::sql::{Row, Scope, Sql, bind};

/// The parameter of a condition that is not asked for.
const NONE: Option<&str> = None;

/// The conditions of a list, which a statement has whether they are asked for or not. `$driver` is the one that an index
/// serves. It has the first two parameters.
macro_rules! list_events {
    ($driver:literal, $order:literal) => {
        concat!(
            event_columns!("''"),
            "WHERE ",
            $driver,
            " AND (CAST($3 AS text) IS NULL OR event_type = $3) AND (CAST($4 AS text) IS NULL OR source = $4)",
            " AND received_at_ms >= $5 AND received_at_ms < $6 AND sequence > $7 AND sequence < $8",
            " ORDER BY sequence ",
            $order,
            " LIMIT $9"
        )
    };
}

macro_rules! both_orders {
    ($list:ident, $driver:literal) => {
        [$list!($driver, "DESC"), $list!($driver, "ASC")]
    };
}

const OF_ALL: [&str; 2] = both_orders!(
    list_events,
    "CAST($1 AS text) IS NULL AND CAST($2 AS text) IS NULL"
);
const OF_INSTANCE: [&str; 2] =
    both_orders!(list_events, "instance_id = $1 AND CAST($2 AS text) IS NULL");
const BY_ID: [&str; 2] = both_orders!(list_events, "event_id = $1 AND CAST($2 AS text) IS NULL");
const BY_ID_OF_INSTANCE: [&str; 2] =
    both_orders!(list_events, "event_id = $1 AND instance_id = $2");
const OF_TYPE: [&str; 2] =
    both_orders!(list_events, "event_type = $1 AND CAST($2 AS text) IS NULL");

/// Adds when the lanes are due. Each is looked up for itself, after the limit: a join reads all lanes of an instance for
/// each delivery if the planner of PostgreSQL knows nothing of the tables yet.
macro_rules! with_run_at {
    ($list:expr, $order:literal) => {
        concat!(
            "SELECT listed.*, CASE WHEN state = 'WAITING' THEN (",
            "SELECT run_at_ms FROM delivery_lanes AS lanes WHERE lanes.subscription = listed.subscription ",
            "AND lanes.instance_id = listed.instance_id AND lanes.lane = listed.lane) END ",
            "FROM (",
            $list,
            ") AS listed ORDER BY delivery_id ",
            $order
        )
    };
}

const SET_ECHO: &str = "UPDATE events SET is_echo = true WHERE sequence = $1 AND NOT is_echo";

macro_rules! delivery_columns {
    () => {
        concat!(
            "SELECT delivery_id, deliveries.subscription, deliveries.instance_id, deliveries.lane, event_sequence, ",
            "event_id, event_type, state, attempts, created_at_ms, finished_at_ms, last_status, last_error ",
            "FROM deliveries JOIN events ON events.sequence = event_sequence "
        )
    };
}

const FIND_DELIVERY: &str = with_run_at!(
    concat!(delivery_columns!(), "WHERE delivery_id = $1"),
    "ASC"
);

macro_rules! list_deliveries {
    ($driver:literal, $order:literal) => {
        with_run_at!(concat!(
            delivery_columns!(),
            "WHERE ",
            $driver,
            " AND (CAST($3 AS text) IS NULL OR deliveries.subscription = $3)",
            " AND (CAST($4 AS text) IS NULL OR state = $4)",
            " AND (CAST($5 AS text) IS NULL OR event_type = $5) AND (CAST($6 AS text) IS NULL OR event_id = $6)",
            " AND created_at_ms >= $7 AND created_at_ms < $8 AND delivery_id > $9 AND delivery_id < $10",
            " ORDER BY delivery_id ",
            $order,
            " LIMIT $11"
        ), $order)
    };
}

const DELIVERIES_OF_ALL: [&str; 2] = both_orders!(
    list_deliveries,
    "CAST($1 AS text) IS NULL AND CAST($2 AS text) IS NULL"
);
const DELIVERIES_OF_INSTANCE: [&str; 2] = both_orders!(
    list_deliveries,
    "deliveries.instance_id = $1 AND CAST($2 AS text) IS NULL"
);
const DELIVERIES_OF_EVENT: [&str; 2] = both_orders!(
    list_deliveries,
    "event_sequence = $1 AND CAST($2 AS text) IS NULL"
);
const DELIVERIES_OF_EVENT_OF_INSTANCE: [&str; 2] = both_orders!(
    list_deliveries,
    "event_sequence = $1 AND deliveries.instance_id = $2"
);
const DEAD_DELIVERIES: [&str; 2] = both_orders!(
    list_deliveries,
    "state = 'DEAD' AND CAST($1 AS text) IS NULL AND CAST($2 AS text) IS NULL"
);
const WAITING_DELIVERIES: [&str; 2] = both_orders!(
    list_deliveries,
    "state = 'WAITING' AND CAST($1 AS text) IS NULL AND CAST($2 AS text) IS NULL"
);

const LIST_AGES: &str = "
    SELECT sequence, received_at_ms, delivery_id, subscription
    FROM (SELECT sequence, received_at_ms FROM events WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS oldest
    LEFT JOIN deliveries ON event_sequence = sequence AND state = 'WAITING'
    ORDER BY sequence, delivery_id";

const BEFORE_NEWEST: &str = "SELECT sequence FROM events ORDER BY sequence DESC LIMIT 1 OFFSET $1";

const LIST_ATTEMPTS: &str = "
    SELECT number, started_at_ms, duration_ms, status, error, response
    FROM delivery_attempts WHERE delivery_id = $1 ORDER BY fence";

const TOTALS: &str = "
    SELECT subscription, count(*) FILTER (WHERE state = 'WAITING'), count(*) FILTER (WHERE state = 'DEAD'),
           min(created_at_ms) FILTER (WHERE state = 'WAITING')
    FROM deliveries WHERE state = 'WAITING' OR state = 'DEAD' GROUP BY subscription ORDER BY subscription";

repository! {
    /// Stores events with their deliveries. Returns whether each is new: one that was stored before gets no deliveries.
    /// Events of concurrent callers share a transaction. Durable when it returns.
    async fn insert_events(&self, events: Vec<NewEvent>) -> Result<Vec<bool>, StoreError>;

    /// Records outcomes of attempts, and claims due deliveries of a subscription, in one transaction. Instances take
    /// turns. A lane has one claimed delivery at most.
    async fn advance_deliveries(
        &self,
        subscription: &str,
        outcomes: Arc<Vec<AttemptOutcome>>,
        limits: ClaimLimits,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError>;

    /// Extends leases. Returns which of them are still the latest.
    async fn extend_leases(
        &self,
        leases: Vec<DeliveryLease>,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError>;

    /// Makes deliveries due now that wait, are dead, or were skipped. Their attempts count from zero. Returns how many.
    async fn retry_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Ends deliveries that wait or are dead, and lets their lanes go on. Returns how many.
    async fn skip_deliveries(
        &self,
        delivery_ids: Vec<i64>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Makes new deliveries of stored events, a list for each event. Returns how many.
    async fn replay_events(
        &self,
        sequences: Vec<i64>,
        deliveries: Vec<Vec<NewDelivery>>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Deletes events with their deliveries. Those with waiting deliveries stay. Returns how many were deleted.
    async fn delete_events(&self, sequences: Vec<i64>) -> Result<u64, StoreError>;
}

impl Store {
    /// Ends the leases of a subscription that a killed server has left, so that its deliveries are due now. Returns how
    /// many.
    ///
    /// Only on SQLite, which one server uses at a time. On PostgreSQL other nodes may hold the leases.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer.
    pub async fn release_leases(
        &self,
        subscription: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(store) => store.release_leases(subscription, now).await,
            Self::Postgres(_) => Ok(0),
        }
    }
}

impl Store {
    /// Returns a receiver that changes whenever deliveries may have become due: in this process at once, on
    /// PostgreSQL by other nodes at once, and on SQLite by other processes within a second.
    pub fn deliveries_arrived(&self) -> tokio::sync::watch::Receiver<u64> {
        match self {
            Self::Sqlite(store) => store.deliveries_arrived(),
            Self::Postgres(store) => store.deliveries_arrived(),
        }
    }

    /// Finds an event by its sequence, with its content.
    pub async fn find_event(&self, sequence: i64) -> Result<Option<Event>, StoreError> {
        self.query_one(Scope::Owner, FIND_EVENT, &bind![sequence], read_event)
            .await
    }

    /// Makes an event an echo. Returns false if it is one already, or is not stored any more.
    pub async fn set_event_echo(&self, sequence: i64) -> Result<bool, StoreError> {
        let values = bind![sequence];
        let changed = self.execute(Scope::Owner, SET_ECHO, &values);
        Ok(changed.await? > 0)
    }

    /// Lists events without their content.
    pub async fn list_events(
        &self,
        filter: EventFilter,
        order: ListOrder,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let (texts, driver) = match (&filter.event_id, filter.instance_id, &filter.event_type) {
            (Some(id), Some(instance_id), _) => (BY_ID_OF_INSTANCE, bind![id, instance_id]),
            (Some(id), None, _) => (BY_ID, bind![id, NONE]),
            (None, Some(id), _) => (OF_INSTANCE, bind![id, NONE]),
            (None, None, Some(kind)) => (OF_TYPE, bind![kind, NONE]),
            (None, None, None) => (OF_ALL, bind![NONE, NONE]),
        };
        let values = bind![
            driver[0],
            driver[1],
            filter.event_type.as_deref(),
            filter.source.as_deref(),
            filter.since.unwrap_or(Timestamp::MIN),
            filter.until.unwrap_or(Timestamp::MAX),
            filter.after.unwrap_or(0),
            filter.before.unwrap_or(i64::MAX),
            limit,
        ];
        self.query_unlimited(Scope::Owner, in_order(texts, order), &values, read_event)
            .await
    }

    /// Lists the ages of the events after a sequence, the oldest first. `limit` counts events.
    pub async fn list_event_ages(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<EventAge>, StoreError> {
        let read = |row: &Row<'_>| {
            let waiting: Option<i64> = row.get(2)?;
            let subscription: Option<String> = row.get(3)?;
            Ok(EventAge {
                sequence: row.get(0)?,
                received_at: row.timestamp(1)?,
                waiting: waiting.zip(subscription),
            })
        };
        self.query(Scope::Owner, LIST_AGES, &bind![after, limit], read)
            .await
    }

    /// Finds the newest event that is not among the `count` newest.
    pub async fn find_event_before_newest(&self, count: u64) -> Result<Option<i64>, StoreError> {
        let read = |row: &Row<'_>| row.get(0);
        self.query_one(Scope::Owner, BEFORE_NEWEST, &bind![count], read)
            .await
    }

    /// Finds a delivery.
    pub async fn find_delivery(&self, delivery_id: i64) -> Result<Option<Delivery>, StoreError> {
        let values = bind![delivery_id];
        self.query_one(Scope::Owner, FIND_DELIVERY, &values, read_delivery)
            .await
    }

    /// Lists deliveries.
    pub async fn list_deliveries(
        &self,
        filter: DeliveryFilter,
        order: ListOrder,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let all = || bind![NONE, NONE];
        let (texts, driver) = match (filter.event_sequence, filter.instance_id, filter.state) {
            (Some(sequence), Some(id), _) => (DELIVERIES_OF_EVENT_OF_INSTANCE, bind![sequence, id]),
            (Some(sequence), None, _) => (DELIVERIES_OF_EVENT, bind![sequence, NONE]),
            (None, Some(id), _) => (DELIVERIES_OF_INSTANCE, bind![id, NONE]),
            (None, None, Some(DeliveryState::Dead)) => (DEAD_DELIVERIES, all()),
            (None, None, Some(DeliveryState::Waiting)) => (WAITING_DELIVERIES, all()),
            (None, None, _) => (DELIVERIES_OF_ALL, all()),
        };
        let values = bind![
            driver[0],
            driver[1],
            filter.subscription.as_deref(),
            filter.state.map(DeliveryState::as_str),
            filter.event_type.as_deref(),
            filter.event_id.as_deref(),
            filter.since.unwrap_or(Timestamp::MIN),
            filter.until.unwrap_or(Timestamp::MAX),
            filter.after.unwrap_or(0),
            filter.before.unwrap_or(i64::MAX),
            limit,
        ];
        self.query_unlimited(Scope::Owner, in_order(texts, order), &values, read_delivery)
            .await
    }

    /// Lists the attempts of a delivery, the first one first.
    pub async fn list_attempts(&self, delivery_id: i64) -> Result<Vec<Attempt>, StoreError> {
        let values = bind![delivery_id];
        self.query(Scope::Owner, LIST_ATTEMPTS, &values, read_attempt)
            .await
    }

    /// Counts the deliveries that wait or are dead, by subscription.
    pub async fn delivery_totals(&self) -> Result<Vec<DeliveryTotals>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(DeliveryTotals {
                subscription: row.get(0)?,
                waiting: row.count(1)?,
                dead: row.count(2)?,
                oldest_waiting: row.optional_timestamp(3)?,
            })
        };
        let no_values = crate::sql::NO_VALUES;
        self.query_unlimited(Scope::Owner, TOTALS, no_values, read)
            .await
    }
}

fn in_order(texts: [&'static str; 2], order: ListOrder) -> Sql {
    match order {
        ListOrder::Latest => texts[0].into(),
        ListOrder::Oldest => texts[1].into(),
    }
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let state = DeliveryState::from_name(&row.get::<String>(7)?);
    let status: Option<i32> = row.get(11)?;
    Ok(Delivery {
        delivery_id: row.get(0)?,
        subscription: row.get(1)?,
        instance_id: row.instance_id(2)?,
        lane: row.get(3)?,
        event_sequence: row.get(4)?,
        event_id: row.get(5)?,
        event_type: row.get(6)?,
        state: state.ok_or_else(|| StoreError::corrupt("the state of a delivery"))?,
        attempts: row.get::<i32>(8)?.unsigned_abs(),
        created_at: row.timestamp(9)?,
        run_at: row.optional_timestamp(13)?,
        finished_at: row.optional_timestamp(10)?,
        last_status: status.and_then(|it| it.try_into().ok()),
        last_error: row.get(12)?,
    })
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, StoreError> {
    let status: Option<i32> = row.get(3)?;
    Ok(Attempt {
        number: row.get::<i32>(0)?.unsigned_abs(),
        started_at: row.timestamp(1)?,
        duration_ms: row.get::<i32>(2)?.unsigned_abs(),
        status: status.and_then(|it| it.try_into().ok()),
        error: row.get(4)?,
        response: row.get(5)?,
    })
}
