//! The state of each subject: its budget, its circuit breaker and its calls in flight.
//!
//! A subject without a call for ten minutes is forgotten. There is room for 100,000. Past that, those that call least are
//! forgotten sooner, and start with a full budget.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::Subject;
use super::budget::Budget;
use crate::resilience::{CircuitBreaker, ConcurrencyLimit, Cooldown};

const MAX_SUBJECTS: u64 = 100_000;
const SUBJECT_TTL: Duration = Duration::from_mins(10);
/// The most calls of a subject in flight, to the end of their responses. More wait for their turn.
const MAX_CONCURRENT_CALLS: usize = 64;

/// The state of one subject.
pub(super) struct SubjectState {
    pub(super) budget: Budget,
    pub(super) breaker: Arc<CircuitBreaker>,
    pub(super) concurrency: ConcurrencyLimit,
    /// Runs after a new token was refused: the next 401 will not be the token's fault either.
    pub(super) new_tokens_do_not_help: Cooldown,
}

/// The states of all subjects.
pub(super) struct SubjectStates {
    states: Cache<Subject, Arc<SubjectState>>,
    requests_per_minute: usize,
}

impl SubjectStates {
    pub(super) fn new(requests_per_minute: usize) -> Self {
        Self {
            states: Cache::builder()
                .max_capacity(MAX_SUBJECTS)
                .time_to_idle(SUBJECT_TTL)
                .build(),
            requests_per_minute,
        }
    }

    pub(super) fn find_or_create(&self, subject: &Subject) -> Arc<SubjectState> {
        self.states.get_with_by_ref(subject, || {
            Arc::new(SubjectState {
                budget: Budget::new(self.requests_per_minute),
                breaker: Arc::default(),
                concurrency: ConcurrencyLimit::new(MAX_CONCURRENT_CALLS),
                new_tokens_do_not_help: Cooldown::default(),
            })
        })
    }
}
