//! Events as rows.

use crate::StoreError;
use crate::events::Event;
use crate::sql::Row;

/// Selects the columns that [`read_event`] reads, with this expression for the content.
macro_rules! event_columns {
    ($data:literal) => {
        concat!(
            "SELECT sequence, instance_id, source, event_id, event_type, entity_id, entity_sequence, occurred_at_us, ",
            "received_at_ms, identity, details, is_echo, CAST(octet_length(data) AS bigint), ",
            $data,
            " FROM events "
        )
    };
}

pub(crate) use event_columns;

pub(crate) const FIND_EVENT: &str = concat!(event_columns!("data"), "WHERE sequence = $1");

pub(crate) fn read_event(row: &Row<'_>) -> Result<Event, StoreError> {
    Ok(Event {
        sequence: row.get(0)?,
        instance_id: row.instance_id(1)?,
        source: row.get(2)?,
        event_id: row.get(3)?,
        event_type: row.get(4)?,
        entity_id: row.get(5)?,
        entity_sequence: row.get(6)?,
        occurred_at: row.optional_microseconds(7)?,
        received_at: row.timestamp(8)?,
        identity: row.get(9)?,
        details: row.get(10)?,
        is_echo: row.get(11)?,
        data_bytes: row.count(12)?,
        data: row.get(13)?,
    })
}
