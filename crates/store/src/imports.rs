//! An import that was staged under another id, and replaces an instance's data.

use backlot_wix::InstanceId;

use crate::instance_details::Details;
use crate::instances::ActivityDelta;

/// What is to take the place of what an instance has.
#[derive(Debug, Clone)]
pub struct Import {
    /// Whose place it is.
    pub instance_id: InstanceId,
    /// The unique id under which it was staged.
    pub staged: InstanceId,
    /// Whether what the instance has is removed; otherwise it must have nothing.
    pub replaces: bool,
    /// When it was seen, and how often; what is known stays without.
    pub sighting: Option<ActivityDelta>,
    /// What Wix said of it; what is known stays without.
    pub details: Option<Details>,
}

/// The tables whose rows it consists of, each with an instance's id; in the order in which writers lock them.
pub(crate) const TABLES: [&str; 7] = [
    "collections",
    "index_builds",
    "items",
    "item_keys",
    "item_unique_keys",
    "inexact_indexes",
    "item_links",
];

/// Those in which an instance without items may still have rows.
pub(crate) const LEFT_BEHIND: [&str; 4] = [
    "index_builds",
    "item_keys",
    "item_unique_keys",
    "inexact_indexes",
];
