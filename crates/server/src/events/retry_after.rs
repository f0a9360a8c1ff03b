//! `Retry-After` of a destination: seconds, or a date (RFC 9110, section 10.2.3).

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;

/// The longest time that is honoured.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Returns the time to wait, if the response says one.
pub(super) fn parse(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = if is_number {
        text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        let date = Timestamp::try_from(date).ok()?;
        // A date in the past means now.
        Duration::try_from(now.duration_until(date)).unwrap_or_default()
    };
    Some(time.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 22 Nov 2026 12:01:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
            ("Mon, 22 Nov 2027 11:00:00 GMT", Some(86_400)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse(&headers, now), expected, "{text}");
        }
        assert_eq!(parse(&HeaderMap::new(), now), None);
    }
}
