//! How long a reply is fresh, and how old it is.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE, EXPIRES, HeaderName};

use super::control::{self, Control};

/// The time of one reply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Freshness {
    lifetime: Duration,
    /// How old it was when it came.
    age_then: Duration,
    came: SystemTime,
}

impl Freshness {
    /// Of a reply that comes `now`.
    pub(super) fn of(headers: &HeaderMap, is_shared: bool, now: SystemTime) -> Self {
        let date = date(headers, &DATE);
        let on_the_way = date.and_then(|date| now.duration_since(date).ok());
        let said = headers.get(AGE).and_then(|value| value.to_str().ok());
        let said = said.map(control::seconds).unwrap_or_default();
        Self {
            lifetime: lifetime(headers, is_shared, date.unwrap_or(now)).unwrap_or_default(),
            age_then: on_the_way.unwrap_or_default().max(said),
            came: now,
        }
    }

    /// How old it is.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        let here = now.duration_since(self.came).unwrap_or_default();
        self.age_then.saturating_add(here)
    }

    /// Whether it may be served without asking.
    pub(super) fn is_fresh(&self, now: SystemTime) -> bool {
        self.age(now) < self.lifetime
    }

    /// Whether it is ever fresh.
    pub(super) fn is_any(&self) -> bool {
        self.age_then < self.lifetime
    }
}

/// As said outright. `None`: nothing is said.
fn lifetime(headers: &HeaderMap, is_shared: bool, date: SystemTime) -> Option<Duration> {
    let control = Control::of(headers);
    if control.no_cache {
        return None;
    }
    if let (true, Some(shared)) = (is_shared, control.shared_max_age) {
        return Some(shared);
    }
    control.max_age.or_else(|| {
        // A date that cannot be read is one in the past.
        let expires = self::date(headers, &EXPIRES)?;
        expires.duration_since(date).ok()
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}
