//! Retries: which requests may be sent again, and when.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::body::CallBody;
use crate::upstream::UpstreamError;

/// The most attempts at one call.
pub(crate) const MAX_ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(10);
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Random waiting times, so that calls that failed together are not sent again together.
pub(crate) struct Jitter(Mutex<fastrand::Rng>);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Returns the time before attempt number `attempt + 1`: twice as long each time, less up to a half.
    pub(crate) fn backoff(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1));
        let doubled = FIRST_BACKOFF.saturating_mul(factor.unwrap_or(u32::MAX));
        let random = self.0.lock().f64();
        doubled.min(MAX_BACKOFF).mul_f64(0.5 + random / 2.0)
    }
}

/// When a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Retryability {
    /// Never: its body is streamed.
    Never,
    /// If it was surely not processed.
    IfUnprocessed,
    /// Always: it is idempotent.
    Always,
}

impl Retryability {
    pub(crate) const fn new(body: &CallBody, is_idempotent: bool) -> Self {
        match body {
            CallBody::Ready(_) if is_idempotent => Self::Always,
            CallBody::Ready(_) => Self::IfUnprocessed,
            CallBody::Streaming(_) | CallBody::Spent => Self::Never,
        }
    }
}

/// The attempts at one call.
pub(crate) struct RetryState<'client> {
    jitter: &'client Jitter,
    deadline: Instant,
    attempts_left: u32,
    attempt: u32,
    retryability: Retryability,
}

impl<'client> RetryState<'client> {
    pub(crate) const fn new(
        jitter: &'client Jitter,
        deadline: Instant,
        max_attempts: u32,
        retryability: Retryability,
    ) -> Self {
        Self {
            jitter,
            deadline,
            attempts_left: max_attempts,
            attempt: 0,
            retryability,
        }
    }

    pub(crate) const fn begin_attempt(&mut self) {
        self.attempt += 1;
        self.attempts_left -= 1;
    }

    /// Takes the last attempt out of the count.
    pub(crate) const fn forget_attempt(&mut self) {
        self.attempt -= 1;
        self.attempts_left += 1;
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns whether the request may be sent again, as far as `needed` says.
    pub(crate) fn may_retry(&self, needed: Retryability) -> bool {
        self.retryability >= needed && self.attempts_left > 0
    }

    /// Returns the time before the next attempt, if the server does not say.
    pub(crate) fn backoff(&self) -> Duration {
        self.jitter.backoff(self.attempt)
    }

    /// Returns the time before the next attempt. `None` if there is none, or no time for it.
    pub(crate) fn wait(
        &self,
        needed: Retryability,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        if !self.may_retry(needed) {
            return None;
        }
        let wait = retry_after.unwrap_or_else(|| self.backoff());
        (Instant::now() + wait < self.deadline).then_some(wait)
    }

    /// Returns the time before the next attempt after an error.
    pub(crate) fn wait_after_error(&self, error: &UpstreamError) -> Option<Duration> {
        match error {
            UpstreamError::Unreachable(_) => self.wait(Retryability::IfUnprocessed, None),
            UpstreamError::Broken(_) => self.wait(Retryability::Always, None),
            // The time is over, or another attempt ends the same.
            UpstreamError::TooSlow
            | UpstreamError::AddressRefused { .. }
            | UpstreamError::HeadTooLarge
            | UpstreamError::Body(_)
            | UpstreamError::BadPath => None,
        }
    }

    /// Returns the time before the next attempt after a response that says to try again.
    pub(crate) fn wait_after_response<B>(
        &self,
        response: &Response<B>,
        now: Option<SystemTime>,
    ) -> Option<Duration> {
        self.wait(Retryability::Always, retry_after(response.headers(), now))
    }
}

/// Returns whether a status is about the server's state, not about the request.
pub(crate) const fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Returns the time of `Retry-After`, in seconds or as a date, up to an hour. A date is relative to the response's
/// `Date`, which is of the same clock, or else to `now`.
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
            let wait = jitter.backoff(attempt);
            assert!(wait <= Duration::from_millis(most), "{wait:?}");
            assert!(wait >= Duration::from_millis(most / 2), "{wait:?}");
        }
        assert_ne!(jitter.backoff(1), jitter.backoff(1));
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
