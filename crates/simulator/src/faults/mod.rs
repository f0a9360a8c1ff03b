//! Simulated faults of Wix. They do not affect the simulator's own pages and API.

mod change;
mod value;

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use backlot_wix::InstanceId;
use jiff::SignedDuration;
use serde::Serialize;

/// All faults. The default is off. The JSON form is that of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Faults {
    /// Delays each response.
    pub(crate) slow_ms: u64,
    /// Fails this many of the next requests with `fail_status`.
    pub(crate) fail_next: u64,
    pub(crate) fail_status: u16,
    /// Breaks off this many of the next responses in the middle of the body.
    pub(crate) reset_next: u64,
    /// The path prefixes that the four above apply to; all paths if empty.
    pub(crate) paths: Vec<String>,
    /// The response of token info to a token that is not valid.
    pub(crate) dead_tokens: DeadTokens,
    /// The app's secret is refused, as after a rotation.
    pub(crate) secret_expired: bool,
    /// Instances for which no tokens are issued, and whose existing tokens are invalid.
    pub(crate) uninstalled: BTreeSet<InstanceId>,
    /// Whether a 429 has `Retry-After`.
    pub(crate) retry_after: bool,
    /// The limit of each instance; 0 is no limit.
    pub(crate) requests_per_minute: usize,
    /// The lifetime of new tokens.
    pub(crate) token_lifetime_seconds: i64,
    /// What token info answers with.
    pub(crate) token_info: TokenInfoBody,
    /// API keys are refused.
    pub(crate) api_key_refused: bool,
}

/// The response of token info to a token that is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DeadTokens {
    /// 200 with `{"active":false}`
    Inactive,
    /// 401
    Unauthorized,
}

/// What token info answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TokenInfoBody {
    /// The correct response.
    Right,
    /// A page of HTML, as a proxy on the way would send.
    NotJson,
    /// Hundreds of megabytes.
    Huge,
    /// An occasional byte, without end.
    Endless,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            slow_ms: 0,
            fail_next: 0,
            fail_status: 500,
            reset_next: 0,
            paths: Vec::new(),
            dead_tokens: DeadTokens::Inactive,
            secret_expired: false,
            uninstalled: BTreeSet::new(),
            retry_after: true,
            requests_per_minute: 200,
            token_lifetime_seconds: crate::access_token::LIFETIME.as_secs(),
            token_info: TokenInfoBody::Right,
            api_key_refused: false,
        }
    }
}

/// The fault of a single response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mishap {
    pub(crate) wait: Duration,
    pub(crate) failure: Option<StatusCode>,
    pub(crate) breaks_off: bool,
}

impl Faults {
    /// Returns the fault of the next response on this path, and counts it.
    pub(crate) fn next(&mut self, path: &str) -> Mishap {
        let covers = |prefix: &String| path.starts_with(prefix.as_str());
        if !self.paths.is_empty() && !self.paths.iter().any(covers) {
            return Mishap::default();
        }
        let failure = take_one(&mut self.fail_next).then_some(self.fail_status);
        Mishap {
            wait: Duration::from_millis(self.slow_ms),
            failure: failure.and_then(|status| StatusCode::from_u16(status).ok()),
            breaks_off: take_one(&mut self.reset_next),
        }
    }

    pub(crate) const fn token_lifetime(&self) -> SignedDuration {
        SignedDuration::from_secs(self.token_lifetime_seconds)
    }
}

const fn take_one(count: &mut u64) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_ones_are_counted_on_their_paths() {
        let mut faults = Faults {
            fail_next: 2,
            fail_status: 503,
            reset_next: 1,
            paths: vec!["/apps/".to_owned()],
            ..Faults::default()
        };
        assert_eq!(faults.next("/oauth2/token"), Mishap::default());
        let first = faults.next("/apps/v1/instance");
        assert_eq!(first.failure, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(first.breaks_off);
        let second = faults.next("/apps/v1/instance");
        assert_eq!(second.failure, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(!second.breaks_off);
        assert_eq!(faults.next("/apps/v1/instance"), Mishap::default());
        assert_eq!(faults.fail_next, 0);
    }
}
