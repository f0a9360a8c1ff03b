//! How fast large responses go out: one site's downloads leave the processor to the requests of the others.
//!
//! Sending is work, too: over a fast network, a response of hundreds of megabytes keeps a core busy for as long as it
//! lasts. So what an instance is sent in large responses has a rate, beyond an amount that goes out at once.

use std::time::{Duration, Instant};

use crate::leaky_buckets::LeakyBuckets;
use crate::policy::RateKey;

/// Bytes of one response that are not counted.
pub const SMALL_RESPONSE_BYTES: u64 = 256 << 10;
/// Bytes that an instance is sent in a second.
pub const BYTES_PER_SECOND: u64 = 128 << 20;
/// Bytes that it is sent at once, after it was sent nothing for a while.
pub const BURST_BYTES: u64 = 64 << 20;

/// Counts what goes out to each instance, and to each address of callers who are not known.
#[derive(Default)]
pub(crate) struct ResponsePace(LeakyBuckets<RateKey>);

impl ResponsePace {
    /// Counts bytes of a large response. Returns how long to wait before more of it is sent.
    pub(crate) fn sent(&self, key: RateKey, bytes: usize, now: Instant) -> Option<Duration> {
        let level = self.0.add(key, time_for(bytes as u64), now);
        let wait = level.saturating_sub(time_for(BURST_BYTES));
        (!wait.is_zero()).then_some(wait)
    }
}

const fn time_for(bytes: u64) -> Duration {
    Duration::from_nanos(bytes * 1_000_000_000 / BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use backlot_wix::InstanceId;

    use super::*;

    #[test]
    fn beyond_the_burst_bytes_go_out_at_the_rate_of_an_instance() {
        let (pace, mut now) = (ResponsePace::default(), Instant::now());
        let key = |number| RateKey::from(InstanceId::from_bytes([number; 16]));
        let (begun, piece) = (now, 64 << 10);
        for _ in 0..(BURST_BYTES + BYTES_PER_SECOND) / piece as u64 {
            now += pace.sent(key(1), piece, now).unwrap_or_default();
        }
        let took = now - begun;
        assert!(took.abs_diff(Duration::from_secs(1)) < Duration::from_millis(1));
        assert!(pace.sent(key(1), piece, now).is_some());
        assert_eq!(pace.sent(key(2), piece, now), None);
    }
}
