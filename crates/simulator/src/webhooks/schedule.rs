//! When Wix tries again.
//!
//! Source: Wix documentation, "Webhook resend policy".

use std::time::Duration;

/// The time in which Wix expects a response with status 200.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1250);

/// The delays before the attempts that follow the first one: twelve in 47 hours.
pub const RETRY_DELAYS: [Duration; 12] = [
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(2),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(4),
    Duration::from_hours(4),
    Duration::from_hours(8),
    Duration::from_hours(8),
    Duration::from_hours(12),
];

/// Returns the delay after so many failed attempts on a clock that runs `speed` times as fast, or `None` if Wix gives up.
pub(super) fn delay_after(failed_attempts: usize, speed: u32) -> Option<Duration> {
    let delay = RETRY_DELAYS.get(failed_attempts.checked_sub(1)?)?;
    Some(*delay / speed.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_attempts_follow_within_two_days() {
        let total: Duration = RETRY_DELAYS.iter().sum();
        assert_eq!(total, Duration::from_mins(47 * 60 + 11));
        assert_eq!(delay_after(0, 1), None);
        assert_eq!(delay_after(1, 1), Some(Duration::from_mins(1)));
        assert_eq!(delay_after(12, 3600), Some(Duration::from_secs(12)));
        assert_eq!(delay_after(13, 1), None);
    }
}
