//! How much each instance may keep, by plan.
//!
//! What an instance keeps is counted when it writes first, and from then on by what this node writes; it is counted again
//! after [`RECOUNT_INTERVAL`], and before a write is refused. A write is held against what is left when it is done
//! ([`StorageAllowance`]): by what an item grows, its links, and in jobs as in requests. Caveat: several nodes, and requests at the same
//! moment, know of each other's writes only afterwards, so a quota is kept within some writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_store::Store;
use backlot_store::instances::StorageUsage;
use backlot_store::items::{MutationResult, StorageAllowance};
use backlot_wix::InstanceId;
use backlot_wix::data::{DataCode, DataError};
use moka::sync::Cache;
use parking_lot::Mutex;

use super::OperationError;
use crate::policy::quota::Quotas;

/// How long what was counted is believed.
const RECOUNT_INTERVAL: Duration = Duration::from_mins(10);
/// How long before a write is refused it may have been counted.
const FRESH: Duration = Duration::from_secs(5);
/// Instances whose count is kept.
const MAX_COUNTS: u64 = 10_000;

/// How much an instance may keep.
#[derive(Debug, Clone, Default)]
pub struct StorageQuotas {
    /// Items of all collections and links, by plan.
    pub items: Quotas,
    /// Bytes of these items as JSON, of their references, and of links, by plan.
    pub bytes: Quotas,
}

impl StorageQuotas {
    /// Whether a plan makes a difference.
    pub(crate) fn are_by_plan(&self) -> bool {
        !(self.items.plans.is_empty() && self.bytes.plans.is_empty())
    }

    pub(crate) const fn are_none(&self) -> bool {
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

    /// How much more an instance may keep, for a write that asks for so much. Refuses one that adds items where there is no
    /// room for them. `None` where bytes have no quota.
    pub(crate) async fn room(
        &self,
        store: &Store,
        instance_id: InstanceId,
        plan: Option<&str>,
        asked: StorageUsage,
    ) -> Result<Option<StorageAllowance>, OperationError> {
        if self.quotas.are_none() {
            return Ok(None);
        }
        let (items, bytes) = (
            self.quotas.items.for_plan(plan),
            self.quotas.bytes.for_plan(plan),
        );
        if items.is_none() && bytes.is_none() {
            return Ok(None);
        }
        let fits = |usage: StorageUsage, asked: StorageUsage| {
            items.is_none_or(|most| asked.items == 0 || usage.items + asked.items <= most)
                && bytes.is_none_or(|most| usage.bytes + asked.bytes <= most)
        };
        let known = self.counts.get(&instance_id).and_then(|count| {
            let count = count.lock();
            let is_fresh = count.counted_at.elapsed() < FRESH;
            (is_fresh || fits(count.usage, asked)).then_some(count.usage)
        });
        let usage = match known {
            Some(usage) => usage,
            None => self.count(store, instance_id).await?,
        };
        // What is there may be changed as long as it does not grow.
        let least = StorageUsage {
            bytes: asked.items.min(1),
            ..asked
        };
        if !fits(usage, least) {
            return Err(exceeded(usage, items, bytes).into());
        }
        Ok(bytes.map(|most| {
            let left = most.saturating_sub(usage.bytes);
            StorageAllowance::new(left, exceeded(usage, items, bytes))
        }))
    }

    async fn count(
        &self,
        store: &Store,
        instance_id: InstanceId,
    ) -> Result<StorageUsage, OperationError> {
        let usage = store.storage_usage(instance_id).await?;
        let count = Count {
            usage,
            counted_at: Instant::now(),
        };
        self.counts.insert(instance_id, Arc::new(Mutex::new(count)));
        Ok(usage)
    }

    /// Adds what was written besides items to what is known.
    pub(crate) fn note(&self, instance_id: InstanceId, items: i64, bytes: i64) {
        if let Some(count) = self.counts.get(&instance_id) {
            let usage = &mut count.lock().usage;
            usage.items = usage.items.saturating_add_signed(items);
            usage.bytes = usage.bytes.saturating_add_signed(bytes);
        }
    }

    /// Adds what was written to what is known: what became of items, and by how many bytes all grew.
    pub(super) fn add(
        &self,
        instance_id: InstanceId,
        outcomes: &[Result<MutationResult, DataError>],
        grown: i64,
    ) {
        if self.quotas.are_none() {
            return;
        }
        let Some(count) = self.counts.get(&instance_id) else {
            return;
        };
        let usage = &mut count.lock().usage;
        usage.bytes = usage.bytes.saturating_add_signed(grown);
        for written in outcomes.iter().flatten() {
            match written {
                MutationResult::Inserted(_) => usage.items += 1,
                MutationResult::Updated(_) => {}
                MutationResult::Removed(_) => usage.items = usage.items.saturating_sub(1),
            }
        }
    }
}

/// The bytes by which a write grew the stored data.
pub(super) fn grown(room: Option<&StorageAllowance>, before: i64) -> i64 {
    room.map_or(0, |room| before.saturating_sub(room.left()))
}

fn exceeded(usage: StorageUsage, items: Option<u64>, bytes: Option<u64>) -> DataError {
    let text = format!(
        "This site keeps {} items with {} bytes, which is as much as its plan allows. Remove items, or upgrade the app.",
        usage.items, usage.bytes
    );
    DataError::new(DataCode::StorageQuota, text)
        .with("items", usage.items)
        .with("bytes", usage.bytes)
        .with("maxItems", items)
        .with("maxBytes", bytes)
}
