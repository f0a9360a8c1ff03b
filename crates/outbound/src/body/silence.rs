//! A limit to silence: armed when nothing has arrived, taken down when something does.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

pub(crate) struct Silence {
    longest: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Silence {
    pub(crate) const fn new(longest: Duration) -> Self {
        Self {
            longest,
            timer: None,
            armed: false,
        }
    }

    /// Something arrived.
    pub(crate) const fn broken(&mut self) {
        self.armed = false;
    }

    /// Nothing has arrived: ready once that has lasted too long.
    pub(crate) fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !self.armed {
            self.armed = true;
            timer.as_mut().reset(Instant::now() + longest);
        }
        timer.as_mut().poll(context)
    }
}
