//! When Wix tries again.
//!
//! Source: Wix documentation, "Webhook resend policy".

use std::time::Duration;

/// The time in which Wix expects a response with status 200.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1250);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The delays before the attempts that follow the first one: twelve in 47 hours.
pub const RETRY_DELAYS: [Duration; 12] = [
    Duration::from_secs(MINUTE),
    Duration::from_secs(10 * MINUTE),
    Duration::from_secs(HOUR),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(4 * HOUR),
    Duration::from_secs(4 * HOUR),
    Duration::from_secs(4 * HOUR),
    Duration::from_secs(8 * HOUR),
    Duration::from_secs(8 * HOUR),
    Duration::from_secs(12 * HOUR),
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
        assert_eq!(total, Duration::from_secs(47 * HOUR + 11 * MINUTE));
        assert_eq!(delay_after(0, 1), None);
        assert_eq!(delay_after(1, 1), Some(Duration::from_secs(60)));
        assert_eq!(delay_after(12, 3600), Some(Duration::from_secs(12)));
        assert_eq!(delay_after(13, 1), None);
    }
}
