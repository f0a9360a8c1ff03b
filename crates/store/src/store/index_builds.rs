//! Builds of indexes.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::index_builds::BuildProgress;
use crate::sql::{Row, Scope, bind};

const LIST_INSTANCES: &str = "
    SELECT DISTINCT instance_id FROM index_builds WHERE state IN ('CLEARING', 'BUILDING') LIMIT $1";

const FIND_UNFINISHED: &str = "
    SELECT instance_id FROM index_builds
    WHERE instance_id = $1 AND state IN ('CLEARING', 'BUILDING') LIMIT 1";

repository! {
    /// Does the next piece of a build of an instance.
    async fn build_piece(&self, instance_id: InstanceId) -> Result<BuildProgress, StoreError>;

    /// Restarts the failed builds of collections that the configuration declares.
    async fn retry_failed_builds(&self) -> Result<(), StoreError>;
}

impl Store {
    /// Lists instances with builds that have not ended, in no order.
    pub async fn list_instances_with_builds(
        &self,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let read = |row: &Row<'_>| row.instance_id(0);
        self.query(Scope::Owner, LIST_INSTANCES, &bind![limit], read)
            .await
    }

    /// Returns whether an instance has builds that have not ended.
    pub async fn has_builds(&self, instance_id: InstanceId) -> Result<bool, StoreError> {
        let read = |row: &Row<'_>| row.instance_id(0);
        let scope = Scope::Tenant(instance_id);
        let values = bind![instance_id];
        let found = self.query_one_short(scope, FIND_UNFINISHED, &values, read);
        Ok(found.await?.is_some())
    }
}
