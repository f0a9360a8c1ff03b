//! Deliveries that are claimed and wait for their attempt, in turn over instances.

use std::collections::{HashMap, VecDeque};

use backlot_store::events::{ClaimedDelivery, DeliveryLease};
use backlot_wix::InstanceId;

/// Claimed deliveries, and how many attempts each instance has under way.
#[derive(Debug, Default)]
pub(super) struct PendingDeliveries {
    claimed: VecDeque<ClaimedDelivery>,
    under_way: HashMap<InstanceId, usize>,
}

impl PendingDeliveries {
    pub(super) fn len(&self) -> usize {
        self.claimed.len()
    }

    pub(super) fn push(&mut self, claimed: ClaimedDelivery) {
        self.claimed.push_back(claimed);
    }

    /// Finds the delivery whose instance has the fewest attempts under way; of several, the first. Returns `None` if each
    /// instance has `most` under way.
    pub(super) fn next(&self, most: usize) -> Option<usize> {
        let instances = self.claimed.iter().map(|it| it.lease.instance_id);
        let under_way = |id: &InstanceId| self.under_way.get(id).copied().unwrap_or_default();
        let next = instances
            .enumerate()
            .min_by_key(|(index, id)| (under_way(id), *index));
        let (index, _) = next.filter(|(_, id)| under_way(id) < most)?;
        Some(index)
    }

    /// Takes a delivery whose attempt begins.
    pub(super) fn begin(&mut self, index: usize) -> Option<ClaimedDelivery> {
        let next = self.claimed.remove(index)?;
        *self.under_way.entry(next.lease.instance_id).or_default() += 1;
        Some(next)
    }

    /// Notes that an attempt has ended.
    pub(super) fn end(&mut self, instance_id: InstanceId) {
        if let Some(count) = self.under_way.get_mut(&instance_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.under_way.remove(&instance_id);
            }
        }
    }

    /// Takes those that wait, of these leases.
    pub(super) fn take(
        &mut self,
        is_taken: impl Fn(&DeliveryLease) -> bool,
    ) -> impl Iterator<Item = ClaimedDelivery> {
        let (taken, left) = std::mem::take(&mut self.claimed)
            .into_iter()
            .partition::<VecDeque<_>, _>(|it| is_taken(&it.lease));
        self.claimed = left;
        taken.into_iter()
    }
}
