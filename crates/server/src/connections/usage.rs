//! What each instance has used of each connection, written behind the calls, and the quota of a month.
//!
//! A call is counted when it is admitted, so that many at once do not get past a quota; what came of it is
//! counted at its end. What a crash loses is up to a second of counts. Several nodes see each other's counts
//! within some seconds, so together they may allow a few calls more than the quota.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use backlot_store::Store;
use backlot_store::connection_usage::ConnectionUsage;
use backlot_wix::InstanceId;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::month::{month, until_next_month};
use crate::error::{ApiError, ErrorCode};

/// How long the database's count of a month is cached.
const USAGE_CACHE_TTL: Duration = Duration::from_secs(5);

/// The instance, connection and month (202611).
type UsageKey = (InstanceId, Arc<str>, i32);

/// Counts what all instances use.
pub(crate) struct UsageTracker {
    store: Store,
    months: Mutex<HashMap<UsageKey, Arc<MonthlyUsage>>>,
}

/// What one instance uses of one connection in one month.
#[derive(Default)]
struct MonthlyUsage(Mutex<Counters>);

#[derive(Default)]
struct Counters {
    /// Not written yet.
    pending: UsageCounts,
    /// The calls in the database, and when they were read.
    stored: Option<(u64, Instant)>,
    /// Calls written since then.
    written: u64,
}

/// A call that was admitted and counted. Its outcome is added here.
#[derive(Clone)]
pub(crate) struct UsageGuard {
    pub(super) instance_id: InstanceId,
    month: Arc<MonthlyUsage>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UsageCounts {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) milliseconds: u64,
}

impl UsageCounts {
    fn add(&mut self, more: Self) {
        self.calls += more.calls;
        self.errors += more.errors;
        self.bytes_sent += more.bytes_sent;
        self.bytes_received += more.bytes_received;
        self.milliseconds += more.milliseconds;
    }
}

impl Counters {
    /// Returns the calls of the month, if the database's count is cached.
    fn calls(&self) -> Option<u64> {
        let (stored, at) = self.stored?;
        (at.elapsed() < USAGE_CACHE_TTL).then(|| stored + self.written + self.pending.calls)
    }
}

impl UsageGuard {
    /// Adds the outcome of the call.
    pub(super) fn add(&self, counts: UsageCounts) {
        self.month.0.lock().pending.add(counts);
    }

    /// Takes the call out of the count: it was not sent.
    pub(super) fn cancel(self) {
        let calls = &mut self.month.0.lock().pending.calls;
        *calls = calls.saturating_sub(1);
    }
}

impl UsageTracker {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            months: Mutex::default(),
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// If the quota is exhausted.
    pub(crate) async fn begin(
        &self,
        instance_id: InstanceId,
        connection: &Arc<str>,
        now: Timestamp,
        quota: Option<u64>,
    ) -> Result<UsageGuard, ApiError> {
        let key = (instance_id, Arc::clone(connection), month(now));
        let usage = self.month(&key);
        if quota.is_some() && usage.0.lock().calls().is_none() {
            Box::pin(self.load(&key, &usage)).await?;
        }
        let mut counters = usage.0.lock();
        if let Some(quota) = quota {
            // Loaded a moment ago, even if it has expired since.
            let stored = counters.stored.map_or(0, |(stored, _)| stored);
            if stored + counters.written + counters.pending.calls >= quota {
                return Err(ApiError::from(ErrorCode::ConnectionQuotaExhausted)
                    .with_data("quota", quota)
                    .retry_after(until_next_month(now)));
            }
        }
        counters.pending.calls += 1;
        drop(counters);
        Ok(UsageGuard {
            instance_id,
            month: usage,
        })
    }

    fn month(&self, key: &UsageKey) -> Arc<MonthlyUsage> {
        let mut months = self.months.lock();
        if let Some(usage) = months.get(key) {
            return Arc::clone(usage);
        }
        Arc::clone(months.entry(key.clone()).or_default())
    }

    /// Reads the calls of a month from the database.
    async fn load(&self, key: &UsageKey, usage: &MonthlyUsage) -> Result<(), ApiError> {
        let stored = self
            .store
            .count_connection_calls(key.0, &key.1, key.2)
            .await?;
        let mut counters = usage.0.lock();
        counters.stored = Some((stored, Instant::now()));
        counters.written = 0;
        Ok(())
    }

    /// Writes the pending counts to the database.
    pub(crate) async fn write(&self) {
        let mut batch = Vec::new();
        self.months.lock().retain(|key, usage| {
            // First: a call that holds it may still add to it.
            let is_held = Arc::strong_count(usage) > 1;
            fence(Ordering::Acquire);
            let mut counters = usage.0.lock();
            let counts = std::mem::take(&mut counters.pending);
            let has_counts = counts != UsageCounts::default();
            if has_counts {
                batch.push(stored_usage(key, counts));
                counters.written += counts.calls;
            }
            is_held || has_counts || counters.calls().is_some()
        });
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.store.add_connection_usage(batch.clone()).await {
            tracing::warn!(%error, "failed to write the usage of connections; retrying");
            self.restore(batch);
        }
    }

    fn restore(&self, batch: Vec<ConnectionUsage>) {
        for usage in batch {
            let month = self.month(&(usage.instance_id, usage.connection.into(), usage.month));
            let mut counters = month.0.lock();
            counters.written = counters.written.saturating_sub(usage.calls);
            counters.pending.add(UsageCounts {
                calls: usage.calls,
                errors: usage.errors,
                bytes_sent: usage.bytes_sent,
                bytes_received: usage.bytes_received,
                milliseconds: usage.milliseconds,
            });
        }
    }
}

fn stored_usage(key: &UsageKey, counts: UsageCounts) -> ConnectionUsage {
    ConnectionUsage {
        instance_id: key.0,
        connection: key.1.to_string(),
        month: key.2,
        calls: counts.calls,
        errors: counts.errors,
        bytes_sent: counts.bytes_sent,
        bytes_received: counts.bytes_received,
        milliseconds: counts.milliseconds,
    }
}
