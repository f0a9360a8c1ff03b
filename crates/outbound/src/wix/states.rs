//! What is remembered of each subject that calls were made for: its budget and its breaker.
//!
//! Those without a call for ten minutes are forgotten. There is room for 100,000; past that, those
//! that call least are forgotten sooner, and their budget starts over.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Subject;
use super::budget::Budget;
use super::places::Places;
use crate::breaker::Breaker;

const MAX_STATES: u64 = 100_000;
const IDLE: Duration = Duration::from_mins(10);
/// How long a 401 is taken for what it says after a new token did not help.
const STATE_TTL: Duration = Duration::from_mins(1);

/// One subject's.
pub(super) struct State {
    pub(super) budget: Budget,
    pub(super) breaker: Arc<Breaker>,
    /// A place for each call that is under way, to the end of its reply.
    pub(super) places: Places,
    new_tokens_help_not_until: Mutex<Option<Instant>>,
}

impl State {
    /// Wix refused a token that was quite new: the next 401 will not be the token's fault either.
    pub(super) fn new_token_did_not_help(&self) {
        *self.new_tokens_help_not_until.lock() = Some(Instant::now() + STATE_TTL);
    }

    /// Whether a new token may mend a 401.
    pub(super) fn new_token_may_help(&self) -> bool {
        let until = *self.new_tokens_help_not_until.lock();
        until.is_none_or(|until| until <= Instant::now())
    }
}

/// All of them.
pub(super) struct States {
    kept: Cache<Subject, Arc<State>>,
    requests_per_minute: usize,
}

impl States {
    pub(super) fn new(requests_per_minute: usize) -> Self {
        Self {
            kept: Cache::builder()
                .max_capacity(MAX_STATES)
                .time_to_idle(IDLE)
                .build(),
            requests_per_minute,
        }
    }

    pub(super) fn of(&self, subject: &Subject) -> Arc<State> {
        self.kept.get_with_by_ref(subject, || {
            Arc::new(State {
                budget: Budget::new(self.requests_per_minute),
                breaker: Arc::default(),
                places: Places::new(),
                new_tokens_help_not_until: Mutex::default(),
            })
        })
    }
}
