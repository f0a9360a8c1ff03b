//! A circuit breaker: after five failures in a row it is open for a while, then one request probes whether the server
//! works again, and another one after a second if the probe is slow. Each failed probe doubles the open period.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

const MAX_FAILURES: u32 = 5;
const FIRST_OPEN_PERIOD: Duration = Duration::from_secs(1);
const MAX_OPEN_PERIOD: Duration = Duration::from_secs(8);

/// A circuit breaker.
#[derive(Default)]
pub(crate) struct CircuitBreaker {
    state: Mutex<BreakerState>,
    /// Whether there is a failure in the state. Without one, the lock is not taken.
    has_failed: AtomicBool,
}

#[derive(Default)]
struct BreakerState {
    failures: u32,
    /// The open periods since the last success.
    open_periods: u32,
    open_until: Option<Instant>,
    /// When the last probe began.
    probing_since: Option<Instant>,
}

/// A permit for one request. Dropped without an outcome, it does not count.
pub(crate) struct Permit {
    breaker: Arc<CircuitBreaker>,
    is_probe: bool,
}

impl CircuitBreaker {
    /// Returns whether a request has failed since the last success.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Returns a permit for a request, or the time until the breaker closes.
    pub(crate) fn acquire(self: &Arc<Self>) -> Result<Permit, Duration> {
        let permit = |is_probe| Permit {
            breaker: Arc::clone(self),
            is_probe,
        };
        if !self.has_failed() {
            return Ok(permit(false));
        }
        let mut state = self.state.lock();
        let is_probe = match state.open_until {
            None => false,
            Some(until) => {
                let now = Instant::now();
                let left = until.saturating_duration_since(now);
                if !left.is_zero() {
                    return Err(left);
                }
                // A slow probe must not keep all others waiting: another one is let through.
                let next = state.probing_since.map(|since| since + FIRST_OPEN_PERIOD);
                if let Some(next) = next.filter(|next| *next > now) {
                    return Err(next - now);
                }
                state.probing_since = Some(now);
                true
            }
        };
        drop(state);
        Ok(permit(is_probe))
    }
}

impl Permit {
    /// Records a success.
    pub(crate) fn succeeded(self) {
        let breaker = &self.breaker;
        if !breaker.has_failed() {
            return;
        }
        let mut state = breaker.state.lock();
        *state = BreakerState::default();
        breaker.has_failed.store(false, Ordering::Release);
    }

    /// Records a failure.
    pub(crate) fn failed(self) {
        let mut state = self.breaker.state.lock();
        self.breaker.has_failed.store(true, Ordering::Release);
        state.failures = state.failures.saturating_add(1);
        if !self.is_probe && (state.failures < MAX_FAILURES || state.open_until.is_some()) {
            return;
        }
        let period = FIRST_OPEN_PERIOD.saturating_mul(1 << state.open_periods.min(6));
        state.open_periods = state.open_periods.saturating_add(1);
        state.open_until = Some(Instant::now() + period.min(MAX_OPEN_PERIOD));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.state.lock().probing_since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn fail(breaker: &Arc<CircuitBreaker>, times: u32) {
        for _ in 0..times {
            breaker.acquire().unwrap().failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_tries_once_and_rests_longer() {
        let breaker = Arc::new(CircuitBreaker::default());
        fail(&breaker, 4);
        breaker.acquire().unwrap().succeeded();
        fail(&breaker, 5);
        assert_eq!(breaker.acquire().err(), Some(FIRST_OPEN_PERIOD));
        advance(Duration::from_millis(400)).await;
        assert_eq!(breaker.acquire().err(), Some(Duration::from_millis(600)));
        advance(Duration::from_millis(600)).await;

        let attempt = breaker.acquire().unwrap();
        assert!(breaker.acquire().is_err(), "one try at a time");
        attempt.failed();
        assert_eq!(breaker.acquire().err(), Some(FIRST_OPEN_PERIOD * 2));
        advance(FIRST_OPEN_PERIOD * 2).await;

        let slow = breaker.acquire().unwrap();
        assert_eq!(breaker.acquire().err(), Some(FIRST_OPEN_PERIOD));
        advance(FIRST_OPEN_PERIOD).await;
        drop((
            slow,
            breaker.acquire().expect("one that takes long is not alone"),
        ));
        let attempt = breaker
            .acquire()
            .expect("a try that was given up does not block");
        attempt.succeeded();
        fail(&breaker, 4);
        assert!(breaker.acquire().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_were_under_way_do_not_prolong_a_rest() {
        let breaker = Arc::new(CircuitBreaker::default());
        let late: Vec<_> = (0..20).map(|_| breaker.acquire().unwrap()).collect();
        late.into_iter().for_each(Permit::failed);
        assert_eq!(breaker.acquire().err(), Some(FIRST_OPEN_PERIOD));
    }
}
