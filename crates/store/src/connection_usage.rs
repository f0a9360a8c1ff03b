//! How much each instance has called each connection, by month.

use backlot_wix::InstanceId;

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
