//! Failures in a row, and the pause that they begin.

use std::time::Duration;

use jiff::Timestamp;

/// So many failures in a row begin a pause.
const MAX_FAILURES: u32 = 5;
/// So many of them have to be of others than the first one's, or else they are the fault of that one.
const MIN_FAILURES_OF_OTHERS: u32 = 2;
/// The shortest time from the first failure in a row until they begin a pause. With thousands of attempts a second, a
/// destination that fails one time in five has five failures in a row each second, but no second without a success.
const MIN_FAILING_TIME: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The longest pause that a destination can ask for by `Retry-After`.
const LONGEST_REQUESTED_PAUSE: Duration = Duration::from_hours(1);

/// How many attempts may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// As many as the subscription says.
    All,
    /// One: a probe.
    One,
    None,
}

/// Counts failures by their cause: a lane of an instance, or an instance of a destination.
#[derive(Debug)]
pub(super) struct Circuit<Cause> {
    failures: Option<Failures<Cause>>,
    pause: Option<Pause>,
}

impl<Cause> Default for Circuit<Cause> {
    fn default() -> Self {
        Self {
            failures: None,
            pause: None,
        }
    }
}

/// Failures in a row.
#[derive(Debug)]
struct Failures<Cause> {
    first: Cause,
    began_at: Timestamp,
    count: u32,
    of_others: u32,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Timestamp,
    length: Duration,
    /// The delivery whose attempt probes.
    probe: Option<i64>,
}

impl<Cause: PartialEq> Circuit<Cause> {
    pub(super) fn allowance(&self, now: Timestamp) -> Allowance {
        match self.pause {
            None => Allowance::All,
            Some(pause) if pause.probe.is_some() || pause.until > now => Allowance::None,
            Some(_) => Allowance::One,
        }
    }

    pub(super) const fn is_paused(&self) -> bool {
        self.pause.is_some()
    }

    /// Returns when the pause ends, unless it is probed already.
    pub(super) fn pause_end(&self) -> Option<Timestamp> {
        let pause = self.pause.filter(|pause| pause.probe.is_none())?;
        Some(pause.until)
    }

    /// Returns whether an attempt may be made, and notes that it is a probe if it is one.
    pub(super) fn admit(&mut self, delivery_id: i64, now: Timestamp) -> bool {
        match self.allowance(now) {
            Allowance::All => true,
            Allowance::None => false,
            Allowance::One => {
                self.begin_probe(delivery_id);
                true
            }
        }
    }

    pub(super) fn begin_probe(&mut self, delivery_id: i64) {
        if let Some(pause) = &mut self.pause {
            pause.probe = Some(delivery_id);
        }
    }

    pub(super) fn is_probe(&self, delivery_id: i64) -> bool {
        self.pause
            .is_some_and(|pause| pause.probe == Some(delivery_id))
    }

    pub(super) fn end_probe(&mut self, delivery_id: i64) {
        if let Some(pause) = &mut self.pause
            && pause.probe == Some(delivery_id)
        {
            pause.probe = None;
        }
    }

    /// Notes a failure. Returns whether a pause is due.
    pub(super) fn failed(&mut self, cause: Cause, now: Timestamp) -> bool {
        let Some(failures) = &mut self.failures else {
            self.failures = Some(Failures {
                first: cause,
                began_at: now,
                count: 1,
                of_others: 0,
            });
            return false;
        };
        failures.count = failures.count.saturating_add(1);
        if cause != failures.first {
            failures.of_others = failures.of_others.saturating_add(1);
        }
        failures.count >= MAX_FAILURES
            && failures.of_others >= MIN_FAILURES_OF_OTHERS
            && later(failures.began_at, MIN_FAILING_TIME) <= now
    }

    /// Begins a pause, or the next one if the attempt was its probe. Returns how long it is, if it begins.
    pub(super) fn pause(
        &mut self,
        first: Duration,
        delivery_id: i64,
        requested: Option<Duration>,
        now: Timestamp,
    ) -> Option<Duration> {
        let length = match self.pause {
            None => first,
            Some(pause) if pause.probe == Some(delivery_id) => {
                (pause.length * 2).min(LONGEST_PAUSE)
            }
            // Attempts that were under way when the pause began say nothing new.
            Some(_) => return None,
        };
        let requested = requested.unwrap_or_default().min(LONGEST_REQUESTED_PAUSE);
        let time = length.max(requested);
        self.pause = Some(Pause {
            until: later(now, time),
            length,
            probe: None,
        });
        Some(time)
    }
}

/// Returns the time so much later.
pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(5);

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn one_cause_pauses_nothing() {
        let mut circuit = Circuit::default();
        for second in 0..100 {
            assert!(!circuit.failed("a", seconds(second)));
        }
        assert!(!circuit.failed("b", seconds(100)));
        assert!(circuit.failed("b", seconds(100)));
    }

    #[test]
    fn failures_within_a_second_pause_nothing() {
        let mut circuit = Circuit::default();
        let now = Timestamp::from_millisecond(999).unwrap();
        assert!(!circuit.failed("a", seconds(0)));
        for cause in ["b", "c", "d", "e", "f", "g", "h"] {
            assert!(!circuit.failed(cause, now));
        }
        assert!(circuit.failed("i", seconds(1)));
    }

    #[test]
    fn pauses_grow_to_a_minute() {
        let mut now = seconds(0);
        let mut circuit = Circuit::<&str>::default();
        assert_eq!(circuit.pause(FIRST, 1, None, now), Some(FIRST));
        assert_eq!(circuit.pause(FIRST, 2, None, now), None, "no probe");
        for length in [10, 20, 40, 60, 60] {
            assert_eq!(circuit.allowance(now), Allowance::None);
            now = circuit.pause_end().unwrap();
            assert_eq!(circuit.allowance(now), Allowance::One);
            assert!(circuit.admit(7, now));
            assert_eq!((circuit.pause_end(), circuit.admit(8, now)), (None, false));
            let next = circuit.pause(FIRST, 7, None, now);
            assert_eq!(next, Some(Duration::from_secs(length)));
        }
    }

    #[test]
    fn a_pause_is_as_long_as_the_destination_asks() {
        let hour = LONGEST_REQUESTED_PAUSE;
        for (requested, length) in [
            (Duration::from_mins(2), Duration::from_mins(2)),
            (Duration::from_secs(1), FIRST),
            (hour * 3, hour),
        ] {
            let mut circuit = Circuit::<&str>::default();
            let pause = circuit.pause(FIRST, 1, Some(requested), seconds(0));
            assert_eq!(pause, Some(length));
            assert_eq!(circuit.pause_end(), Some(later(seconds(0), length)));
            // The one after it grows from what it would have been.
            let now = later(seconds(0), length);
            assert!(circuit.admit(1, now));
            assert_eq!(circuit.pause(FIRST, 1, None, now), Some(FIRST * 2));
        }
    }
}
