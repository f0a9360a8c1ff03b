//! Builds of indexes.

use crate::StoreError;
use crate::index_builds::BuildProgress;
use backlot_wix::InstanceId;

repository! {
    /// Instances with builds that are not at their end, in no order.
    async fn instances_with_builds(&self, limit: u32) -> Result<Vec<InstanceId>, StoreError>;

    /// Whether an instance has builds that are not at their end.
    async fn has_builds(&self, instance_id: InstanceId) -> Result<bool, StoreError>;

    /// Does the next piece of a build of an instance.
    async fn build_piece(&self, instance_id: InstanceId) -> Result<BuildProgress, StoreError>;

    /// Restarts the failed builds of collections that the configuration declares.
    async fn retry_failed_builds(&self) -> Result<(), StoreError>;
}
