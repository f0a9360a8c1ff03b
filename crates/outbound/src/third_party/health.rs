//! The health of a third party, as all instances together see it.
//!
//! Each instance has a circuit breaker, so that its calls stop no other instance. That alone would let thousands of
//! instances call a server that does not answer, so one circuit breaker is shared by all. It opens after five failures
//! in a row that no single instance can cause: connections that fail, and failures of instances that have not failed
//! before in this row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backlot_wix::InstanceId;
use parking_lot::Mutex;

use crate::resilience::{CircuitBreaker, Permit};

/// The instances of a row that are remembered.
const MAX_FAILING_INSTANCES: usize = 5;

#[derive(Default)]
pub(super) struct Health {
    breaker: Arc<CircuitBreaker>,
    /// The instances that failed since the last success.
    failing_instances: Mutex<Vec<InstanceId>>,
    has_failing_instances: AtomicBool,
}

impl Health {
    /// Returns a permit for a call, or the time until the breaker closes.
    pub(super) fn acquire(&self) -> Result<Permit, Duration> {
        self.breaker.acquire()
    }

    /// Records a success.
    pub(super) fn succeeded(&self, permit: Permit) {
        if self.has_failing_instances.load(Ordering::Relaxed) {
            let mut failing_instances = self.failing_instances.lock();
            failing_instances.clear();
            self.has_failing_instances.store(false, Ordering::Relaxed);
        }
        permit.succeeded();
    }

    /// Records a failure. `is_certain` says that no caller can cause it.
    pub(super) fn failed(&self, permit: Permit, instance_id: InstanceId, is_certain: bool) {
        let mut failing_instances = self.failing_instances.lock();
        let is_new = !failing_instances.contains(&instance_id);
        if is_new && failing_instances.len() < MAX_FAILING_INSTANCES {
            failing_instances.push(instance_id);
            self.has_failing_instances.store(true, Ordering::Relaxed);
        }
        drop(failing_instances);
        // An instance that has failed in this row may fail again, whatever the third party's state.
        if is_new || is_certain {
            permit.failed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(health: &Health, instance: u8, is_certain: bool) -> bool {
        let permit = health.acquire();
        let made = permit.is_ok();
        if let Ok(permit) = permit {
            health.failed(permit, InstanceId::from_bytes([instance; 16]), is_certain);
        }
        made
    }

    #[tokio::test(start_paused = true)]
    async fn one_instance_stops_nobody_and_five_stop_all() {
        let health = Health::default();
        for _ in 0..100 {
            assert!(fail(&health, 1, false));
        }
        for instance in 2..=4 {
            assert!(fail(&health, instance, false));
        }
        health.succeeded(health.acquire().unwrap());
        let made = (1..=9).filter(|instance| fail(&health, *instance, false));
        assert_eq!(made.count(), 5);

        // After the rest one tries. Those that have failed say nothing new; after another it lasts longer.
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(fail(&health, 1, false) && fail(&health, 2, false));
        assert!(fail(&health, 9, false) && !fail(&health, 2, false));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!fail(&health, 3, false));
        tokio::time::advance(Duration::from_secs(1)).await;
        health.succeeded(health.acquire().unwrap());
        assert!(fail(&health, 1, false));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_do_not_come_about_speak_for_themselves() {
        let health = Health::default();
        let made = (0..9).filter(|_| fail(&health, 1, true));
        assert_eq!(made.count(), 5);
    }
}
