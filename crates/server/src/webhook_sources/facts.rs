//! What a source says of an event: its id, type, entity and time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// Numbers from here on count milliseconds: as seconds, this is the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// The facts of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventFacts {
    /// The id that the source gave it. `None` if it gives none; then a hash of its content takes the place.
    pub id: Option<String>,
    /// The provider's name for its type.
    pub event_type: Option<String>,
    /// The entity that it is about.
    pub entity_id: Option<String>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What the source says beside the content.
    pub details: Map<String, Value>,
}

impl EventFacts {
    /// Adds a detail, if there is one.
    pub(super) fn detail(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.details.insert(name.to_owned(), value.into());
        }
    }
}

/// Returns the text or number at a JSON pointer.
pub(super) fn text(data: &Value, pointer: &str) -> Option<String> {
    text_of(data.pointer(pointer)?)
}

/// Returns the first text or number at one of the JSON pointers.
pub(super) fn first_text(data: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| text(data, pointer))
}

/// Returns a text or a number as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns the time at a JSON pointer.
pub(super) fn time(data: &Value, pointer: &str) -> Option<Timestamp> {
    read_time(&text(data, pointer)?)
}

/// Reads a time: RFC 3339, `2026-11-30 12:00:00` in UTC, or seconds or milliseconds since 1970.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        return if number.abs() >= FIRST_MILLISECONDS {
            Timestamp::from_millisecond(number).ok()
        } else {
            Timestamp::from_second(number).ok()
        };
    }
    if let Some(whole) = seconds_with_fraction(text) {
        return Some(whole);
    }
    let with_zone = text.parse::<Timestamp>().ok();
    with_zone.or_else(|| {
        let local = text.parse::<DateTime>().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })
}

/// `1700000000.123456`
fn seconds_with_fraction(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let milliseconds = format!("{whole}{digits}").parse().ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_formats_of_providers() {
        let expected = "2023-11-14T22:13:20Z".parse::<Timestamp>().unwrap();
        for text in [
            "1700000000",
            "1700000000000",
            "1700000000.000100",
            "2023-11-14T22:13:20Z",
            "2023-11-14T23:13:20+01:00",
            "2023-11-14 22:13:20",
        ] {
            assert_eq!(read_time(text), Some(expected), "{text}");
        }
        for text in ["", "soon", "1700000000.", "99999999999999999999"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }
}
