//! Writes, as far as the cache needs to know of them: whether one has ended since a reply was asked for.
//!
//! A reply that was asked for before a write ended may be from before it, and is not kept, however late it comes. Counted
//! by address, in a fixed number of counters: two addresses may share one, and then a reply is not kept that could be.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use super::CacheKey;

const COUNTERS: usize = 1024;

/// How many writes had ended when a reply was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(u64);

pub(super) struct Writes {
    counters: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for Writes {
    fn default() -> Self {
        Self {
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Writes {
    fn counter(&self, key: &CacheKey) -> &AtomicU64 {
        let hash = self.hasher.hash_one(key);
        // The remainder is less than the number of counters.
        let place = usize::try_from(hash % COUNTERS as u64).unwrap_or_default();
        &self.counters[place]
    }

    pub(super) fn asked(&self, key: &CacheKey) -> Asked {
        Asked(self.counter(key).load(Ordering::SeqCst))
    }

    pub(super) fn ended(&self, key: &CacheKey) {
        self.counter(key).fetch_add(1, Ordering::SeqCst);
    }
}
