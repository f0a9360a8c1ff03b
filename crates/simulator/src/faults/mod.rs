//! How Wix misbehaves, on demand. Nothing here touches the simulator's own pages and API.

mod change;
mod value;

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use backlot_wix::InstanceId;
use jiff::SignedDuration;
use serde::Serialize;

/// Every fault, at its default when it is off. The JSON form is what the API shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Faults {
    /// Each answer waits for this long.
    pub(crate) slow_ms: u64,
    /// So many of the next answers fail, with `fail_status`.
    pub(crate) fail_next: u64,
    pub(crate) fail_status: u16,
    /// So many of the next answers break off in the middle of the body.
    pub(crate) reset_next: u64,
    /// What the four above are about; everything when empty.
    pub(crate) paths: Vec<String>,
    /// What token info says of a token that is no longer good.
    pub(crate) dead_tokens: DeadTokens,
    /// The app's secret is refused, as after a rotation.
    pub(crate) secret_expired: bool,
    /// No tokens for these; those that there are are dead.
    pub(crate) uninstalled: BTreeSet<InstanceId>,
    /// Whether a 429 says when to come back.
    pub(crate) retry_after: bool,
    /// For each instance; 0 is no limit.
    pub(crate) requests_per_minute: usize,
    /// Of tokens made from now on.
    pub(crate) token_lifetime_seconds: i64,
    /// What token info answers with.
    pub(crate) token_info: TokenInfoBody,
    /// API keys are refused.
    pub(crate) api_key_refused: bool,
}

/// What token info says of a token that is no longer good.
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
    /// What it should.
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

/// What happens to one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mishap {
    pub(crate) wait: Duration,
    pub(crate) failure: Option<StatusCode>,
    pub(crate) breaks_off: bool,
}

impl Faults {
    /// What happens to the next answer on this path. It counts as one of the next.
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
