//! The task of one subscription: it claims deliveries, has them attempted, and stores the outcomes.
//!
//! One call of the store does both, so that the next delivery of a lane is claimed in the transaction that ends the one
//! before it. The task waits for the end of an attempt, for new deliveries, for the time when the next one is due, or
//! for the server to stop. It never polls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backlot_store::StoreError;
use backlot_store::events::{
    AfterAttempt, Attempt, AttemptOutcome, ClaimLimits, Claims, DeliveryLease,
};
use backlot_wix::InstanceId;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::attempt::{self, EndedAttempt, Verdict};
use super::backoff;
use super::circuit::{Allowance, later};
use super::health::DestinationHealth;
use super::means::DeliveryMeans;
use super::pending::PendingDeliveries;
use super::settings::SubscriptionSettings;
use crate::clock::Clock;
use crate::error::Chain;
use crate::policy::{Limiter, RateKey};

/// How long a lane stays with a node that does not answer any more.
const LEASE_TTL: Duration = Duration::from_secs(15);
/// How often leases are extended.
const EXTEND_INTERVAL: Duration = Duration::from_secs(5);
/// The time after which a failed call of the store is made again.
const STORE_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The longest that the last outcomes may take to be stored when the server stops.
const LAST_OUTCOMES_TIMEOUT: Duration = Duration::from_secs(3);

/// A call of the store, and what it was asked for.
struct Advanced {
    /// How many deliveries were asked for.
    asked: u32,
    /// The paused instances of which a probe was asked for.
    probing: Vec<InstanceId>,
    outcomes: Arc<Vec<AttemptOutcome>>,
    answer: Result<Claims, StoreError>,
}

type Advance = BoxFuture<'static, Advanced>;

pub(super) struct Dispatcher {
    means: Arc<DeliveryMeans>,
    settings: Arc<SubscriptionSettings>,
    limiter: Option<Limiter>,
    random: fastrand::Rng,
    health: DestinationHealth,
    pending: PendingDeliveries,
    attempts: JoinSet<EndedAttempt>,
    /// The leases of all deliveries that are claimed and whose outcome is not known.
    leases: HashMap<i64, DeliveryLease>,
    outcomes: Vec<AttemptOutcome>,
    /// When a claim is worth while. `None`: not before new deliveries arrive.
    due: Option<Timestamp>,
    /// When the rate limit permits the next attempt.
    rate_opens: Option<Instant>,
}

impl Dispatcher {
    pub(super) fn new(means: Arc<DeliveryMeans>, settings: Arc<SubscriptionSettings>) -> Self {
        Self {
            limiter: settings.rate_limit.map(Limiter::new),
            random: fastrand::Rng::new(),
            health: DestinationHealth::default(),
            pending: PendingDeliveries::default(),
            attempts: JoinSet::new(),
            leases: HashMap::new(),
            outcomes: Vec::new(),
            due: Some(Timestamp::MIN),
            rate_opens: None,
            means,
            settings,
        }
    }

    pub(super) async fn run(mut self, mut stopping: watch::Receiver<Option<Duration>>) {
        self.release_leftovers().await;
        let clock = self.means.clock.clone();
        let mut arrived = self.means.store.deliveries_arrived();
        let mut extend = tokio::time::interval(EXTEND_INTERVAL);
        extend.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut advance: Option<Advance> = None;
        let mut has_arrived = false;
        let mut store_opens: Option<Instant> = None;
        let timeout = loop {
            if let Some(timeout) = *stopping.borrow() {
                break timeout;
            }
            self.begin_attempts();
            let now = clock.now();
            if advance.is_none() && store_opens.is_none() {
                advance = self.advance(now);
                has_arrived &= advance.is_none();
            }
            let wake_at = self.wake_at(now);
            tokio::select! {
                answer = waited_for(&mut advance) => {
                    advance = None;
                    if !self.advanced(answer) {
                        store_opens = Some(Instant::now() + STORE_RETRY_INTERVAL);
                    }
                    if has_arrived {
                        self.due = Some(now);
                    }
                }
                Some(ended) = self.attempts.join_next() => self.ended(ended),
                changed = arrived.changed() => {
                    has_arrived = true;
                    self.due = Some(now);
                    if changed.is_err() {
                        // The store is closed: nothing will arrive any more.
                        return;
                    }
                }
                () = reaches(&clock, wake_at) => {}
                () = until(self.rate_opens) => self.rate_opens = None,
                () = until(store_opens) => store_opens = None,
                _ = extend.tick() => self.extend().await,
                _ = stopping.changed() => {}
            }
        };
        self.wind_down(advance, timeout).await;
    }

