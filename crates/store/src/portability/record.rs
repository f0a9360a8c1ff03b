//! One line of an export: JSON with a `kind`.

use std::collections::BTreeMap;

use super::NotImported;
use super::tally::Tally;
use backlot_wix::data::Object;
use backlot_wix::data::collection::Definition;
use backlot_wix::{AppInstance, InstanceId, Role};
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
        /// The version of this format; see [`Record::VERSION`].
        version: u32,
        /// The instance.
        instance_id: InstanceId,
        /// The data of the instance that is not in the export, with counts: secrets and connected accounts,
        /// which open in their own database only, and the like.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        leaves_out: BTreeMap<String, u64>,
    },
    /// When it was seen, and how often.
    Instance {
        /// The first verified request.
        first_seen: Timestamp,
        /// The last one.
        last_seen: Timestamp,
        /// By role: visitor, member, owner, app.
        requests: [u64; Role::COUNT],
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
    /// A link between entities of two systems. Links follow the items, from version 3 on.
    EntityLink {
        /// The collection of links.
        collection: String,
        /// The id in the other system.
        external: String,
        /// The app's own id.
        internal: String,
        /// A hash of the content that both sides had last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
        /// When it was written last.
        updated_at: Timestamp,
    },
    /// Nothing follows.
    End {
        /// How many collections there were.
        collections: u64,
        /// How many items.
        items: u64,
        /// How many links between entities. None before version 3.
        #[serde(default, skip_serializing_if = "is_zero")]
        links: u64,
        /// Over all collections, with all that is said of them, all items with their links, and all links between
        /// entities: the same for the same data.
        checksum: String,
        /// Over everything else: the header, when the instance was seen, what Wix said of it. None in version 1.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        others: String,
    },
}

impl Record {
    /// The version that is written. Earlier ones are read: version 2 has no links between entities, and in version 1 the
    /// checksum covers items and names of collections only.
    pub const VERSION: u32 = 3;
    /// The first version that has links between entities.
    pub const FIRST_WITH_ENTITY_LINKS: u32 = 3;

    /// The end of an export that consists of these records.
    pub fn end_of(records: &[Self]) -> Result<Self, NotImported> {
        let mut tally = Tally::default();
        for record in records {
            tally.add(record)?;
        }
        Ok(tally.end())
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}
