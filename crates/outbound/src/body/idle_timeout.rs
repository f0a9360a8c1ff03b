//! A timeout that runs while nothing arrives.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::pace::poll_timer;

/// A timeout that runs while nothing arrives.
pub(crate) struct IdleTimeout {
    timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl IdleTimeout {
    pub(crate) const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            timer: None,
            is_running: false,
        }
    }

    /// Stops the timeout: something has arrived.
    pub(crate) const fn stop(&mut self) {
        self.is_running = false;
    }

    /// Runs the timeout. Ready when it has elapsed.
    pub(crate) fn poll_elapsed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = (!self.is_running).then(|| Instant::now() + self.timeout);
        self.is_running = true;
        poll_timer(&mut self.timer, deadline, context)
    }
}
