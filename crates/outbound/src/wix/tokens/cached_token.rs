//! A cached token, and when it is renewed.

use std::time::Duration;

use backlot_wix::oauth::Granted;
use http::HeaderValue;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Renewed this long before its end; a short-lived one when a fifth of its life is left.
const REFRESH_WINDOW: Duration = Duration::from_mins(5);
/// Not used in its last moments: it has to arrive at Wix yet.
const ON_THE_WAY: Duration = Duration::from_secs(5);
/// After a renewal was begun, another is not for this long.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(30);

/// A token. It cannot be printed.
pub(in crate::wix) struct CachedToken {
    value: HeaderValue,
    ends_at: Instant,
    renew_at: Mutex<Instant>,
}

impl CachedToken {
    /// `None` for a token that cannot stand in a header.
    pub(super) fn new(granted: &Granted, asked_at: Instant) -> Option<Self> {
        if granted.access_token.is_empty() {
            return None;
        }
        let mut value = HeaderValue::from_str(&granted.access_token).ok()?;
        value.set_sensitive(true);
        let lifetime = granted.lifetime();
        let ahead = REFRESH_WINDOW.min(lifetime / 5);
        Some(Self {
            value,
            ends_at: asked_at + lifetime.saturating_sub(ON_THE_WAY.min(lifetime / 5)),
            renew_at: Mutex::new(asked_at + lifetime.saturating_sub(ahead)),
        })
    }

    /// The value of `Authorization`.
    pub(in crate::wix) const fn header(&self) -> &HeaderValue {
        &self.value
    }

    /// Whether it may still be used.
    pub(super) fn lasts(&self) -> bool {
        Instant::now() < self.ends_at
    }

    /// True for the one who has to see to the next token now.
    pub(super) fn begin_renewal(&self) -> bool {
        let now = Instant::now();
        let mut renew_at = self.renew_at.lock();
        let is_due = now >= *renew_at;
        if is_due {
            *renew_at = now + BETWEEN_RENEWALS;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(seconds: u64) -> CachedToken {
        let json = format!(r#"{{"access_token":"t","expires_in":{seconds}}}"#);
        CachedToken::new(&serde_json::from_str(&json).unwrap(), Instant::now()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_ahead_by_one_and_ends() {
        let token = kept(14_400);
        assert!(!token.begin_renewal());
        tokio::time::advance(Duration::from_mins(235)).await;
        assert!(token.begin_renewal());
        assert!(!token.begin_renewal(), "one is enough");
        tokio::time::advance(BETWEEN_RENEWALS).await;
        assert!(token.begin_renewal(), "the first one failed");
        assert!(token.lasts());
        tokio::time::advance(Duration::from_secs(266)).await;
        assert!(!token.lasts());
        assert!(format!("{:?}", token.header()).contains("Sensitive"));
    }

    #[tokio::test(start_paused = true)]
    async fn short_lives_are_used_for_their_greater_part() {
        let token = kept(10);
        tokio::time::advance(Duration::from_millis(7_900)).await;
        assert!(token.lasts() && !token.begin_renewal());
        tokio::time::advance(Duration::from_millis(200)).await;
        assert!(!token.lasts());
        assert!(!kept(0).lasts());
    }
}
