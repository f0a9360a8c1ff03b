//! Circuit breakers: after five consecutive failures, no call is made for a while,
//! then a single one tries whether it works again, and another after a second if that takes long. Each failed try
//! doubles the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

const FAILURES: u32 = 5;
const FIRST_REST: Duration = Duration::from_secs(1);
const MAX_OPEN_PERIOD: Duration = Duration::from_secs(8);

/// One breaker.
#[derive(Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    /// Whether the state matters. Without failures, the lock is not taken.
    has_failed: AtomicBool,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Since the last success; 0 while it never rested.
    rests: u32,
    rests_until: Option<Instant>,
    /// When the current probe started.
    trying: Option<Instant>,
}

/// Leave for one attempt. Dropped without a verdict, it counts for nothing.
pub(crate) struct Leave {
    breaker: Arc<Breaker>,
    is_try: bool,
}

impl Breaker {
    /// Whether anything has failed since the last success.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Leave for an attempt, or how long the rest still lasts.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Leave, Duration> {
        let leave = |is_try| Leave {
            breaker: Arc::clone(self),
            is_try,
        };
        if !self.has_failed() {
            return Ok(leave(false));
        }
        let mut state = self.state.lock();
        let is_try = match state.rests_until {
            None => false,
            Some(until) => {
                let now = Instant::now();
                let left = until.saturating_duration_since(now);
                if !left.is_zero() {
                    return Err(left);
                }
                // One that takes long must not keep all others waiting: another tries beside it.
                let next = state.trying.map(|since| since + FIRST_REST);
                if let Some(next) = next.filter(|next| *next > now) {
                    return Err(next - now);
                }
                state.trying = Some(now);
                true
            }
        };
        drop(state);
        Ok(leave(is_try))
    }
}

impl Leave {
    /// It answered.
    pub(crate) fn succeeded(self) {
        let breaker = &self.breaker;
        if !breaker.has_failed() {
            return;
        }
        let mut state = breaker.state.lock();
        *state = State::default();
        breaker.has_failed.store(false, Ordering::Release);
    }

    /// It did not.
    pub(crate) fn failed(self) {
        let mut state = self.breaker.state.lock();
        self.breaker.has_failed.store(true, Ordering::Release);
        state.failures = state.failures.saturating_add(1);
        if !self.is_try && (state.failures < FAILURES || state.rests_until.is_some()) {
            return;
        }
        let rest = FIRST_REST.saturating_mul(1 << state.rests.min(6));
        state.rests = state.rests.saturating_add(1);
        state.rests_until = Some(Instant::now() + rest.min(MAX_OPEN_PERIOD));
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.is_try {
            self.breaker.state.lock().trying = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn fail(breaker: &Arc<Breaker>, times: u32) {
        for _ in 0..times {
            breaker.enter().unwrap().failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_tries_once_and_rests_longer() {
        let breaker = Arc::new(Breaker::default());
        fail(&breaker, 4);
        breaker.enter().unwrap().succeeded();
        fail(&breaker, 5);
        assert_eq!(breaker.enter().err(), Some(FIRST_REST));
        advance(Duration::from_millis(400)).await;
        assert_eq!(breaker.enter().err(), Some(Duration::from_millis(600)));
        advance(Duration::from_millis(600)).await;

        let attempt = breaker.enter().unwrap();
        assert!(breaker.enter().is_err(), "one try at a time");
        attempt.failed();
        assert_eq!(breaker.enter().err(), Some(FIRST_REST * 2));
        advance(FIRST_REST * 2).await;

        let slow = breaker.enter().unwrap();
        assert_eq!(breaker.enter().err(), Some(FIRST_REST));
        advance(FIRST_REST).await;
        drop((
            slow,
            breaker.enter().expect("one that takes long is not alone"),
        ));
        let attempt = breaker
            .enter()
            .expect("a try that was given up does not block");
        attempt.succeeded();
        fail(&breaker, 4);
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_were_under_way_do_not_prolong_a_rest() {
        let breaker = Arc::new(Breaker::default());
        let late: Vec<_> = (0..20).map(|_| breaker.enter().unwrap()).collect();
        late.into_iter().for_each(Leave::failed);
        assert_eq!(breaker.enter().err(), Some(FIRST_REST));
    }
}
