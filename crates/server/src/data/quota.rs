//! How much each instance may keep, by plan.
//!
//! What an instance keeps is counted when it writes first, and from then on by what this node writes; it is counted again
//! after [`RECOUNT_INTERVAL`], and before a write is refused. Caveat: several nodes know of each other's writes only when they
//! count again, and an update counts as if nothing had been there, so a quota is kept within some writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_store::Store;
use backlot_store::instances::{Instances as _, StorageUsage};
use backlot_store::items::Written;
use backlot_wix::InstanceId;
use backlot_wix::data::{DataCode, Fault};
use moka::sync::Cache;
use parking_lot::Mutex;

use super::DataFault;
use crate::connections::Quotas;

/// How long what was counted is believed.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(10);
/// How long before a write is refused it may have been counted.
const FRESH: Duration = Duration::from_secs(5);
/// Instances whose count is kept.
const MAX_COUNTS: u64 = 10_000;

/// How much an instance may keep.
#[derive(Debug, Clone, Default)]
pub struct StorageQuotas {
    /// Items of all collections, by plan.
    pub items: Quotas,
    /// Bytes of these items as JSON, by plan.
    pub bytes: Quotas,
}

impl StorageQuotas {
    /// Whether a plan makes a difference.
    pub(crate) fn are_by_plan(&self) -> bool {
        !(self.items.plans.is_empty() && self.bytes.plans.is_empty())
    }

    const fn are_none(&self) -> bool {
        self.items.plans.is_empty()
            && self.bytes.plans.is_empty()
            && self.items.others.is_none()
            && self.bytes.others.is_none()
    }
}

/// What instances keep, as far as it is known.
pub(crate) struct Storage {
    quotas: StorageQuotas,
    counts: Cache<InstanceId, Arc<Mutex<Count>>>,
}

struct Count {
    usage: StorageUsage,
    counted_at: Instant,
}

impl Storage {
    pub(crate) fn new(quotas: StorageQuotas) -> Self {
        Self {
            quotas,
            counts: Cache::builder()
                .max_capacity(MAX_COUNTS)
                .time_to_live(RECOUNT_INTERVAL)
                .build(),
        }
    }

    pub(crate) const fn quotas(&self) -> &StorageQuotas {
        &self.quotas
    }

    /// Refuses a write that adds items or bytes where there is no room for more.
    pub(super) async fn check(
        &self,
        store: &Store,
        instance_id: InstanceId,
        plan: Option<&str>,
        new_items: u64,
    ) -> Result<(), DataFault> {
        if self.quotas.are_none() {
            return Ok(());
        }
        let (items, bytes) = (self.quotas.items.of(plan), self.quotas.bytes.of(plan));
        if items.is_none() && bytes.is_none() {
            return Ok(());
        }
        let has_room = |usage: StorageUsage| {
            items.is_none_or(|most| new_items == 0 || usage.items + new_items <= most)
                && bytes.is_none_or(|most| usage.bytes < most)
        };
        let known = self.counts.get(&instance_id);
        if let Some(count) = &known {
            let count = count.lock();
            if has_room(count.usage) {
                return Ok(());
            }
            if count.counted_at.elapsed() < FRESH {
                return Err(exceeded(count.usage, items, bytes).into());
            }
        }
        let usage = store.storage_usage(instance_id).await?;
        let count = Count {
            usage,
            counted_at: Instant::now(),
        };
        self.counts.insert(instance_id, Arc::new(Mutex::new(count)));
        if has_room(usage) {
            return Ok(());
        }
        Err(exceeded(usage, items, bytes).into())
    }

    /// Adds what was written to what is known.
    pub(super) fn add(&self, instance_id: InstanceId, outcomes: &[Result<Written, Fault>]) {
        if self.quotas.are_none() {
            return;
        }
        let Some(count) = self.counts.get(&instance_id) else {
            return;
        };
        let usage = &mut count.lock().usage;
        for written in outcomes.iter().flatten() {
            let bytes = written.item().json.len() as u64;
            match written {
                Written::Inserted(_) => {
                    usage.items += 1;
                    usage.bytes += bytes;
                }
                Written::Updated(_) => usage.bytes += bytes,
                Written::Removed(_) => {
                    usage.items = usage.items.saturating_sub(1);
                    usage.bytes = usage.bytes.saturating_sub(bytes);
                }
            }
        }
    }
}

fn exceeded(usage: StorageUsage, items: Option<u64>, bytes: Option<u64>) -> Fault {
    let text = format!(
        "This site keeps {} items with {} bytes, which is as much as its plan allows. Remove items, or upgrade the app.",
        usage.items, usage.bytes
    );
    Fault::new(DataCode::StorageQuota, text)
        .with("items", usage.items)
        .with("bytes", usage.bytes)
        .with("maxItems", items)
        .with("maxBytes", bytes)
}
