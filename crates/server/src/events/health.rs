//! Whether a destination fails: then it is paused, and probed by one delivery at a time.
//!
//! - open: attempts are made
//! - paused: none are made until a time. The pauses grow
//! - probing: one attempt is made. If it fails, the next pause begins, and the attempt does not count
//!
//! Failures of one lane are the fault of its event, and pause nothing. Failures of several lanes of one instance pause that
//! instance; only failures of several instances in a row, without a success, pause the destination. A response below 500 is
//! a sign of life. A destination that cannot be reached is paused at once, since no event can be the cause, and such
//! attempts do not count.

use std::collections::HashMap;
use std::time::Duration;

use backlot_store::events::DeliveryLease;
use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::circuit::{Allowance, Circuit};

const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The first pause of a destination that cannot be reached. It is short because most servers restart in seconds.
const FIRST_ABSENCE_PAUSE: Duration = Duration::from_secs(1);
/// The most instances that are paused one by one. Others use up their attempts.
const MAX_PAUSED_INSTANCES: usize = 1_000;

/// The health of one destination, as this node sees it.
#[derive(Debug, Default)]
pub(super) struct DestinationHealth {
    whole: Circuit<InstanceId>,
    /// Instances whose latest attempts failed.
    instances: HashMap<InstanceId, Circuit<String>>,
}

/// A pause that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NewPause {
    /// The instance that is paused. `None`: the destination.
    pub(super) instance_id: Option<InstanceId>,
    pub(super) length: Duration,
}

impl NewPause {
    /// Whether it holds back a delivery.
    pub(super) fn concerns(&self, lease: &DeliveryLease) -> bool {
        self.instance_id.is_none_or(|it| it == lease.instance_id)
    }
}

impl DestinationHealth {
    /// Returns how many attempts may be made.
    pub(super) fn allowance(&self, now: Timestamp) -> Allowance {
        self.whole.allowance(now)
    }

    /// Returns the instances that may not have as many attempts as the destination.
    pub(super) fn limited(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (InstanceId, Allowance)> + '_ {
        let instances = self.instances.iter();
        instances
            .map(move |(id, circuit)| (*id, circuit.allowance(now)))
            .filter(|(_, allowance)| *allowance != Allowance::All)
    }

    /// Returns whether an attempt of this delivery may be made, and notes that it is a probe if it is one.
    pub(super) fn admit(&mut self, lease: &DeliveryLease, now: Timestamp) -> bool {
        let instance = self.instances.get_mut(&lease.instance_id);
        match self.whole.allowance(now) {
            Allowance::None => false,
            Allowance::One => {
                self.whole.begin_probe(lease.delivery_id);
                true
            }
            Allowance::All => match instance {
                None => true,
                Some(circuit) => circuit.admit(lease.delivery_id, now),
            },
        }
    }

    /// Whether an attempt is a probe.
    pub(super) fn is_probe(&self, lease: &DeliveryLease) -> bool {
        let instance = self.instances.get(&lease.instance_id);
        self.whole.is_probe(lease.delivery_id)
            || instance.is_some_and(|it| it.is_probe(lease.delivery_id))
    }

    /// Notes that an admitted attempt is not made.
    pub(super) fn withdraw(&mut self, lease: &DeliveryLease) {
        self.whole.end_probe(lease.delivery_id);
        if let Some(circuit) = self.instances.get_mut(&lease.instance_id) {
            circuit.end_probe(lease.delivery_id);
        }
    }

    /// Forgets what is known of an instance for which nothing is due.
    pub(super) fn forget(&mut self, instance_id: InstanceId) {
        self.instances.remove(&instance_id);
    }

