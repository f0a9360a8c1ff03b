//! Numbers of turns: which of the instances that are ready is served next.

use std::sync::atomic::{AtomicI64, Ordering};

/// Takes the next number: the time in microseconds, unless this process has given that or a later one already.
pub(crate) fn next_turn(now_ms: i64) -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let after = |last: i64| (last + 1).max(now_ms.saturating_mul(1000));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(after(last))
    });
    last.map_or_else(after, after)
}
