//! The freshness lifetime and age of a response.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE, EXPIRES, HeaderName};

use super::cache_control::{self, CacheControl};

/// The freshness lifetime and age of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Freshness {
    lifetime: Duration,
    /// The age on arrival.
    initial_age: Duration,
    arrived_at: SystemTime,
}

impl Freshness {
    /// Computes the freshness of a response that arrived at `now`.
    pub(super) fn new(headers: &HeaderMap, is_shared: bool, now: SystemTime) -> Self {
        let date = date(headers, &DATE);
        let on_the_way = date.and_then(|date| now.duration_since(date).ok());
        let said = headers.get(AGE).and_then(|value| value.to_str().ok());
        let said = said.map(cache_control::seconds).unwrap_or_default();
        Self {
            lifetime: lifetime(headers, is_shared, date.unwrap_or(now)).unwrap_or_default(),
            initial_age: on_the_way.unwrap_or_default().max(said),
            arrived_at: now,
        }
    }

    /// Returns the age at `now`.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        let here = now.duration_since(self.arrived_at).unwrap_or_default();
        self.initial_age.saturating_add(here)
    }

    /// Returns whether the response may be used without revalidation.
    pub(super) fn is_fresh(&self, now: SystemTime) -> bool {
        self.age(now) < self.lifetime
    }

    /// Returns whether the response was fresh on arrival.
    pub(super) fn was_fresh(&self) -> bool {
        self.initial_age < self.lifetime
    }
}

/// Returns the explicit freshness lifetime.
fn lifetime(headers: &HeaderMap, is_shared: bool, date: SystemTime) -> Option<Duration> {
    let control = CacheControl::from_headers(headers);
    if control.no_cache {
        return None;
    }
    if let (true, Some(shared)) = (is_shared, control.shared_max_age) {
        return Some(shared);
    }
    control.max_age.or_else(|| {
        // An invalid date is in the past.
        let expires = self::date(headers, &EXPIRES)?;
        expires.duration_since(date).ok()
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}
