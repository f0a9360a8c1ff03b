//! A time in which something is not tried again.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// A time in which something is not tried again.
#[derive(Default)]
pub(crate) struct Cooldown(Mutex<Option<Instant>>);

impl Cooldown {
    pub(crate) fn start(&self, time: Duration) {
        *self.0.lock() = Some(Instant::now() + time);
    }

    /// Returns the remaining time. `None` if it is over.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let until = (*self.0.lock())?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}
