//! The instances that have been seen: every tenant that ever proved itself.

use backlot_wix::{InstanceId, Role};
use jiff::Timestamp;

/// What happened with one instance since the last time it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityDelta {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The first verified request of this batch.
    pub first_seen: Timestamp,
    /// The last verified request of this batch.
    pub last_seen: Timestamp,
    /// Verified requests by role, in the order of [`Role::ALL`].
    pub requests: [u64; Role::COUNT],
    /// The plan that the last signed instance named, empty for none. `None` where no signed instance came.
    pub plan: Option<String>,
    /// The site that a credential named last.
    pub site_id: Option<String>,
}

/// What is known of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The first verified request ever.
    pub first_seen: Timestamp,
    /// The latest verified request that has been written down.
    pub last_seen: Timestamp,
    /// Verified requests by role, in the order of [`Role::ALL`].
    pub requests: [u64; Role::COUNT],
    /// The plan that the last signed instance named, empty for none. `None` where no signed instance ever came.
    pub plan: Option<String>,
    /// The site that a credential named last.
    pub site_id: Option<String>,
}

/// Writes a piece of SQL for each role's column of requests, with commas between.
pub(crate) fn request_columns(piece: impl Fn(&str) -> String) -> String {
    Role::ALL
        .map(|role| piece(&format!("{role}_requests")))
        .join(", ")
}

/// What the items and links of one instance take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StorageUsage {
    /// Items of all collections, and links to entities of other systems.
    pub items: u64,
    /// Bytes of these items as JSON, of the references between them, and of links.
    pub bytes: u64,
}

/// How much there is in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Instances that anything is kept of.
    pub instances: u64,
    /// Items of all of them.
    pub items: u64,
}
