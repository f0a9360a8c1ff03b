//! What both databases keep in the same form.

use jiff::Timestamp;

use crate::StoreError;

/// A time that is kept as milliseconds since 1970.
pub(crate) fn instant(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| StoreError::Refused("a time in the database is out of range".into()))
}
