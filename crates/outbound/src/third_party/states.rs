//! The state of each instance: its circuit breaker, and its calls in flight.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_wix::InstanceId;
use parking_lot::Mutex;

use crate::resilience::{CircuitBreaker, ConcurrencyLimit};

const MAX_INSTANCES: usize = 10_000;
/// The most calls of an instance that wait for their response at once.
const MAX_CONCURRENT_CALLS: usize = 256;

/// The state of one instance.
pub(super) struct InstanceState {
    pub(super) breaker: Arc<CircuitBreaker>,
    pub(super) concurrency: ConcurrencyLimit,
}

impl Default for InstanceState {
    fn default() -> Self {
        Self {
            breaker: Arc::default(),
            concurrency: ConcurrencyLimit::new(MAX_CONCURRENT_CALLS),
        }
    }
}

/// The states of all instances. A map behind a lock that is held for a lookup: a cache would read the clock, and keep
/// statistics.
#[derive(Default)]
pub(super) struct InstanceStates(Mutex<HashMap<InstanceId, Arc<InstanceState>>>);

impl InstanceStates {
    pub(super) fn find_or_create(&self, instance_id: InstanceId) -> Arc<InstanceState> {
        let mut states = self.0.lock();
        if let Some(state) = states.get(&instance_id) {
            return Arc::clone(state);
        }
        if states.len() >= MAX_INSTANCES {
            evict(&mut states);
        }
        Arc::clone(states.entry(instance_id).or_default())
    }
}

/// Removes states without failures, and if these are few, all without a call in flight.
fn evict(states: &mut HashMap<InstanceId, Arc<InstanceState>>) {
    let is_busy = |state: &Arc<InstanceState>| Arc::strong_count(state) > 1;
    states.retain(|_, state| is_busy(state) || state.breaker.has_failed());
    if states.len() >= MAX_INSTANCES / 2 {
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
        let states = InstanceStates::default();
        let calling = states.find_or_create(instance(0));
        let failing = states.find_or_create(instance(1)).breaker.acquire();
        failing.ok().unwrap().failed();
        for number in 2..30_000 {
            states.find_or_create(instance(number));
            assert!(states.0.lock().len() <= MAX_INSTANCES);
        }
        assert!(Arc::ptr_eq(&calling, &states.find_or_create(instance(0))));
        assert!(states.find_or_create(instance(1)).breaker.has_failed());
        for number in 2..30_000 {
            let permit = states.find_or_create(instance(number)).breaker.acquire();
            permit.ok().unwrap().failed();
            assert!(states.0.lock().len() <= MAX_INSTANCES);
        }
        assert!(Arc::ptr_eq(&calling, &states.find_or_create(instance(0))));
    }
}
