//! What each instance has used of each connection, written behind the calls, and the quota of a month.
//!
//! A call is counted when it is allowed, so that many at once do not get past a quota; what came of it is
//! counted at its end. What a crash loses is up to a second of counts. Several nodes see each other's counts
//! within some seconds, so together they may allow a few calls more than the quota.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use backlot_store::Store;
use backlot_store::connection_usage::{ConnectionUsage, ConnectionUsages as _};
use backlot_wix::InstanceId;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::month::{month, until_next_month};
use crate::error::{ApiError, ErrorCode};

/// How long the database's count of a month is believed.
const USAGE_CACHE_TTL: Duration = Duration::from_secs(5);

/// Whose, of which connection, in which month (202611).
type Key = (InstanceId, Arc<str>, i32);

/// The book of what is used.
pub(crate) struct UsageBook {
    store: Store,
    pages: Mutex<HashMap<Key, Arc<Page>>>,
}

/// One instance's use of one connection in one month.
#[derive(Default)]
struct Page(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    /// Not written yet.
    waiting: Counts,
    /// Calls that were in the database when it was asked, and when that was.
    known: Option<(u64, Instant)>,
    /// Calls written since.
    written: u64,
}

/// A call that was allowed and counted. Its result is counted by this.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(super) instance_id: InstanceId,
    page: Arc<Page>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) milliseconds: u64,
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.calls += more.calls;
        self.errors += more.errors;
        self.bytes_sent += more.bytes_sent;
        self.bytes_received += more.bytes_received;
        self.milliseconds += more.milliseconds;
    }
}

impl Lines {
    /// The calls of the month, if that is known.
    fn calls(&self) -> Option<u64> {
        let (known, at) = self.known?;
        (at.elapsed() < USAGE_CACHE_TTL).then(|| known + self.written + self.waiting.calls)
    }
}

impl Ticket {
    /// Counts what came of the call.
    pub(super) fn add(&self, counts: Counts) {
        self.page.0.lock().waiting.add(counts);
    }

    /// It was not allowed after all.
    pub(super) fn take_back(self) {
        let calls = &mut self.page.0.lock().waiting.calls;
        *calls = calls.saturating_sub(1);
    }
}

impl UsageBook {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            pages: Mutex::default(),
        }
    }

    /// Counts a call that is allowed; a quota may refuse it.
    pub(crate) async fn begin(
        &self,
        instance_id: InstanceId,
        connection: &Arc<str>,
        now: Timestamp,
        quota: Option<u64>,
    ) -> Result<Ticket, ApiError> {
        let key = (instance_id, Arc::clone(connection), month(now));
        let page = self.page(&key);
        if quota.is_some() && page.0.lock().calls().is_none() {
            Box::pin(self.look(&key, &page)).await?;
        }
        let mut lines = page.0.lock();
        if let Some(quota) = quota {
            // Known a moment ago, which is good enough.
            let known = lines.known.map_or(0, |(known, _)| known);
            if known + lines.written + lines.waiting.calls >= quota {
                return Err(ApiError::from(ErrorCode::ConnectionQuotaExhausted)
                    .with_data("quota", quota)
                    .retry_after(until_next_month(now)));
            }
        }
        lines.waiting.calls += 1;
        drop(lines);
        Ok(Ticket { instance_id, page })
    }

    fn page(&self, key: &Key) -> Arc<Page> {
        let mut pages = self.pages.lock();
        if let Some(page) = pages.get(key) {
            return Arc::clone(page);
        }
        Arc::clone(pages.entry(key.clone()).or_default())
    }

    /// Asks the database how many calls a month has.
    async fn look(&self, key: &Key, page: &Page) -> Result<(), ApiError> {
        let known = self.store.connection_calls(key.0, &key.1, key.2).await?;
        let mut lines = page.0.lock();
        lines.known = Some((known, Instant::now()));
        lines.written = 0;
        Ok(())
    }

    /// Writes what has gathered.
    pub(crate) async fn write(&self) {
        let mut batch = Vec::new();
        self.pages.lock().retain(|key, page| {
            // First, because another holder of the page may still write to it.
            let is_held = Arc::strong_count(page) > 1;
            fence(Ordering::Acquire);
            let mut lines = page.0.lock();
            let counts = std::mem::take(&mut lines.waiting);
            if counts != Counts::default() {
                batch.push(usage(key, counts));
                lines.written += counts.calls;
            }
            is_held || lines.calls().is_some() || counts != Counts::default()
        });
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.store.add_connection_usage(batch.clone()).await {
            tracing::warn!(%error, "failed to write the usage of connections; retrying");
            self.put_back(batch);
        }
    }

    fn put_back(&self, batch: Vec<ConnectionUsage>) {
        for usage in batch {
            let page = self.page(&(usage.instance_id, usage.connection.into(), usage.month));
            let mut lines = page.0.lock();
            lines.written = lines.written.saturating_sub(usage.calls);
            lines.waiting.add(Counts {
                calls: usage.calls,
                errors: usage.errors,
                bytes_sent: usage.bytes_sent,
                bytes_received: usage.bytes_received,
                milliseconds: usage.milliseconds,
            });
        }
    }
}

fn usage(key: &Key, counts: Counts) -> ConnectionUsage {
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