    /// Ends the leases of an earlier server that was killed.
    async fn release_leftovers(&self) {
        let (store, name) = (&self.means.store, &self.settings.name);
        match store.release_leases(name, self.means.clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(
                subscription.name = name,
                count,
                "released deliveries of a server that was killed"
            ),
            // They end by themselves.
            Err(error) => tracing::warn!(
                error = %Chain(&error),
                subscription.name = name,
                "failed to release the deliveries of an earlier server"
            ),
        }
    }

    /// The most deliveries that are claimed at once. Some are claimed ahead of their attempt, so that none has to wait for
    /// the store.
    fn max_claimed(&self) -> usize {
        let concurrency = self.settings.concurrency.get() as usize;
        concurrency + concurrency / 2
    }

    /// How many more deliveries may be claimed.
    fn room(&self, now: Timestamp) -> usize {
        let claimed = self.leases.len();
        match self.health.allowance(now) {
            // What waits for the rate is claimed last, in turn over instances.
            Allowance::All if self.limiter.is_some() => {
                let is_open = self.rate_opens.is_none() && self.pending.len() == 0;
                usize::from(is_open && claimed < self.settings.concurrency.get() as usize)
            }
            Allowance::All => self.max_claimed().saturating_sub(claimed),
            Allowance::One => usize::from(claimed == 0),
            Allowance::None => 0,
        }
    }

    /// What the next claim may take, and the paused instances of which it may take a probe.
    fn limits(&self, room: usize, now: Timestamp) -> (ClaimLimits, Vec<InstanceId>) {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let concurrency = self.settings.concurrency.get() as usize;
        let most = self.max_claimed() - (concurrency - share_of_one(concurrency));
        let mut held: HashMap<InstanceId, usize> = HashMap::new();
        for lease in self.leases.values() {
            *held.entry(lease.instance_id).or_default() += 1;
        }
        let mut limits = ClaimLimits::new(number(room)).per_instance(number(most));
        for (instance_id, held) in &held {
            limits.set(*instance_id, number(most.saturating_sub(*held)));
        }
        let mut probing = Vec::new();
        for (instance_id, allowance) in self.health.limited(now) {
            let is_probed = allowance == Allowance::One && !held.contains_key(&instance_id);
            limits.set(instance_id, u32::from(is_probed));
            if is_probed {
                probing.push(instance_id);
            }
        }
        (limits, probing)
    }

    /// Begins a call of the store, if there are outcomes or deliveries may be due.
    fn advance(&mut self, now: Timestamp) -> Option<Advance> {
        let room = self.room(now);
        if room == 0 && self.outcomes.is_empty() {
            return None;
        }
        let (mut limits, mut probing) = self.limits(room, now);
        let is_due = self.due.is_some_and(|due| due <= now) || !probing.is_empty();
        // With outcomes, their lanes may have more.
        if !is_due && self.outcomes.is_empty() {
            limits = ClaimLimits::none();
        }
        if limits.total() == 0 {
            if self.outcomes.is_empty() {
                return None;
            }
            probing.clear();
        }
        let outcomes = Arc::new(std::mem::take(&mut self.outcomes));
        let means = Arc::clone(&self.means);
        let settings = Arc::clone(&self.settings);
        Some(Box::pin(async move {
            let (store, name) = (&means.store, &settings.name);
            let asked = limits.total();
            let advancing =
                store.advance_deliveries(name, Arc::clone(&outcomes), limits, LEASE_TTL, now);
            Advanced {
                asked,
                probing,
                answer: advancing.await,
                outcomes,
            }
        }))
    }

