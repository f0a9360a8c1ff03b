//! How many writes have ended: of a subject, and of those that may be about any.
//!
//! Counted in a fixed number of counters. Two subjects may share one; then some equal calls are made twice.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Subject;

const COUNTERS: usize = 1024;

pub(super) struct Writes {
    counters: Box<[AtomicU64]>,
    /// With the account's key: about a site's data.
    by_key: AtomicU64,
    /// Any identity: the account's key may read what any of them wrote.
    all: AtomicU64,
    hasher: RandomState,
}

impl Default for Writes {
    fn default() -> Self {
        Self {
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            by_key: AtomicU64::new(0),
            all: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }
}

impl Writes {
    fn counter(&self, subject: &Subject) -> &AtomicU64 {
        let hash = self.hasher.hash_one(subject);
        // The remainder is less than the number of counters.
        let place = usize::try_from(hash % COUNTERS as u64).unwrap_or_default();
        &self.counters[place]
    }

    /// The numbers that change when a write ends which a subject may read.
    pub(super) fn ended_of(&self, subject: &Subject) -> (u64, u64) {
        let of_others = match subject {
            Subject::App(_) => &self.by_key,
            Subject::Site(_) | Subject::Account(_) => &self.all,
        };
        let own = self.counter(subject).load(Ordering::SeqCst);
        (own, of_others.load(Ordering::SeqCst))
    }

    pub(super) fn has_ended(&self, subject: &Subject) {
        self.all.fetch_add(1, Ordering::SeqCst);
        let counter = match subject {
            Subject::App(_) => self.counter(subject),
            Subject::Site(_) | Subject::Account(_) => &self.by_key,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}
