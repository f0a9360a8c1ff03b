//! Counters by key, in a fixed amount of memory.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::AtomicU64;

const COUNTERS: usize = 1024;

/// Counters by key. Two keys may share one.
pub(crate) struct StripedCounters {
    counters: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for StripedCounters {
    fn default() -> Self {
        Self {
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl StripedCounters {
    pub(crate) fn get(&self, key: &impl Hash) -> &AtomicU64 {
        let hash = self.hasher.hash_one(key);
        // The remainder is less than the number of counters.
        &self.counters[usize::try_from(hash % COUNTERS as u64).unwrap_or_default()]
    }
}
