//! What is remembered of each instance: its rest after failures, and its calls under way.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_wix::InstanceId;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::breaker::Breaker;

/// Instances that are remembered.
const MOST: usize = 10_000;
/// Calls of one instance's that wait for their reply at once: slow ones must not take all there is.
const MOST_AT_ONCE: usize = 256;

/// What is remembered of one instance.
pub(super) struct State {
    pub(super) breaker: Arc<Breaker>,
    pub(super) places: Semaphore,
}

impl Default for State {
    fn default() -> Self {
        Self {
            breaker: Arc::default(),
            places: Semaphore::new(MOST_AT_ONCE),
        }
    }
}

/// All of them. A map behind a lock that is held for a look: a cache would ask its clock and keep its own books.
#[derive(Default)]
pub(super) struct States(Mutex<HashMap<InstanceId, Arc<State>>>);

impl States {
    pub(super) fn of(&self, instance_id: InstanceId) -> Arc<State> {
        let mut states = self.0.lock();
        if let Some(state) = states.get(&instance_id) {
            return Arc::clone(state);
        }
        if states.len() >= MOST {
            forget(&mut states);
        }
        Arc::clone(states.entry(instance_id).or_default())
    }
}

/// Makes room: those of whom there is nothing to say go first, then all that have no call under way.
fn forget(states: &mut HashMap<InstanceId, Arc<State>>) {
    let is_busy = |state: &Arc<State>| Arc::strong_count(state) > 1;
    states.retain(|_, state| is_busy(state) || state.breaker.has_failed());
    if states.len() >= MOST / 2 {
        states.retain(|_, state| is_busy(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(number: u32) -> InstanceId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        InstanceId::from_bytes(bytes)
    }

    #[tokio::test]
    async fn who_fails_or_calls_is_remembered_and_the_others_make_room() {
        let states = States::default();
        let calling = states.of(instance(0));
        let failing = states.of(instance(1)).breaker.enter();
        failing.ok().unwrap().failed();
        for number in 2..30_000 {
            states.of(instance(number));
            assert!(states.0.lock().len() <= MOST);
        }
        assert!(Arc::ptr_eq(&calling, &states.of(instance(0))));
        assert!(states.of(instance(1)).breaker.has_failed());
        for number in 2..30_000 {
            let leave = states.of(instance(number)).breaker.enter();
            leave.ok().unwrap().failed();
            assert!(states.0.lock().len() <= MOST);
        }
        assert!(Arc::ptr_eq(&calling, &states.of(instance(0))));
    }
}
