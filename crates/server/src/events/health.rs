//! Whether a destination fails for all events: then it is paused, and probed by one delivery at a time.
//!
//! - open: attempts are made
//! - paused: none are made until a time. The pauses grow
//! - probing: one attempt is made. If it fails, the next pause begins, and the attempt does not count
//!
//! Failures of one lane only are the fault of its event, and pause nothing. A response below 500 is a sign of life. A
//! destination that cannot be reached is paused at once, since no event can be the cause, and such attempts do not count.

use std::time::Duration;

use backlot_store::events::DeliveryLease;
use backlot_wix::InstanceId;
use jiff::Timestamp;

/// So many failures in a row, of at least two lanes, pause a destination.
const MAX_FAILURES: u32 = 5;
/// The shortest time from the first failure in a row until they pause a destination. With thousands of attempts a second,
/// a destination that fails one time in five has five failures in a row each second, but no second without a success.
const MIN_FAILING_TIME: Duration = Duration::from_secs(1);
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The first pause of a destination that cannot be reached. It is short because most servers restart in seconds.
pub(super) const FIRST_ABSENCE_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The health of one destination, as this node sees it.
#[derive(Debug, Default)]
pub(super) struct DestinationHealth {
    failures: u32,
    first_failure: Option<FirstFailure>,
    has_failed_elsewhere: bool,
    pause: Option<Pause>,
}

/// The first failure in a row.
#[derive(Debug)]
struct FirstFailure {
    at: Timestamp,
    instance_id: InstanceId,
    lane: String,
}

impl FirstFailure {
    fn is_in_lane_of(&self, lease: &DeliveryLease) -> bool {
        self.instance_id == lease.instance_id && self.lane == lease.lane
    }
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

    /// Pauses for a reason that is not the event's. Returns the pause, if one begins.
    pub(super) fn suspend(
        &mut self,
        first: Duration,
        is_probe: bool,
        now: Timestamp,
    ) -> Option<Duration> {
        let length = match self.pause {
            None => first,
            Some(pause) if is_probe => (pause.length * 2).min(LONGEST_PAUSE),
            // Attempts that were under way when the pause began say nothing new.
            Some(_) => return None,
        };
        self.pause = Some(Pause {
            until: later(now, length),
            length,
        });
        Some(length)
    }

    /// Notes a failure. Returns the pause, if one begins.
    pub(super) fn failed(
        &mut self,
        lease: &DeliveryLease,
        is_probe: bool,
        now: Timestamp,
    ) -> Option<Duration> {
        if self.pause.is_some() {
            return self.suspend(FIRST_PAUSE, is_probe, now);
        }
        self.failures += 1;
        let first = self.first_failure.get_or_insert_with(|| FirstFailure {
            at: now,
            instance_id: lease.instance_id,
            lane: lease.lane.clone(),
        });
        self.has_failed_elsewhere |= !first.is_in_lane_of(lease);
        let is_long = later(first.at, MIN_FAILING_TIME) <= now;
        if self.failures < MAX_FAILURES || !self.has_failed_elsewhere || !is_long {
            return None;
        }
        self.suspend(FIRST_PAUSE, is_probe, now)
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

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn one_lane_pauses_nothing() {
        let mut health = DestinationHealth::default();
        for _ in 0..100 {
            assert_eq!(
                health.failed(&lease("a"), false, Timestamp::UNIX_EPOCH),
                None
            );
        }
        assert_eq!(health.allowance(Timestamp::UNIX_EPOCH), Allowance::All);
        let paused = health.failed(&lease("b"), false, seconds(1));
        assert_eq!(paused, Some(FIRST_PAUSE));
    }

    #[test]
    fn failures_between_successes_pause_nothing() {
        let mut health = DestinationHealth::default();
        for millisecond in 0..10_000 {
            let now = Timestamp::from_millisecond(millisecond).unwrap();
            for lane in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                assert_eq!(health.failed(&lease(lane), false, now), None);
            }
            if millisecond % 900 == 0 {
                assert!(!health.succeeded());
            }
        }
    }

    #[test]
    fn attempts_under_way_do_not_lengthen_a_pause() {
        let now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        let first = Duration::from_secs(1);
        assert_eq!(health.suspend(first, false, now), Some(first));
        for _ in 0..16 {
            assert_eq!(health.suspend(first, false, now), None);
        }
        assert_eq!(health.suspend(first, true, now), Some(first * 2));
    }

    #[test]
    fn pauses_grow_and_a_success_ends_them() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut health = DestinationHealth::default();
        for lane in ["a", "b", "a", "b", "a"] {
            assert_eq!(health.failed(&lease(lane), false, now), None);
        }
        now = seconds(1);
        assert_eq!(health.failed(&lease("a"), false, now), Some(FIRST_PAUSE));
        assert_eq!(health.failed(&lease("a"), false, now), None, "under way");
        for seconds in [10, 20, 40, 60, 60] {
            let Allowance::NoneUntil(until) = health.allowance(now) else {
                panic!("it is not paused");
            };
            now = until;
            assert_eq!(health.allowance(now), Allowance::One);
            let pause = Duration::from_secs(seconds);
            assert_eq!(health.failed(&lease("a"), true, now), Some(pause));
        }
        assert!(health.succeeded());
        assert_eq!(health.allowance(now), Allowance::All);
        assert!(!health.succeeded());
    }
}
