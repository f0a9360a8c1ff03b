//! How much each instance has called each connection, by month.

use backlot_wix::InstanceId;

use crate::StoreError;

/// Calls of one instance over one connection in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionUsage {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the connection.
    pub connection: String,
    /// Year and month, as in 202611.
    pub month: i32,
    /// All calls.
    pub calls: u64,
    /// Those that did not go well.
    pub errors: u64,
    /// What was sent to the third party, in bytes.
    pub bytes_sent: u64,
    /// What it sent back, in bytes.
    pub bytes_received: u64,
    /// How long the calls took, all together.
    pub milliseconds: u64,
}

/// The store of usage.
pub trait ConnectionUsages {
    /// Adds a batch to what is known, all of it or nothing.
    fn add_connection_usage(
        &self,
        batch: Vec<ConnectionUsage>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What an instance has used, of this month or of all: by month, then by connection.
    fn connection_usage(
        &self,
        instance_id: InstanceId,
        month: Option<i32>,
    ) -> impl Future<Output = Result<Vec<ConnectionUsage>, StoreError>> + Send;

    /// How many calls an instance has made over a connection in this month.
    fn connection_calls(
        &self,
        instance_id: InstanceId,
        connection: &str,
        month: i32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every instance's usage of every connection in this month, most calls first, at most so many.
    fn connection_totals(
        &self,
        month: i32,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ConnectionUsage>, StoreError>> + Send;
}
