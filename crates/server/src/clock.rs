//! The time, as a parameter: the system's in real use, one that stands still in tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Tells the time of day. Durations are measured with `std::time::Instant` instead.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that only moves when it is set, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn standing_at(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.as_millisecond())))
    }

    /// Sets a manual clock; the system's clock does not obey.
    pub fn set(&self, now: Timestamp) {
        if let Self::Manual(milliseconds) = self {
            milliseconds.store(now.as_millisecond(), Ordering::Relaxed);
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
                Timestamp::from_millisecond(milliseconds.load(Ordering::Relaxed))
                    .unwrap_or_default()
            }
        }
    }
}