    /// Takes what the store has answered. Returns whether it answered.
    fn advanced(&mut self, advanced: Advanced) -> bool {
        let claims = match advanced.answer {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(
                    error = %Chain(&error),
                    subscription.name = self.settings.name,
                    "failed to claim deliveries"
                );
                let outcomes = Arc::unwrap_or_clone(advanced.outcomes);
                self.outcomes.splice(..0, outcomes);
                self.due = Some(Timestamp::MIN);
                return false;
            }
        };
        let has_all = claims.claimed.len() >= advanced.asked as usize;
        self.due = if has_all {
            Some(Timestamp::MIN)
        } else {
            claims.next_due
        };
        for delivery_id in claims.lost {
            tracing::warn!(
                delivery.id = delivery_id,
                subscription.name = self.settings.name,
                "lost the lease of a delivery to another node"
            );
        }
        if !has_all {
            let claimed = |id| claims.claimed.iter().any(|it| it.lease.instance_id == id);
            for instance_id in advanced.probing.into_iter().filter(|id| !claimed(*id)) {
                self.health.forget(instance_id);
            }
        }
        // The destination may have begun to fail meanwhile.
        let now = self.means.clock.now();
        for claimed in claims.claimed {
            let lease = claimed.lease.clone();
            if !self.health.admit(&lease, now) {
                self.outcomes.push(released(lease, claimed.attempt, now));
                continue;
            }
            self.leases.insert(lease.delivery_id, lease);
            self.pending.push(claimed);
        }
        true
    }

    /// Begins attempts, as far as concurrency and rate permit.
    fn begin_attempts(&mut self) {
        let concurrency = self.settings.concurrency.get() as usize;
        while self.attempts.len() < concurrency
            && self.pending.len() > 0
            && self.rate_opens.is_none()
        {
            let Some(next) = self.pending.next(share_of_one(concurrency)) else {
                return;
            };
            if let Some(limiter) = &self.limiter
                && let Err(wait) = limiter.take(RateKey::EVERYBODY)
            {
                self.rate_opens = Some(Instant::now() + wait);
                return;
            }
            let Some(claimed) = self.pending.begin(next) else {
                return;
            };
            let (means, settings) = (Arc::clone(&self.means), Arc::clone(&self.settings));
            self.attempts
                .spawn(async move { attempt::make(&means, &settings, claimed).await });
        }
    }

    /// Takes the end of an attempt.
    fn ended(&mut self, ended: Result<EndedAttempt, tokio::task::JoinError>) {
        // An attempt does not panic, and is cancelled with this task only.
        let Ok(EndedAttempt {
            claimed,
            record,
            verdict,
        }) = ended
        else {
            return;
        };
        let lease = claimed.lease;
        self.leases.remove(&lease.delivery_id);
        self.pending.end(lease.instance_id);
        let is_probe = self.health.is_probe(&lease);
        let settings = Arc::clone(&self.settings);
        let name = &settings.name;
        let now = self.means.clock.now();
        let pause = match verdict {
            Verdict::Failing(wait) => self.health.failed(&lease, wait, now),
            Verdict::Unreachable => self.health.unreachable(&lease, now),
            Verdict::NotMade => self.health.not_made(&lease, now),
            Verdict::Accepted | Verdict::Gone | Verdict::Refused(_) => {
                if self.health.succeeded(&lease) {
                    tracing::info!(subscription.name = name, "the destination answers again");
                    self.due = Some(now);
                }
                None
            }
        };
        let next = match verdict {
            Verdict::Failing(_) if is_probe => AfterAttempt::Released,
            _ => self.next(verdict, record.number, now),
        };
        if let Some(pause) = pause {
            tracing::warn!(
                subscription.name = name,
                instance.id = pause.instance_id.map(tracing::field::display),
                pause_seconds = pause.length.as_secs(),
                error = record.error,
                "paused deliveries: the destination fails"
            );
        }
        if next == AfterAttempt::Dead {
            tracing::warn!(
                subscription.name = name,
                delivery.id = lease.delivery_id,
                event.id = claimed.event.event_id,
                instance.id = %lease.instance_id,
                attempts = record.number,
                error = record.error,
                "a delivery is dead"
            );
        }
        self.means.metrics.events.attempt(name, verdict.as_str());
        self.outcomes.push(AttemptOutcome {
            lease,
            attempt: record,
            next,
        });
        if let Some(pause) = pause {
            self.release_pending(|lease| pause.concerns(lease));
        }
    }

    /// Decides what becomes of a delivery.
    fn next(&mut self, verdict: Verdict, attempt: u32, now: Timestamp) -> AfterAttempt {
        let wait = match verdict {
            Verdict::Accepted => return AfterAttempt::Delivered,
            Verdict::Gone => return AfterAttempt::Dead,
            Verdict::Unreachable | Verdict::NotMade => return AfterAttempt::Released,
            Verdict::Refused(wait) | Verdict::Failing(wait) => wait,
        };
        if attempt >= self.settings.max_attempts.get() {
            return AfterAttempt::Dead;
        }
        let delay = backoff::delay(&self.settings.backoff, attempt, &mut self.random);
        // `Retry-After: 0` of a proxy would use up all attempts within milliseconds.
        AfterAttempt::RetryAt(later(now, wait.unwrap_or_default().max(delay)))
    }

    /// Gives claimed deliveries back that have not been attempted.
    fn release_pending(&mut self, is_released: impl Fn(&DeliveryLease) -> bool) {
        let now = self.means.clock.now();
        for claimed in self.pending.take(is_released) {
            self.leases.remove(&claimed.lease.delivery_id);
            self.health.withdraw(&claimed.lease);
            self.outcomes
                .push(released(claimed.lease, claimed.attempt, now));
        }
    }

    /// When the task has something to do, if nothing happens before.
    fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.due.filter(|due| *due > now);
        due.into_iter().chain(self.health.next_end(now)).min()
    }

    async fn extend(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let leases: Vec<DeliveryLease> = self.leases.values().cloned().collect();
        let store = &self.means.store;
        let extending = store.extend_leases(leases, LEASE_TTL, self.means.clock.now());
        // The attempts go on meanwhile, but their outcomes wait.
        match tokio::time::timeout(STORE_RETRY_INTERVAL, extending).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "failed to extend the leases of deliveries");
            }
            Err(_) => tracing::warn!("failed to extend the leases of deliveries in time"),
        }
    }

    /// Ends: attempts under way have so much time, and what is claimed besides is released.
    async fn wind_down(mut self, advance: Option<Advance>, timeout: Duration) {
        if let Some(advance) = advance {
            let answer = tokio::time::timeout(LAST_OUTCOMES_TIMEOUT, advance).await;
            if let Ok(answer) = answer {
                self.advanced(answer);
            }
        }
        self.release_pending(|_| true);
        let ending = async {
            while let Some(ended) = self.attempts.join_next().await {
                self.ended(ended);
            }
        };
        if tokio::time::timeout(timeout, ending).await.is_err() {
            self.attempts.abort_all();
        }
        let now = self.means.clock.now();
        for (_, lease) in std::mem::take(&mut self.leases) {
            self.outcomes.push(released(lease, 0, now));
        }
        if self.outcomes.is_empty() {
            return;
        }
        let store = &self.means.store;
        let (name, outcomes) = (&self.settings.name, Arc::new(self.outcomes));
        let last = store.advance_deliveries(name, outcomes, ClaimLimits::none(), LEASE_TTL, now);
        if !matches!(
            tokio::time::timeout(LAST_OUTCOMES_TIMEOUT, last).await,
            Ok(Ok(_))
        ) {
            tracing::warn!(
                subscription.name = name,
                "failed to store the last outcomes; these deliveries are made again"
            );
        }
    }
}

/// The smallest number of attempts at once that is divided: of fewer, an instance that is alone would miss a quarter.
const MIN_DIVIDED: usize = 8;

/// Returns how many of so many one instance may have: a quarter is left to others, however slow its attempts are.
const fn share_of_one(all: usize) -> usize {
    if all < MIN_DIVIDED {
        all
    } else {
        all - all / 4
    }
}

fn released(lease: DeliveryLease, number: u32, now: Timestamp) -> AttemptOutcome {
    AttemptOutcome {
        lease,
        attempt: Attempt {
            number,
            started_at: now,
            duration_ms: 0,
            status: None,
            error: None,
            response: None,
        },
        next: AfterAttempt::Released,
    }
}

/// Waits for a call that is under way, or for ever.
async fn waited_for(advance: &mut Option<Advance>) -> Advanced {
    match advance {
        Some(advance) => advance.await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn reaches(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.reaches(at).await,
        None => std::future::pending().await,
    }
}
