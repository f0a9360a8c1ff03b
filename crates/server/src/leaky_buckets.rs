//! How much each of many took of something a moment ago: a leaky bucket for each, filled by time.
//!
//! What is taken counts as the time that it takes at the rate allowed.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Buckets that are kept before the empty ones are looked for.
const MIN_SWEEP: usize = 64;

/// A bucket for each key. A bucket that is empty again is forgotten.
pub(crate) struct LeakyBuckets<K>(Mutex<Buckets<K>>);

struct Buckets<K> {
    of: HashMap<K, Bucket>,
    sweep_at: usize,
}

struct Bucket {
    level: Duration,
    at: Instant,
}

impl Bucket {
    fn level(&self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.at);
        self.level.saturating_sub(since)
    }
}

impl<K> Default for LeakyBuckets<K> {
    fn default() -> Self {
        Self(Mutex::new(Buckets {
            of: HashMap::new(),
            sweep_at: MIN_SWEEP,
        }))
    }
}

impl<K: Eq + Hash> LeakyBuckets<K> {
    /// How long it takes until the bucket is empty.
    pub(crate) fn level(&self, key: &K, now: Instant) -> Duration {
        let buckets = self.0.lock();
        let bucket = buckets.of.get(key);
        bucket.map_or(Duration::ZERO, |bucket| bucket.level(now))
    }

    /// Fills the bucket. Returns the level after that.
    pub(crate) fn add(&self, key: K, time: Duration, now: Instant) -> Duration {
        let mut buckets = self.0.lock();
        let bucket = buckets.of.entry(key).or_insert(Bucket {
            level: Duration::ZERO,
            at: now,
        });
        let level = bucket.level(now) + time;
        *bucket = Bucket { level, at: now };
        if buckets.of.len() >= buckets.sweep_at {
            buckets.of.retain(|_, bucket| !bucket.level(now).is_zero());
            buckets.sweep_at = (2 * buckets.of.len()).max(MIN_SWEEP);
        }
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_bucket_empties_in_the_time_that_it_was_filled_with() {
        let (buckets, now) = (LeakyBuckets::default(), Instant::now());
        assert_eq!(buckets.add(1, 2 * SECOND, now), 2 * SECOND);
        assert_eq!(buckets.add(1, SECOND, now + SECOND), 2 * SECOND);
        assert_eq!(buckets.level(&1, now + 2 * SECOND), SECOND);
        assert_eq!(buckets.level(&1, now + 9 * SECOND), Duration::ZERO);
        assert_eq!(buckets.level(&2, now), Duration::ZERO);
    }

    #[test]
    fn empty_buckets_are_forgotten() {
        let (buckets, now) = (LeakyBuckets::default(), Instant::now());
        for number in 0..10_000 {
            buckets.add(number, SECOND, now + number * SECOND / 10);
        }
        assert!(buckets.0.lock().of.len() < 2 * MIN_SWEEP);
    }
}
