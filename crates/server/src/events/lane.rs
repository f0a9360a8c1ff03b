//! The lane of a delivery, within its subscription and instance.

use aws_lc_rs::digest::{SHA256, digest};

/// The longest lane that is stored as it is. It is part of a key.
const MAX_LANE_BYTES: usize = 200;

/// What the deliveries of a subscription are in order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventOrder {
    /// Each entity.
    #[default]
    Entity,
    /// Each instance.
    Instance,
    /// Nothing.
    None,
}

/// What an event is about, as far as its order depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneKey<'event> {
    /// An entity of a kind.
    Entity {
        /// Such as `wix.contacts.v4.contact`.
        kind: &'event str,
        /// Its id.
        id: &'event str,
    },
    /// The instance itself: it was installed, or its plan changed.
    Instance,
    /// Nothing that other events are about.
    Nothing,
}

impl EventOrder {
    /// Returns whether the events of a lane have their order by the entity's sequence: it has those of one entity only.
    pub(super) const fn is_by_sequence(self, key: LaneKey<'_>) -> bool {
        matches!((self, key), (Self::Entity, LaneKey::Entity { .. }))
    }

    /// Returns the lane of an event's delivery.
    pub(super) fn lane(self, key: LaneKey<'_>, source: &str, event_id: &str) -> String {
        let lane = match (self, key) {
            (Self::Instance, _) | (Self::Entity, LaneKey::Instance) => String::new(),
            (Self::Entity, LaneKey::Entity { kind, id }) => format!("{kind}/{id}"),
            (Self::None, _) | (Self::Entity, LaneKey::Nothing) => {
                format!("event:{source}/{event_id}")
            }
        };
        // Databases do not take a zero in text.
        if lane.len() > MAX_LANE_BYTES || lane.contains('\0') {
            const_hex::encode(digest(&SHA256, lane.as_bytes()))
        } else {
            lane
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes() {
        let entity = LaneKey::Entity {
            kind: "wix.x.v1.y",
            id: "7",
        };
        let lane = |order: EventOrder, key| order.lane(key, "wix", "e");
        assert_eq!(lane(EventOrder::Entity, entity), "wix.x.v1.y/7");
        assert_eq!(lane(EventOrder::Entity, LaneKey::Instance), "");
        assert_eq!(lane(EventOrder::Entity, LaneKey::Nothing), "event:wix/e");
        assert_eq!(lane(EventOrder::Instance, entity), "");
        assert_eq!(lane(EventOrder::None, entity), "event:wix/e");
        assert!(EventOrder::Entity.is_by_sequence(entity));
        assert!(!EventOrder::Instance.is_by_sequence(entity));
        let long = "x".repeat(300);
        let key = LaneKey::Entity {
            kind: "k",
            id: &long,
        };
        assert_eq!(lane(EventOrder::Entity, key).len(), 64);
        let zero = LaneKey::Entity {
            kind: "k",
            id: "\0",
        };
        assert_eq!(lane(EventOrder::Entity, zero).len(), 64);
    }
}
