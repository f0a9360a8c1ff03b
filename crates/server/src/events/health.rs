//! Whether a destination fails for all events: then it is paused, and probed by one delivery at a time.
//!
//! - open: attempts are made
//! - paused: none are made until a time. The pauses grow
//! - probing: one attempt is made. If it fails, the next pause begins, and the attempt does not count
//!
//! Failures of one lane only may be the fault of its event, and pause nothing, unless there is not even a connection. A
//! destination that fails now and again is not paused: so many failures in a row do not come about by chance. A response
//! below 500 is a sign of life.

use std::time::Duration;

use backlot_store::events::DeliveryLease;
use backlot_wix::InstanceId;
use jiff::Timestamp;

/// So many failures in a row, of at least two lanes, pause a destination, or as many as there are attempts at the same
/// time. If one in five fails, ten in a row are one in ten million.
const MAX_FAILURES: u32 = 10;
/// So many failed connections in a row pause it, whatever the lane: no event prevents a connection.
const MAX_UNREACHABLE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The health of one destination, as this node sees it.
#[derive(Debug, Default)]
pub(super) struct DestinationHealth {
    failures: u32,
    unreachable: u32,
    first_lane: Option<(InstanceId, String)>,
    has_failed_elsewhere: bool,
    pause: Option<Pause>,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure<'attempt> {
    pub(super) lease: &'attempt DeliveryLease,
    /// Whether no connection came about.
    pub(super) is_unreachable: bool,
    /// Whether it was the probe of a paused destination.
    pub(super) is_probe: bool,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Timestamp,
    length: Duration,
}

/// How many attempts may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// As many as the subscription says.
    All,
    /// One at a time.
    One,
    /// None until then.
    NoneUntil(Timestamp),
}

impl DestinationHealth {
    pub(super) fn allowance(&self, now: Timestamp) -> Allowance {
        match self.pause {
            None => Allowance::All,
            Some(pause) if pause.until <= now => Allowance::One,
            Some(pause) => Allowance::NoneUntil(pause.until),
        }
    }

    /// Notes a sign of life. Returns whether it ends a pause.
    pub(super) fn succeeded(&mut self) -> bool {
        let was_paused = self.pause.is_some();
        *self = Self::default();
        was_paused
    }

    /// Pauses for a reason of this server. Returns the pause.
    pub(super) fn suspend(&mut self, now: Timestamp) -> Duration {
        let longer = self
            .pause
            .map(|pause| (pause.length * 2).min(LONGEST_PAUSE));
        let length = longer.unwrap_or(FIRST_PAUSE);
        self.pause = Some(Pause {
            until: later(now, length),
            length,
        });
        length
    }

    /// Notes a failure. Returns the pause, if one begins.
    pub(super) fn failed(
        &mut self,
        failure: &Failure<'_>,
        concurrency: u32,
        now: Timestamp,
    ) -> Option<Duration> {
        let lease = failure.lease;
        if let Some(pause) = &mut self.pause {
            // Attempts that were under way when the pause began say nothing new.
            if !failure.is_probe {
                return None;
            }
            pause.length = (pause.length * 2).min(LONGEST_PAUSE);
            pause.until = later(now, pause.length);
            return Some(pause.length);
        }
        self.failures += 1;
        self.unreachable = if failure.is_unreachable {
            self.unreachable + 1
        } else {
            0
        };
        let is_first =
            |first: &(InstanceId, String)| *first == (lease.instance_id, lease.lane.clone());
        match &self.first_lane {
            None => self.first_lane = Some((lease.instance_id, lease.lane.clone())),
            Some(first) if !is_first(first) => self.has_failed_elsewhere = true,
            Some(_) => {}
        }
        let is_failing =
            self.failures >= MAX_FAILURES.max(concurrency) && self.has_failed_elsewhere;
        if !is_failing && self.unreachable < MAX_UNREACHABLE {
            return None;
        }
        self.pause = Some(Pause {
            until: later(now, FIRST_PAUSE),
            length: FIRST_PAUSE,
        });
        Some(FIRST_PAUSE)
    }
}

/// Returns the time so much later.
pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(lane: &str) -> DeliveryLease {
        DeliveryLease {
            delivery_id: 1,
            subscription: "all".to_owned(),
            instance_id: InstanceId::from_bytes([1; 16]),
            lane: lane.to_owned(),
            fence: 1,
        }
    }

    /// A failure of a lane: with `!`, no connection came about, and with `?`, it was a probe.
    fn fail(health: &mut DestinationHealth, what: &str, now: Timestamp) -> Option<Duration> {
        let failure = Failure {
            lease: &lease(&what[..1]),
            is_unreachable: what.contains('!'),
            is_probe: what.contains('?'),
        };
        health.failed(&failure, 1, now)
    }

    #[test]
    fn one_lane_pauses_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        for _ in 0..100 {
            assert_eq!(fail(&mut health, "a", now), None);
        }
        assert_eq!(health.allowance(now), Allowance::All);
        assert_eq!(fail(&mut health, "b", now), Some(FIRST_PAUSE));
    }

    #[test]
    fn one_lane_that_gets_no_connection_pauses() {
        let now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        for what in ["a!", "a!", "a!", "a!", "a", "a!", "a!", "a!", "a!"] {
            assert_eq!(fail(&mut health, what, now), None);
        }
        assert_eq!(fail(&mut health, "a!", now), Some(FIRST_PAUSE));
    }

    #[test]
    fn as_many_as_are_attempted_at_once_fail_in_a_row() {
        let now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        for number in 1..=100 {
            let lease = lease(&format!("{number}"));
            let failure = Failure {
                lease: &lease,
                is_unreachable: false,
                is_probe: false,
            };
            let pause = health.failed(&failure, 100, now);
            assert_eq!(pause.is_some(), number == 100, "{number}");
        }
    }

    #[test]
    fn pauses_grow_and_a_success_ends_them() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        for lane in ["a", "b", "a", "b", "a", "b", "a", "b", "a"] {
            assert_eq!(fail(&mut health, lane, now), None);
        }
        assert_eq!(fail(&mut health, "a", now), Some(FIRST_PAUSE));
        assert_eq!(fail(&mut health, "a", now), None, "under way");
        for seconds in [10, 20, 40, 60, 60] {
            let Allowance::NoneUntil(until) = health.allowance(now) else {
                panic!("it is not paused");
            };
            now = until;
            assert_eq!(health.allowance(now), Allowance::One);
            let pause = Duration::from_secs(seconds);
            assert_eq!(fail(&mut health, "a?", now), Some(pause));
        }
        assert!(health.succeeded());
        assert_eq!(health.allowance(now), Allowance::All);
        assert!(!health.succeeded());
    }
}
