//! The time between attempts.

use std::time::Duration;

/// How far a time is varied, to both sides: deliveries that failed together are not attempted together.
const JITTER: f64 = 0.2;

/// Returns the time after this attempt (from 1). The last one of the list repeats.
pub(super) fn delay(backoff: &[Duration], attempt: u32, random: &mut fastrand::Rng) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = backoff.last().copied().unwrap_or_default();
    let time = backoff.get(index).copied().unwrap_or(last);
    time.mul_f64(1.0 + JITTER * (2.0 * random.f64() - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_repeats_and_all_vary() {
        let backoff = [1, 10].map(Duration::from_secs);
        let mut random = fastrand::Rng::with_seed(7);
        for (attempt, seconds) in [(1, 1.0), (2, 10.0), (3, 10.0), (u32::MAX, 10.0)] {
            let delay = delay(&backoff, attempt, &mut random).as_secs_f64();
            assert!(
                (seconds * 0.8..=seconds * 1.2).contains(&delay),
                "{attempt}: {delay}"
            );
        }
        assert_eq!(delay(&[], 1, &mut random), Duration::ZERO);
    }
}
