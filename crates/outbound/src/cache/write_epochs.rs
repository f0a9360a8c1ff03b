//! Whether a write has ended since a request was made.
//!
//! A response to a request made before a write ended may be from before it, so it is not cached. Writes are counted by
//! address, in a fixed number of counters. If two addresses share one, a response may needlessly not be cached.

use std::sync::atomic::Ordering;

use super::CacheKey;
use crate::resilience::StripedCounters;

/// The writes that had ended when a request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteEpoch(u64);

#[derive(Default)]
pub(super) struct WriteEpochs(StripedCounters);

impl WriteEpochs {
    pub(super) fn current(&self, key: &CacheKey) -> WriteEpoch {
        WriteEpoch(self.0.get(key).load(Ordering::SeqCst))
    }

    pub(super) fn advance(&self, key: &CacheKey) {
        self.0.get(key).fetch_add(1, Ordering::SeqCst);
    }
}
