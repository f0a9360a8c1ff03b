//! One line of an export: JSON with a `kind`.

use backlot_wix::data::Object;
use backlot_wix::data::collection::Definition;
use backlot_wix::{AppInstance, InstanceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A record. An export begins with a header and ends with an end; one that has no end is broken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Record {
    /// What follows, and of whom.
    Header {
        /// The version of this format: 1.
        version: u32,
        /// The instance.
        instance_id: InstanceId,
    },
    /// When it was seen, and how often.
    Instance {
        /// The first verified request.
        first_seen: Timestamp,
        /// The last one.
        last_seen: Timestamp,
        /// By role: visitor, member, owner, app.
        requests: [u64; 4],
    },
    /// What Wix said of it.
    Details {
        /// Wix's answer.
        answer: Box<AppInstance>,
        /// When.
        fetched_at: Timestamp,
    },
    /// A collection.
    Collection {
        /// Whether the configuration declares it; then it is not made by an import.
        declared: bool,
        /// How it is defined.
        definition: Box<Definition>,
    },
    /// An item.
    Item {
        /// Its collection.
        collection: String,
        /// All of it, as it goes over the wire.
        data: Object,
        /// What its multi-reference fields hold, by field.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        links: Vec<(String, Vec<String>)>,
    },
    /// Nothing follows.
    End {
        /// How many collections there were.
        collections: u64,
        /// How many items.
        items: u64,
        /// Over all collections and items.
        checksum: String,
    },
}
