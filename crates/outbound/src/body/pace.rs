//! How far a transfer may fall behind the slowest pace that is served.
//!
//! Only the time counts in which this server waits for the other side; each byte that moves pays back
//! a part of it. A transfer above the minimum rate goes on for as long as it takes, one below it ends
//! once it is behind by the whole timeout, and nothing is saved up for later. The clock is only read,
//! and the timer only armed, while there is something to wait for.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The slowest pace that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceLimits {
    /// How far behind the rate a transfer may be.
    pub timeout: Duration,
    /// The rate, in bytes a second.
    pub bytes_per_second: NonZeroU32,
}

impl PaceLimits {
    /// The time that so many bytes pay for.
    fn time_of(&self, bytes: usize) -> Duration {
        let nanoseconds = bytes as u128 * 1_000_000_000 / u128::from(self.bytes_per_second.get());
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

/// Later than any transfer goes on: where a deadline is past what a clock shows.
const FAR_FUTURE: Duration = Duration::from_hours(24 * 365);

/// How far behind one transfer is.
#[derive(Debug, Default)]
pub struct Pace {
    behind: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    /// Not behind.
    pub const fn new() -> Self {
        Self {
            behind: Duration::ZERO,
            waiting_since: None,
        }
    }

    /// Counts bytes that have moved; what was waited for has come.
    pub fn moved(&mut self, bytes: usize, limits: &PaceLimits) {
        self.pause();
        if !self.behind.is_zero() {
            self.behind = self.behind.saturating_sub(limits.time_of(bytes));
        }
    }

    /// Stops counting the time: what is waited for now is not the other side.
    pub fn pause(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.behind = self.behind.saturating_add(since.elapsed());
        }
    }

    /// Counts the time from now on, and says when it will have been too long. `None` when it is being
    /// counted already.
    pub fn wait(&mut self, limits: &PaceLimits) -> Option<Instant> {
        if self.waiting_since.is_some() {
            return None;
        }
        let now = Instant::now();
        self.waiting_since = Some(now);
        let left = limits.timeout.saturating_sub(self.behind);
        Some(now.checked_add(left).unwrap_or(now + FAR_FUTURE))
    }

    /// Whether the transfer is behind by the whole timeout.
    pub fn is_too_slow(&self, limits: &PaceLimits) -> bool {
        let waited = self.waiting_since.map_or(Duration::ZERO, |it| it.elapsed());
        self.behind.saturating_add(waited) >= limits.timeout
    }
}

/// A [`Pace`] with its limits and a timer.
pub struct PaceTimer {
    limits: PaceLimits,
    pace: Pace,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PaceTimer {
    /// Not behind.
    pub const fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            pace: Pace::new(),
            timer: None,
        }
    }

    /// Counts bytes that have moved; what was waited for has come.
    pub fn moved(&mut self, bytes: usize) {
        self.pace.moved(bytes, &self.limits);
    }

    /// Stops counting the time: what is waited for now is not the other side.
    pub fn pause(&mut self) {
        self.pace.pause();
    }

    /// Counts the time from now on: ready once the transfer is behind by the whole timeout.
    pub fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.pace.wait(&self.limits);
        poll_timer(&mut self.timer, deadline, context)
    }
}

/// Polls a timer that is made when it is first needed, after setting it to a new deadline if there is one.
pub(super) fn poll_timer(
    timer: &mut Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
    context: &mut Context<'_>,
) -> Poll<()> {
    match (&mut *timer, deadline) {
        (Some(timer), Some(deadline)) => timer.as_mut().reset(deadline),
        (None, Some(deadline)) => *timer = Some(Box::pin(sleep_until(deadline))),
        (_, None) => {}
    }
    match timer {
        Some(timer) => timer.as_mut().poll(context),
        None => Poll::Pending,
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    const LIMITS: PaceLimits = PaceLimits {
        timeout: Duration::from_secs(10),
        bytes_per_second: NonZeroU32::new(1000).unwrap(),
    };

    /// Bytes after each second; how many seconds until it is too slow, of a hundred.
    async fn seconds_served(bytes: usize) -> Option<u32> {
        let mut pace = PaceTimer::new(LIMITS);
        for second in 0..100 {
            let wait = poll_fn(|context| pace.poll_too_slow(context));
            if timeout(Duration::from_millis(999), wait).await.is_ok() {
                return Some(second);
            }
            advance(Duration::from_millis(1)).await;
            pace.moved(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_transfer_above_the_rate_never_ends_and_one_below_it_does() {
        assert_eq!(seconds_served(1000).await, None);
        assert_eq!(seconds_served(0).await, Some(10));
        assert_eq!(seconds_served(1).await, Some(10));
        assert_eq!(seconds_served(500).await, Some(19));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_came_quickly_buy_no_time_for_later() {
        let mut pace = PaceTimer::new(LIMITS);
        pace.moved(1_000_000_000);
        let begun = Instant::now();
        poll_fn(|context| pace.poll_too_slow(context)).await;
        assert_eq!(begun.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_something_else_is_waited_for_does_not_count() {
        let mut pace = PaceTimer::new(LIMITS);
        for _ in 0..9 {
            let wait = poll_fn(|context| pace.poll_too_slow(context));
            assert!(timeout(Duration::from_secs(1), wait).await.is_err());
            pace.pause();
            advance(Duration::from_hours(1)).await;
        }
        let begun = Instant::now();
        poll_fn(|context| pace.poll_too_slow(context)).await;
        assert!(begun.elapsed() <= Duration::from_secs(1));
    }
}