    /// Returns when the next pause ends.
    pub(super) fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        let instances = self.instances.values().filter_map(Circuit::pause_end);
        let ends = instances.chain(self.whole.pause_end());
        ends.filter(|end| *end > now).min()
    }

    /// Notes a sign of life. Returns whether it ends a pause.
    pub(super) fn succeeded(&mut self, lease: &DeliveryLease) -> bool {
        let instance = self.instances.remove(&lease.instance_id);
        let was_paused = self.whole.is_paused() || instance.is_some_and(|it| it.is_paused());
        self.whole = Circuit::default();
        was_paused
    }

    /// Notes that the destination could not be reached. Returns the pause, if one begins.
    pub(super) fn unreachable(
        &mut self,
        lease: &DeliveryLease,
        now: Timestamp,
    ) -> Option<NewPause> {
        self.suspend(FIRST_ABSENCE_PAUSE, lease, now)
    }

    /// Notes that an attempt could not be made. Returns the pause, if one begins.
    pub(super) fn not_made(&mut self, lease: &DeliveryLease, now: Timestamp) -> Option<NewPause> {
        self.suspend(FIRST_PAUSE, lease, now)
    }

    fn suspend(
        &mut self,
        first: Duration,
        lease: &DeliveryLease,
        now: Timestamp,
    ) -> Option<NewPause> {
        let length = self.whole.pause(first, lease.delivery_id, None, now)?;
        Some(self.whole_paused(length))
    }

    /// Notes a failure, and how long the destination wants to be left alone. Returns the pause, if one begins.
    pub(super) fn failed(
        &mut self,
        lease: &DeliveryLease,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> Option<NewPause> {
        let id = lease.delivery_id;
        if self.whole.is_paused() {
            let length = self.whole.pause(FIRST_PAUSE, id, retry_after, now)?;
            return Some(self.whole_paused(length));
        }
        if self.whole.failed(lease.instance_id, now) {
            let length = self.whole.pause(FIRST_PAUSE, id, retry_after, now)?;
            return Some(self.whole_paused(length));
        }
        let is_known = self.instances.contains_key(&lease.instance_id);
        if !is_known && self.instances.len() >= MAX_PAUSED_INSTANCES {
            return None;
        }
        let circuit = self.instances.entry(lease.instance_id).or_default();
        if !circuit.is_paused() && !circuit.failed(lease.lane.clone(), now) {
            return None;
        }
        let length = circuit.pause(FIRST_PAUSE, id, retry_after, now)?;
        Some(NewPause {
            instance_id: Some(lease.instance_id),
            length,
        })
    }

    /// A pause of the destination takes the place of those of its instances.
    fn whole_paused(&mut self, length: Duration) -> NewPause {
        self.instances.clear();
        NewPause {
            instance_id: None,
            length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(instance: u8, lane: &str, delivery_id: i64) -> DeliveryLease {
        DeliveryLease {
            delivery_id,
            subscription: "all".to_owned(),
            instance_id: InstanceId::from_bytes([instance; 16]),
            lane: lane.to_owned(),
            fence: 1,
        }
    }

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn limited(health: &DestinationHealth, now: Timestamp) -> Vec<(InstanceId, Allowance)> {
        health.limited(now).collect()
    }

    /// Instance 1 fails in three lanes, until it is paused.
    fn with_failing_instance() -> DestinationHealth {
        let mut health = DestinationHealth::default();
        for lane in ["a", "b", "c", "a", "b"] {
            assert_eq!(health.failed(&lease(1, lane, 1), None, seconds(0)), None);
        }
        let paused = health.failed(&lease(1, "c", 1), None, seconds(1));
        let instance_id = Some(InstanceId::from_bytes([1; 16]));
        let length = FIRST_PAUSE;
        assert_eq!(
            paused,
            Some(NewPause {
                instance_id,
                length
            })
        );
        health
    }

    #[test]
    fn an_instance_that_fails_is_paused_alone() {
        let mut health = with_failing_instance();
        let now = seconds(1);
        assert_eq!(health.allowance(now), Allowance::All);
        let one = InstanceId::from_bytes([1; 16]);
        assert_eq!(limited(&health, now), [(one, Allowance::None)]);
        assert!(!health.admit(&lease(1, "d", 2), now));
        assert!(health.admit(&lease(2, "a", 3), now));
        // One probe when the pause ends.
        let now = seconds(6);
        assert_eq!(health.next_end(seconds(5)), Some(now));
        assert_eq!(limited(&health, now), [(one, Allowance::One)]);
        let probe = lease(1, "d", 2);
        assert!(health.admit(&probe, now) && health.is_probe(&probe));
        assert!(!health.admit(&lease(1, "a", 4), now));
        let length = FIRST_PAUSE * 2;
        let paused = health.failed(&probe, None, now);
        assert_eq!(paused.map(|it| it.length), Some(length));
        let now = seconds(16);
        assert!(health.admit(&probe, now));
        assert!(health.succeeded(&probe));
        assert_eq!(limited(&health, now), []);
    }

    #[test]
    fn instances_that_fail_together_pause_the_destination() {
        let mut health = with_failing_instance();
        let now = seconds(2);
        assert_eq!(health.failed(&lease(2, "a", 2), None, now), None);
        let paused = health.failed(&lease(2, "a", 2), None, now).unwrap();
        assert_eq!((paused.instance_id, paused.length), (None, FIRST_PAUSE));
        assert_eq!(health.allowance(now), Allowance::None);
        let now = seconds(7);
        let probe = lease(3, "a", 3);
        assert!(health.admit(&probe, now));
        assert!(health.succeeded(&probe));
        assert_eq!(health.allowance(now), Allowance::All);
        assert!(!health.succeeded(&probe));
    }

    #[test]
    fn a_success_of_another_instance_keeps_the_destination_open() {
        let mut health = with_failing_instance();
        for second in 2..100 {
            let now = seconds(second);
            assert_eq!(health.failed(&lease(2, "a", 2), None, now), None);
            assert!(!health.succeeded(&lease(3, "a", 3)));
        }
        assert_eq!(health.allowance(seconds(100)), Allowance::All);
    }

    #[test]
    fn a_refused_connection_pauses_all_at_once() {
        let now = Timestamp::UNIX_EPOCH;
        let mut health = with_failing_instance();
        let paused = health.unreachable(&lease(2, "a", 2), now).unwrap();
        assert_eq!(
            (paused.instance_id, paused.length),
            (None, FIRST_ABSENCE_PAUSE)
        );
        for _ in 0..16 {
            assert_eq!(health.unreachable(&lease(2, "a", 2), now), None);
        }
        assert_eq!(limited(&health, now), []);
    }

    #[test]
    fn a_withdrawn_probe_is_made_by_another() {
        let mut health = with_failing_instance();
        let (now, probe) = (seconds(6), lease(1, "a", 2));
        assert!(health.admit(&probe, now));
        health.withdraw(&probe);
        assert!(health.admit(&lease(1, "b", 3), now));
    }

    #[test]
    fn pauses_of_instances_are_bounded() {
        let mut health = DestinationHealth::default();
        for number in 0..2 * MAX_PAUSED_INSTANCES as u64 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            let instance_id = InstanceId::from_bytes(id);
            let failing = DeliveryLease {
                instance_id,
                ..lease(1, "a", 1)
            };
            health.failed(&failing, None, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(health.instances.len(), MAX_PAUSED_INSTANCES);
    }
}
