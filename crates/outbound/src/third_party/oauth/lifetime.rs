//! How long a token lasts: as seconds, or as the time at which it ends.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Seconds that say a length up to here (thirty years), and a time of the clock past it.
const MAX_SECONDS: f64 = 1e9;
/// A time of the clock in seconds up to here, and in milliseconds past it.
const MAX_EPOCH_SECONDS: f64 = 1e11;

/// The time that is left by a field of an answer. `None` if it says nothing, or that the token does not end: some
/// write `0` for that.
pub(super) fn read(value: &Value, now: Timestamp) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim();
            match text.parse() {
                Ok(number) => Some(number),
                Err(_) => return Some(until(date(text)?, now)),
            }
        }
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number > 0.0)?;
    if number < MAX_SECONDS {
        return Duration::try_from_secs_f64(number).ok();
    }
    let seconds = if number < MAX_EPOCH_SECONDS {
        number
    } else {
        number / 1000.0
    };
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    let end = Timestamp::UNIX_EPOCH.checked_add(since).ok()?;
    Some(until(end, now))
}

/// A token that is over has no time left, which is another thing than to last for ever.
fn until(end: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}

/// A date as RFC 3339, ISO 8601 without a zone, or HTTP write it.
fn date(text: &str) -> Option<Timestamp> {
    if let Ok(date) = text.parse::<Timestamp>() {
        return Some(date);
    }
    if let Ok(date) = text.parse::<DateTime>() {
        return date.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    }
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_and_times() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let left = |value: &Value| read(value, now);
        let hour = Some(Duration::from_hours(1));
        for said in [
            json!(3600),
            json!(3600.0),
            json!("3600"),
            json!(" 3600 "),
            json!("3600.0"),
            json!("2026-11-29T13:00:00Z"),
            json!("2026-11-29T14:00:00+01:00"),
            json!("2026-11-29T13:00:00"),
            json!("2026-11-29 13:00:00"),
            json!("Sun, 29 Nov 2026 13:00:00 GMT"),
            json!(1_795_957_200),
            json!("1795957200"),
            json!(1_795_957_200_000_u64),
        ] {
            assert_eq!(left(&said), hour, "{said}");
        }
        for unsaid in [
            json!(null),
            json!(-5),
            json!(0),
            json!("0"),
            json!(""),
            json!("soon"),
            json!([]),
            json!("inf"),
            json!("NaN"),
        ] {
            assert_eq!(left(&unsaid), None, "{unsaid}");
        }
        let over = left(&json!("2026-11-29T11:00:00Z"));
        assert_eq!(over, Some(Duration::ZERO));
        let ten_years = Duration::from_hours(87_600);
        assert_eq!(left(&json!(315_360_000)), Some(ten_years));
    }
}
