//! Which instances asked for something a moment ago.

use std::time::{Duration, Instant};

use backlot_wix::InstanceId;

/// How long an instance counts as asking.
const ASKING_TTL: Duration = Duration::from_millis(250);

/// The two instances that requested last, one of which differs from any given one.
#[derive(Default)]
pub(super) struct Asking {
    last: Option<(InstanceId, Instant)>,
    before: Option<(InstanceId, Instant)>,
}

impl Asking {
    pub(super) fn note(&mut self, instance_id: InstanceId, now: Instant) {
        if self.last.is_some_and(|(last, _)| last != instance_id) {
            self.before = self.last;
        }
        self.last = Some((instance_id, now));
    }

    pub(super) fn others_ask(&self, instance_id: InstanceId, now: Instant) -> bool {
        [self.last, self.before]
            .into_iter()
            .flatten()
            .any(|(other, at)| {
                other != instance_id && now.saturating_duration_since(at) < ASKING_TTL
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_instance_asks_for_a_moment_and_one_never_holds_back_itself() {
        let (one, other) = (
            InstanceId::from_bytes([1; 16]),
            InstanceId::from_bytes([2; 16]),
        );
        let (mut asking, now) = (Asking::default(), Instant::now());
        asking.note(one, now);
        assert!(!asking.others_ask(one, now));
        assert!(asking.others_ask(other, now));
        asking.note(other, now);
        for _ in 0..3 {
            asking.note(one, now + ASKING_TTL / 2);
        }
        assert!(asking.others_ask(one, now + ASKING_TTL / 2));
        assert!(!asking.others_ask(one, now + ASKING_TTL));
        assert!(asking.others_ask(other, now + ASKING_TTL));
    }
}
