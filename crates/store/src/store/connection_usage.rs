//! Usage of connections.

use crate::StoreError;
use crate::connection_usage::ConnectionUsage;
use backlot_wix::InstanceId;

repository! {
    /// Adds a batch to what is known, all of it or nothing.
    async fn add_connection_usage(&self, batch: Vec<ConnectionUsage>) -> Result<(), StoreError>;

    /// What an instance has used, of this month or of all: by month, then by connection.
    async fn connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> Result<Vec<ConnectionUsage>, StoreError>;

    /// How many calls an instance has made over a connection in this month.
    async fn connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> Result<u64, StoreError>;

    /// Every instance's usage of every connection in this month, most calls first, at most so many.
    async fn connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> Result<Vec<ConnectionUsage>, StoreError>;
}
