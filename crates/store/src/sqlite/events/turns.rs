//! Turns: the order in which the instances of a subscription are served.

use backlot_wix::InstanceId;
use rusqlite::Connection;

use crate::StoreError;
use crate::sql::{Row, bind};
use crate::sqlite::statement::{execute, query};
use crate::turn_number::next_turn;

const READY: &str = "
    INSERT INTO delivery_turns (subscription, instance_id, due_at_ms, is_ready, turn)
    VALUES ($1, $2, $3, 1, $4)
    ON CONFLICT (subscription, instance_id) DO UPDATE SET
        due_at_ms = min(due_at_ms, excluded.due_at_ms),
        turn = CASE WHEN is_ready = 1 THEN turn ELSE excluded.turn END,
        is_ready = 1";

const EARLIEST_LANE: &str = "
    SELECT min(run_at_ms) FROM delivery_lanes WHERE subscription = $1 AND instance_id = $2";

const SET: &str = "
    INSERT INTO delivery_turns (subscription, instance_id, due_at_ms, is_ready, turn)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (subscription, instance_id) DO UPDATE SET
        due_at_ms = excluded.due_at_ms,
        turn = CASE WHEN is_ready = 1 AND excluded.is_ready = 1 AND $6 = 0 THEN turn ELSE excluded.turn END,
        is_ready = excluded.is_ready";

const DELETE: &str = "DELETE FROM delivery_turns WHERE subscription = $1 AND instance_id = $2";

const PROMOTE: &str = "
    UPDATE delivery_turns SET is_ready = 1, turn = $1
    WHERE subscription = $2 AND is_ready = 0 AND due_at_ms <= $3";

/// Marks an instance as ready, because one of its lanes is due.
pub(super) fn ready(
    connection: &Connection,
    subscription: &str,
    instance_id: InstanceId,
    now_ms: i64,
) -> Result<(), StoreError> {
    let values = bind![subscription, instance_id, now_ms, next_turn(now_ms)];
    execute(connection, READY, &values).map(drop)
}

/// Sets an instance's turn by its lanes. One that was served goes to the end of the line.
pub(super) fn refresh(
    connection: &Connection,
    subscription: &str,
    instance_id: InstanceId,
    now_ms: i64,
    was_served: bool,
) -> Result<(), StoreError> {
    let read = |row: &Row<'_>| row.get::<Option<i64>>(0);
    let values = bind![subscription, instance_id];
    let earliest = query(connection, EARLIEST_LANE, &values, read)?;
    let Some(due) = earliest.into_iter().next().flatten() else {
        return execute(connection, DELETE, &values).map(drop);
    };
    let values = bind![
        subscription,
        instance_id,
        due,
        due <= now_ms,
        next_turn(now_ms),
        was_served,
    ];
    execute(connection, SET, &values).map(drop)
}

/// Marks the instances as ready whose time has come.
pub(super) fn promote(
    connection: &Connection,
    subscription: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let values = bind![next_turn(now_ms), subscription, now_ms];
    execute(connection, PROMOTE, &values).map(drop)
}
