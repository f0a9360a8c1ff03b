//! Keeping the directory up to date: instances that have just been seen for the first time, where
//! their sites matter, and all others once their details are old. In the background, a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backlot_outbound::wix::Priority;
use backlot_store::Store;
use backlot_store::instance_details::Outdated;
use backlot_wix::InstanceId;
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;
use tokio::sync::{mpsc, watch};

use super::{InstanceDirectory, SiteOrigins};
use crate::clock::Clock;
use crate::error::Chain;
use crate::id_hasher::InstanceHash;

/// Newcomers that wait; more are found again by their next request.
const MAX_WAITING: usize = 10_000;
/// How often old details are looked for.
const REFRESH_INTERVAL: Duration = Duration::from_secs(30);
/// How many are asked about in one round.
const BATCH: u32 = 200;
/// How long.
const FAILURE_BACKOFF: Duration = Duration::from_secs(10);
/// Those that have not called for this long are left alone.
const IN_USE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// An instance of whom Wix said nothing is asked about again after this.
const REFRESH_COOLDOWN: Duration = Duration::from_mins(1);
/// Questions that are under way at the same time.
const AT_ONCE: usize = 4;
/// So many without an answer in a row, and Wix is left alone for [`FAILURE_BACKOFF`].
const IN_A_ROW: usize = 5;
/// An instance that Wix refused is asked about again after this.
const REFUSED: SignedDuration = SignedDuration::from_hours(1);

/// Takes the news of instances that were seen.
pub(crate) struct RefreshScheduler {
    /// `None` where sites do not matter.
    newcomers: Option<mpsc::Sender<InstanceId>>,
    waiting: parking_lot::Mutex<Option<mpsc::Receiver<InstanceId>>>,
    /// Those of whom Wix said nothing not long ago.
    failed: Cache<InstanceId, (), InstanceHash>,
    origins: Arc<SiteOrigins>,
    clock: Clock,
    maximum_age: SignedDuration,
    started_at: Timestamp,
    /// In a row, without an answer.
    failures: AtomicUsize,
}

impl RefreshScheduler {
    /// With `installed_sites`, every instance's site is fetched as soon as the instance is seen.
    pub(crate) fn new(
        origins: Arc<SiteOrigins>,
        clock: Clock,
        maximum_age: SignedDuration,
        installed_sites: bool,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        Self {
            newcomers: installed_sites.then_some(sender),
            waiting: parking_lot::Mutex::new(Some(receiver)),
            failed: Cache::builder()
                .max_capacity(MAX_WAITING as u64)
                .time_to_live(REFRESH_COOLDOWN)
                .build_with_hasher(InstanceHash::default()),
            origins,
            started_at: clock.now(),
            clock,
            maximum_age,
            failures: AtomicUsize::new(0),
        }
    }

    /// An instance was seen, for the first time in a while. Nanoseconds, no I/O.
    pub(crate) fn seen(&self, instance_id: InstanceId) {
        if let Some(newcomers) = &self.newcomers
            && !self.origins.knows(instance_id)
            && !self.failed.contains_key(&instance_id)
        {
            let _ = newcomers.try_send(instance_id);
        }
    }

    /// Works until the server has stopped.
    pub(crate) async fn run(
        &self,
        directory: InstanceDirectory,
        store: Store,
        mut stopped: watch::Receiver<bool>,
    ) {
        let Some(newcomers) = self.waiting.lock().take() else {
            return;
        };
        let work = async {
            tokio::join!(
                self.welcome(&directory, newcomers),
                self.refresh_outdated(&directory, &store),
            )
        };
        tokio::select! {
            _ = work => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    async fn welcome(&self, directory: &InstanceDirectory, newcomers: mpsc::Receiver<InstanceId>) {
        let newcomers = futures_util::stream::unfold(newcomers, async |mut newcomers| {
            Some((newcomers.recv().await?, newcomers))
        });
        let each = async |instance_id| {
            if !self.origins.knows(instance_id) && !self.failed.contains_key(&instance_id) {
                self.refresh(directory, instance_id).await;
            }
        };
        newcomers.for_each_concurrent(AT_ONCE, each).await;
    }

    async fn refresh_outdated(&self, directory: &InstanceDirectory, store: &Store) {
        let mut round = tokio::time::interval(REFRESH_INTERVAL);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            round.tick().await;
            let batch = self.outdated(store).await;
            let each = async |instance_id| self.refresh(directory, instance_id).await;
            let batch = futures_util::stream::iter(batch);
            batch.for_each_concurrent(AT_ONCE, each).await;
        }
    }

    /// The next ones, less those of whom Wix said nothing not long ago: they must not be in the way of
    /// the others.
    async fn outdated(&self, store: &Store) -> Vec<InstanceId> {
        let now = self.clock.now();
        let before = |age: SignedDuration| now.checked_sub(age).unwrap_or(now);
        let outdated = Outdated {
            fetched_before: before(self.maximum_age),
            seen_since: before(IN_USE),
            // After a start those are asked about again, once: app.secret may be right now.
            refused_since: before(REFUSED).max(self.started_at),
            missing_too: self.newcomers.is_some(),
        };
        let in_the_way = u32::try_from(self.failed.entry_count()).unwrap_or(0);
        match store
            .list_outdated_instances(outdated, BATCH + in_the_way)
            .await
        {
            Ok(mut found) => {
                found.retain(|instance_id| !self.failed.contains_key(instance_id));
                found
            }
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "failed to list instances with stale details");
                Vec::new()
            }
        }
    }

    /// Asks about one. When several in a row bring nothing, it is most likely not their fault, and Wix
    /// is left alone for a moment.
    async fn refresh(&self, directory: &InstanceDirectory, instance_id: InstanceId) {
        match directory.refresh(instance_id, Priority::Background).await {
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            Err(error) => {
                tracing::debug!(error = %Chain(&error), %instance_id, "failed to fetch an instance's details from Wix");
                self.failed.insert(instance_id, ());
                if self.failures.fetch_add(1, Ordering::Relaxed) >= IN_A_ROW {
                    tokio::time::sleep(FAILURE_BACKOFF).await;
                }
            }
        }
    }
}
