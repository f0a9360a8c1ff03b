//! When the calls of the last minute were made.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::super::Priority;

/// A minute, and a second for calls that take unequally long to arrive.
const SPAN: Duration = Duration::from_secs(61);

pub(super) struct Window {
    limit: usize,
    made: VecDeque<Instant>,
    held_until: Option<Instant>,
}

impl Window {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            made: VecDeque::new(),
            held_until: None,
        }
    }

    /// Counts a call, or says when there is room for it.
    pub(super) fn try_take(&mut self, priority: Priority, now: Instant) -> Result<(), Instant> {
        while self
            .made
            .front()
            .is_some_and(|at| now.duration_since(*at) >= SPAN)
        {
            self.made.pop_front();
        }
        let free_at = self.free_at(priority, now);
        if free_at > now {
            return Err(free_at);
        }
        self.made.push_back(now);
        Ok(())
    }

    /// When there is room.
    pub(super) fn free_at(&self, priority: Priority, now: Instant) -> Instant {
        let limit = priority.share_of(self.limit);
        // With as many as the limit, the oldest but so many must have left.
        let room = match self.made.len().checked_sub(limit) {
            None => now,
            Some(over) => self.made.get(over).map_or(now + SPAN, |at| *at + SPAN),
        };
        room.max(self.held_until.unwrap_or(now)).max(now)
    }

    pub(super) fn hold(&mut self, until: Instant) {
        self.held_until = self.held_until.max(Some(until));
    }
}
