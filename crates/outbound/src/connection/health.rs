//! Whether a third party is up, as all instances together find it.
//!
//! Each instance has a separate circuit breaker, so that one instance's failures do not affect others.
//! That alone would let thousands of instances call a server that does not answer. So there is one rest for
//! all, too. It begins after five failures in a row that no single instance can bring about: connections that do
//! not come about, and failures of instances that have not failed before in this row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backlot_wix::InstanceId;
use parking_lot::Mutex;

use crate::breaker::{Breaker, Leave};

/// Instances that are remembered of a row: as many as it takes.
const MAX_FAILING_INSTANCES: usize = 5;

#[derive(Default)]
pub(super) struct Health {
    breaker: Arc<Breaker>,
    /// The instances that failed since the last success.
    witnesses: Mutex<Vec<InstanceId>>,
    has_witnesses: AtomicBool,
}

impl Health {
    /// Leave for a call, or how long the rest still lasts.
    pub(super) fn enter(&self) -> Result<Leave, Duration> {
        self.breaker.enter()
    }

    /// It answered.
    pub(super) fn succeeded(&self, leave: Leave) {
        if self.has_witnesses.load(Ordering::Relaxed) {
            let mut witnesses = self.witnesses.lock();
            witnesses.clear();
            self.has_witnesses.store(false, Ordering::Relaxed);
        }
        leave.succeeded();
    }

    /// It did not. `is_certain` says that no caller can bring that about.
    pub(super) fn failed(&self, leave: Leave, instance_id: InstanceId, is_certain: bool) {
        let mut witnesses = self.witnesses.lock();
        let is_new = !witnesses.contains(&instance_id);
        if is_new && witnesses.len() < MAX_FAILING_INSTANCES {
            witnesses.push(instance_id);
            self.has_witnesses.store(true, Ordering::Relaxed);
        }
        drop(witnesses);
        // What has failed in this row fails again, whatever the third party's state: another instance may probe.
        if is_new || is_certain {
            leave.failed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(health: &Health, instance: u8, is_certain: bool) -> bool {
        let leave = health.enter();
        let made = leave.is_ok();
        if let Ok(leave) = leave {
            health.failed(leave, InstanceId::from_bytes([instance; 16]), is_certain);
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
        health.succeeded(health.enter().unwrap());
        let made = (1..=9).filter(|instance| fail(&health, *instance, false));
        assert_eq!(made.count(), 5);

        // After the rest one tries. Those that have failed say nothing new; after another it lasts longer.
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(fail(&health, 1, false) && fail(&health, 2, false));
        assert!(fail(&health, 9, false) && !fail(&health, 2, false));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!fail(&health, 3, false));
        tokio::time::advance(Duration::from_secs(1)).await;
        health.succeeded(health.enter().unwrap());
        assert!(fail(&health, 1, false));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_do_not_come_about_speak_for_themselves() {
        let health = Health::default();
        let made = (0..9).filter(|_| fail(&health, 1, true));
        assert_eq!(made.count(), 5);
    }
}
