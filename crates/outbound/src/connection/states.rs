//! What is remembered of each instance: its rest after failures, and its calls under way.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_wix::InstanceId;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::breaker::Breaker;

/// Instances that are remembered.
const MAX_STATES: usize = 10_000;
/// Calls of one instance's that wait for their reply at once: slow ones must not take all there is.
const MAX_AT_ONCE: usize = 256;
/// Those of visitors and members among them: one who sends slowly must not keep the owner out.
const MAX_PUBLIC: usize = MAX_AT_ONCE / 4 * 3;

/// What is remembered of one instance.
pub(super) struct State {
    pub(super) breaker: Arc<Breaker>,
    places: Semaphore,
    public_places: Semaphore,
}

impl Default for State {
    fn default() -> Self {
        Self {
            breaker: Arc::default(),
            places: Semaphore::new(MAX_AT_ONCE),
            public_places: Semaphore::new(MAX_PUBLIC),
        }
    }
}

/// A place that is taken until this is dropped.
pub(super) struct TakenPlace<'state> {
    _of_all: SemaphorePermit<'state>,
    _of_public: Option<SemaphorePermit<'state>>,
}

impl State {
    /// A place for a call. `None` when all that it may have are taken.
    pub(super) fn take_place(&self, is_public: bool) -> Option<TakenPlace<'_>> {
        let of_public = is_public.then(|| self.public_places.try_acquire());
        Some(TakenPlace {
            _of_public: of_public.transpose().ok()?,
            _of_all: self.places.try_acquire().ok()?,
        })
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
        if states.len() >= MAX_STATES {
            forget(&mut states);
        }
        Arc::clone(states.entry(instance_id).or_default())
    }
}

/// Makes room: those of whom there is nothing to say go first, then all that have no call under way.
fn forget(states: &mut HashMap<InstanceId, Arc<State>>) {
    let is_busy = |state: &Arc<State>| Arc::strong_count(state) > 1;
    states.retain(|_, state| is_busy(state) || state.breaker.has_failed());
    if states.len() >= MAX_STATES / 2 {
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

    #[test]
    fn slow_visitors_leave_places_to_the_owner() {
        let state = State::default();
        let visitors: Vec<_> = (0..1000).map_while(|_| state.take_place(true)).collect();
        assert_eq!(visitors.len(), MAX_PUBLIC);
        let owners: Vec<_> = (0..1000).map_while(|_| state.take_place(false)).collect();
        assert_eq!(owners.len(), MAX_AT_ONCE - MAX_PUBLIC);
        drop(visitors);
        assert!(state.take_place(true).is_some());
    }

    #[tokio::test]
    async fn who_fails_or_calls_is_remembered_and_the_others_make_room() {
        let states = States::default();
        let calling = states.of(instance(0));
        let failing = states.of(instance(1)).breaker.enter();
        failing.ok().unwrap().failed();
        for number in 2..30_000 {
            states.of(instance(number));
            assert!(states.0.lock().len() <= MAX_STATES);
        }
        assert!(Arc::ptr_eq(&calling, &states.of(instance(0))));
        assert!(states.of(instance(1)).breaker.has_failed());
        for number in 2..30_000 {
            let leave = states.of(instance(number)).breaker.enter();
            leave.ok().unwrap().failed();
            assert!(states.0.lock().len() <= MAX_STATES);
        }
        assert!(Arc::ptr_eq(&calling, &states.of(instance(0))));
    }
}
