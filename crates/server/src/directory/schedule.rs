//! Keeping the directory up to date: instances that have just been seen for the first time, where
//! their sites matter, and all others once their details are old. In the background, one at a time.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::wix::{Priority, WixError};
use backlot_store::Store;
use backlot_store::instance_details::{InstanceDetails as _, Outdated};
use backlot_wix::InstanceId;
use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use tokio::sync::{mpsc, watch};

use super::{Directory, SiteOrigins};
use crate::clock::Clock;
use crate::instance_hash::InstanceHash;

/// Newcomers that wait; more are found again by their next request.
const MOST_WAITING: usize = 10_000;
/// How often old details are looked for.
const ROUND: Duration = Duration::from_secs(30);
/// How many are fetched in one round.
const BATCH: u32 = 200;
/// After Wix gave no answer.
const REST: Duration = Duration::from_secs(10);
/// Those that have not called for this long are left alone.
const IN_USE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A newcomer of whom Wix says nothing is asked about again after this.
const REFUSED_NEWCOMER: Duration = Duration::from_mins(1);
/// An instance that Wix refused is asked about again after this.
const REFUSED: SignedDuration = SignedDuration::from_hours(24);

/// Takes the news of instances that were seen.
pub(crate) struct Schedule {
    /// `None` where sites do not matter.
    newcomers: Option<mpsc::Sender<InstanceId>>,
    waiting: parking_lot::Mutex<Option<mpsc::Receiver<InstanceId>>>,
    /// Newcomers that Wix refused not long ago.
    refused: Cache<InstanceId, (), InstanceHash>,
    origins: Arc<SiteOrigins>,
    clock: Clock,
    maximum_age: SignedDuration,
    started_at: Timestamp,
}

impl Schedule {
    /// With `installed_sites`, every instance's site is fetched as soon as the instance is seen.
    pub(crate) fn new(
        origins: Arc<SiteOrigins>,
        clock: Clock,
        maximum_age: SignedDuration,
        installed_sites: bool,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        Self {
            newcomers: installed_sites.then_some(sender),
            waiting: parking_lot::Mutex::new(Some(receiver)),
            refused: Cache::builder()
                .max_capacity(MOST_WAITING as u64)
                .time_to_live(REFUSED_NEWCOMER)
                .build_with_hasher(InstanceHash::default()),
            origins,
            started_at: clock.now(),
            clock,
            maximum_age,
        }
    }

    /// An instance was seen, for the first time in a while. Nanoseconds, no I/O.
    pub(crate) fn seen(&self, instance_id: InstanceId) {
        if let Some(newcomers) = &self.newcomers
            && !self.origins.knows(instance_id)
            && !self.refused.contains_key(&instance_id)
        {
            let _ = newcomers.try_send(instance_id);
        }
    }

    /// Works until the server has stopped.
    pub(crate) async fn run(
        &self,
        directory: Directory,
        store: Store,
        mut stopped: watch::Receiver<bool>,
    ) {
        let Some(mut newcomers) = self.waiting.lock().take() else {
            return;
        };
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let work = async {
            loop {
                tokio::select! {
                    Some(instance_id) = newcomers.recv() => {
                        if !self.origins.knows(instance_id) {
                            self.welcome(&directory, instance_id).await;
                        }
                    }
                    _ = round.tick() => self.refresh_outdated(&directory, &store).await,
                }
            }
        };
        tokio::select! {
            () = work => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn welcome(&self, directory: &Directory, instance_id: InstanceId) {
        refresh(directory, instance_id).await;
        if !self.origins.knows(instance_id) {
            self.refused.insert(instance_id, ());
        }
    }

    async fn refresh_outdated(&self, directory: &Directory, store: &Store) {
        let now = self.clock.now();
        let before = |age: SignedDuration| now.checked_sub(age).unwrap_or(now);
        let outdated = Outdated {
            fetched_before: before(self.maximum_age),
            seen_since: before(IN_USE),
            // After a start those are asked about again, once: app.secret may be right now.
            refused_since: before(REFUSED).max(self.started_at),
            missing_too: self.newcomers.is_some(),
        };
        let batch = match store.outdated_instances(outdated, BATCH).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "cannot look for instances with old details");
                return;
            }
        };
        for instance_id in batch {
            if !refresh(directory, instance_id).await {
                return;
            }
        }
    }
}

/// False when there is no use in going on for now.
async fn refresh(directory: &Directory, instance_id: InstanceId) -> bool {
    match directory.refresh(instance_id, Priority::Background).await {
        Ok(_) | Err(WixError::Refused(_) | WixError::Exhausted { .. }) => true,
        Err(error) => {
            tracing::debug!(%error, %instance_id, "Wix does not say anything about an instance");
            tokio::time::sleep(REST).await;
            false
        }
    }
}
