//! Months, as quotas count them.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// 202611, in UTC.
pub(crate) fn month(now: Timestamp) -> i32 {
    /// The day that was asked for last (counted from 1970), and its month: all calls of a day have the same.
    static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
    let day = u64::try_from(now.as_second() / 86_400).unwrap_or_default();
    let last = LAST.load(Ordering::Relaxed);
    if last >> 32 == day {
        return i32::try_from(last & 0xffff_ffff).unwrap_or_default();
    }
    let date = now.to_zoned(TimeZone::UTC).date();
    let month = i32::from(date.year()) * 100 + i32::from(date.month());
    LAST.store(
        (day << 32) | u64::from(month.unsigned_abs()),
        Ordering::Relaxed,
    );
    month
}

/// The seconds until then.
pub(super) fn until_next_month(now: Timestamp) -> u64 {
    let zoned = now.to_zoned(TimeZone::UTC);
    let next = zoned
        .date()
        .last_of_month()
        .tomorrow()
        .ok()
        .and_then(|first| first.to_zoned(TimeZone::UTC).ok());
    let left = next.map(|next| next.timestamp().duration_since(now).as_secs());
    left.and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(3600)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(month(at("2026-11-27T01:02:03Z")), 202_611);
        assert_eq!(until_next_month(at("2026-12-31T23:59:50Z")), 10);
        assert_eq!(until_next_month(at("2026-11-30T00:00:00Z")), 86_400);
    }
}
