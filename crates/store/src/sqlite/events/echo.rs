//! Events that the app's own writes have caused.

use rusqlite::Connection;

use crate::StoreError;
use crate::events::NewEvent;
use crate::sql::bind;
use crate::sqlite::statement::execute;

// Of several marks of an entity, the first to expire.
const TAKE_MARK: &str = "
    DELETE FROM echo_marks WHERE instance_id = $1 AND mark_id = (
        SELECT mark_id FROM echo_marks
        WHERE instance_id = $1 AND kind = $2 AND entity_id = $3 AND expires_at_ms > $4
        ORDER BY expires_at_ms LIMIT 1)";

const SET_ECHO: &str = "UPDATE events SET is_echo = 1 WHERE sequence = $1";

/// Takes the mark of a new event's entity, if there is one. Returns whether the event is an echo.
pub(super) fn take_mark(
    connection: &Connection,
    event: &NewEvent,
    sequence: i64,
) -> Result<bool, StoreError> {
    let Some(candidate) = &event.echo else {
        return Ok(false);
    };
    let (kind, entity_id) = (candidate.key.kind(), candidate.key.entity_id());
    let values = bind![event.instance_id, kind, entity_id, event.received_at];
    let is_echo = execute(connection, TAKE_MARK, &values)? > 0;
    if is_echo {
        execute(connection, SET_ECHO, &bind![sequence])?;
    }
    Ok(is_echo)
}
