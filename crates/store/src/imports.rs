//! An import under a temporary id, which is to take an instance's place.

use backlot_wix::InstanceId;

use crate::instance_details::Details;
use crate::instances::ActivityDelta;
use crate::tables::{CONTENT, ENTITY_LINKS};

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
    /// Whether links between entities are replaced, too; otherwise those of the instance stay.
    pub has_entity_links: bool,
}

impl Import {
    /// The tables whose rows are replaced, in the order in which writers lock them.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static str> {
        CONTENT
            .into_iter()
            .filter(|table| self.has_entity_links || *table != ENTITY_LINKS)
    }
}
