//! The number of writes that have ended: of a subject, and of those that may concern any.
//!
//! If two subjects share a counter, some equal calls are sent twice.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Subject;
use crate::resilience::StripedCounters;

#[derive(Default)]
pub(super) struct Writes {
    by_subject: StripedCounters,
    /// Writes with the account's key, which may concern every instance.
    by_key: AtomicU64,
    /// All writes: the account's key may read what any of them wrote.
    all: AtomicU64,
}

impl Writes {
    /// Returns numbers that change when a write ends that the subject may read.
    pub(super) fn ended_of(&self, subject: &Subject) -> (u64, u64) {
        let of_others = match subject {
            Subject::App(_) => &self.by_key,
            Subject::Site(_) | Subject::Account(_) => &self.all,
        };
        let own = self.by_subject.get(subject).load(Ordering::SeqCst);
        (own, of_others.load(Ordering::SeqCst))
    }

    pub(super) fn has_ended(&self, subject: &Subject) {
        self.all.fetch_add(1, Ordering::SeqCst);
        let counter = match subject {
            Subject::App(_) => self.by_subject.get(subject),
            Subject::Site(_) | Subject::Account(_) => &self.by_key,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}
