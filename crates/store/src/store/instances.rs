//! Instances that were seen.

use crate::StoreError;
use crate::instances::{ActivityDelta, Instance, StorageUsage, Totals};
use backlot_wix::InstanceId;

repository! {
    /// Adds a batch to what is known, all of it or nothing.
    async fn record_sightings(&self, batch: Vec<ActivityDelta>) -> Result<(), StoreError>;

    /// One instance.
    async fn instance(&self, instance_id: InstanceId) -> Result<Option<Instance>, StoreError>;

    /// The instances seen last, newest first.
    async fn latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError>;

    /// Every instance that anything is kept of, by id: after this one, at most so many.
    async fn instances_after(
        &self,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError>;

    /// Counts all instances and all items, one by one.
    async fn totals(&self) -> Result<Totals, StoreError>;

    /// Counts the items of an instance, one by one.
    async fn storage_usage(&self, instance_id: InstanceId) -> Result<StorageUsage, StoreError>;

    /// Removes everything that is kept of an instance. Returns how many items it had.
    async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError>;
}

impl crate::Store {
    /// Returns whether anything is stored of an instance.
    pub async fn is_known(&self, instance_id: InstanceId) -> Result<bool, StoreError> {
        let number = u128::from_be_bytes(*instance_id.as_bytes());
        let before = number.checked_sub(1);
        let before = before.map(|it| InstanceId::from_bytes(it.to_be_bytes()));
        let next = self.instances_after(before, 1).await?;
        Ok(next.first() == Some(&instance_id))
    }
}
