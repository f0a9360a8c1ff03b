//! Doing something again: how long to wait before, and what a reply says of it.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;

/// The most attempts at one call.
pub(crate) const MOST_ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

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
        self.of(doubled.min(LONGEST_WAIT))
    }
}

/// Statuses that speak of the other side's state, not of the request.
pub(crate) const fn is_passing_trouble(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// `Retry-After` in seconds. Dates are not read: what they are compared with is another's clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit are a long time, too.
    let seconds = is_number.then(|| digits.parse().unwrap_or(u64::MAX))?;
    Some(Duration::from_secs(seconds.min(3600)))
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
    fn retry_after_in_seconds() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, http::HeaderValue::from_static(text));
            retry_after(&headers)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("99999999"), Some(Duration::from_hours(1)));
        assert_eq!(
            read("99999999999999999999999"),
            Some(Duration::from_hours(1))
        );
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(read("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
