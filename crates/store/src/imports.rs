//! An import under a temporary id, which is to take an instance's place.

use backlot_wix::InstanceId;

use crate::instance_details::Details;
use crate::instances::ActivityDelta;

/// What is to take the place of what an instance has.
#[derive(Debug, Clone)]
pub struct Import {
    /// Whose place it is.
    pub instance_id: InstanceId,
    /// The id that it arrives under, which no other instance has.
    pub staged: InstanceId,
    /// Whether what the instance has is removed; otherwise it must have nothing.
    pub replaces: bool,
    /// When it was seen, and how often; what is known stays without.
    pub sighting: Option<ActivityDelta>,
    /// What Wix said of it; what is known stays without.
    pub details: Option<Details>,
}
