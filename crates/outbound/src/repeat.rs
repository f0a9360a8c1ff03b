//! Doing something again: how long to wait before, and what a reply says of it.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;

/// The most attempts at one call.
pub(crate) const MAX_ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// A longer delay is not waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Randomness for waiting times, so that those who failed together do not come back together.
pub(crate) struct Jitter(Mutex<fastrand::Rng>);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Between half of a time and all of it.
    pub(crate) fn of(&self, time: Duration) -> Duration {
        time.mul_f64(0.5 + self.0.lock().f64() / 2.0)
    }

    /// Before attempt number `attempt + 1`: twice as long each time.
    pub(crate) fn wait_after(&self, attempt: u32) -> Duration {
        let doubled = FIRST_WAIT.saturating_mul(
            1_u32
                .checked_shl(attempt.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        self.of(doubled.min(MAX_BACKOFF))
    }
}

/// Statuses that speak of the other side's state, not of the request.
pub(crate) const fn is_passing_trouble(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// `Retry-After`, in seconds or as a date, up to an hour. A date is compared with the reply's own `Date`, since
/// both are of one clock; without that, with `now`.
pub(crate) fn retry_after(headers: &HeaderMap, now: Option<SystemTime>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = if is_number {
        // More digits than fit are a long time, too.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        until.duration_since(date.or(now)?).unwrap_or_default()
    };
    Some(time.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_differ() {
        let jitter = Jitter::new(7);
        for (attempt, most) in [(1, 100), (2, 200), (3, 400), (60, 10_000)] {
            let wait = jitter.wait_after(attempt);
            assert!(wait <= Duration::from_millis(most), "{wait:?}");
            assert!(wait >= Duration::from_millis(most / 2), "{wait:?}");
        }
        assert_ne!(jitter.wait_after(1), jitter.wait_after(1));
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, http::HeaderValue::from_static(text));
            retry_after(&headers, None)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("99999999"), Some(Duration::from_hours(1)));
        assert_eq!(
            read("99999999999999999999999"),
            Some(Duration::from_hours(1))
        );
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(read("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new(), None), None);

        let mut headers = HeaderMap::new();
        let date = |text| http::HeaderValue::from_static(text);
        headers.insert(RETRY_AFTER, date("Wed, 21 Oct 2015 07:28:30 GMT"));
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:20 GMT").unwrap();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(retry_after(&headers, Some(now)), seconds(10));
        headers.insert(DATE, date("Wed, 21 Oct 2015 07:28:27 GMT"));
        assert_eq!(retry_after(&headers, Some(now)), seconds(3));
        headers.insert(DATE, date("Thu, 22 Oct 2015 07:28:27 GMT"));
        assert_eq!(retry_after(&headers, Some(now)), seconds(0));
    }
}
