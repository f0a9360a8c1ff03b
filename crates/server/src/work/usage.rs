//! How much processor time the work of each instance took a moment ago, here and in the database server.

use std::time::{Duration, Instant};

use backlot_wix::InstanceId;

use crate::leaky_buckets::LeakyBuckets;

/// Processor time that an instance may use at once, and still count as light.
pub(super) const LIGHT: Duration = Duration::from_millis(50);
/// The share of a core that it may use all the time: one part in so many.
const PARTS_OF_A_CORE: u32 = 4;
/// One part in so many of the time that a database server takes counts as processor time. The rest is taken for waiting:
/// for the disk, for locks, and for a core.
const PARTS_OF_DATABASE_TIME: u32 = 3;

/// Each bucket holds the time until the instance has used no more than its share of a core.
#[derive(Default)]
pub(super) struct Usage(LeakyBuckets<InstanceId>);

impl Usage {
    /// Whether the instance used little a moment ago.
    pub(super) fn is_light(&self, instance_id: InstanceId) -> bool {
        self.0.level(&instance_id, Instant::now()) < LIGHT * PARTS_OF_A_CORE
    }

    /// Adds the processor time that a piece of work took, and the time that a database server took for it.
    pub(super) fn add(&self, instance_id: InstanceId, processor: Duration, database: Duration) {
        let time = processor + database / PARTS_OF_DATABASE_TIME;
        self.0
            .add(instance_id, time * PARTS_OF_A_CORE, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_took_much_at_once_is_not_light() {
        let usage = Usage::default();
        let [one, other] = [1, 2].map(|number| InstanceId::from_bytes([number; 16]));
        usage.add(one, LIGHT / 4, LIGHT / 2);
        assert!(usage.is_light(one));
        // More than passes while this runs.
        usage.add(one, Duration::from_hours(1), Duration::ZERO);
        assert!(!usage.is_light(one));
        assert!(usage.is_light(other));
        usage.add(other, Duration::ZERO, Duration::from_hours(1));
        assert!(!usage.is_light(other));
    }
}
