//! The time, as a parameter: the system's in real use, one that stands still in tests.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// The longest that the system's clock is not looked at while a moment is waited for: it may be set meanwhile.
const MAX_SLEEP: Duration = Duration::from_mins(1);

/// Tells the time of day. Durations are measured with `std::time::Instant` instead.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that only moves when it is set, in milliseconds since 1970.
    Manual(watch::Sender<i64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn standing_at(now: Timestamp) -> Self {
        Self::Manual(watch::Sender::new(now.as_millisecond()))
    }

    /// Sets a manual clock; the system's clock does not obey.
    pub fn set(&self, now: Timestamp) {
        if let Self::Manual(milliseconds) = self {
            milliseconds.send_replace(now.as_millisecond());
        }
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place where the system is asked"
            )]
            Self::System => Timestamp::now(),
            Self::Manual(milliseconds) => {
                Timestamp::from_millisecond(*milliseconds.borrow()).unwrap_or_default()
            }
        }
    }

    /// Waits until it is that time.
    pub(crate) async fn reaches(&self, at: Timestamp) {
        if let Self::Manual(milliseconds) = self {
            let mut milliseconds = milliseconds.subscribe();
            let at = at.as_millisecond();
            // The sender lives as long as this clock does.
            let _ = milliseconds.wait_for(|now| *now >= at).await;
            return;
        }
        while let left = self.now().duration_until(at)
            && left.is_positive()
        {
            tokio::time::sleep(left.unsigned_abs().min(MAX_SLEEP)).await;
        }
    }
}
