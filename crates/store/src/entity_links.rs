//! Links: pairs of ids of the same entity in two systems, for syncs in both directions.
//!
//! Within a collection of an instance each id is in one pair at most, on either side.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::StoreError;
use crate::items::allowance::link_bytes;
use crate::sql::Row;

/// A pair of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityLink {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The collection of pairs.
    pub collection: String,
    /// The id in the other system.
    pub external: String,
    /// The app's own id.
    pub internal: String,
    /// A hash of the content that both sides had last.
    pub hash: Option<String>,
    /// When it was written last.
    pub updated_at: Timestamp,
}

impl EntityLink {
    /// Bytes that it takes up, as quotas count them.
    pub fn bytes(&self) -> usize {
        let hash = self.hash.as_ref().map_or(0, String::len);
        link_bytes(&self.external, &self.internal) + hash
    }
}

/// One side of a link, by which it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkSide<'id> {
    /// The id in the other system.
    External(&'id str),
    /// The app's own id.
    Internal(&'id str),
}

/// What became of an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityLinkUpsert {
    /// Neither id was in a pair.
    Inserted,
    /// One of the ids was in this pair, which the new one replaced.
    Updated(EntityLink),
    /// The ids are in two pairs, and nothing was changed.
    Conflict {
        /// The pair of the external id.
        of_external: EntityLink,
        /// The pair of the internal id.
        of_internal: EntityLink,
    },
}

macro_rules! link_columns {
    () => {
        "SELECT instance_id, collection, external, internal, hash, updated_at_ms FROM entity_links "
    };
}

pub(crate) use link_columns;

pub(crate) const INSERT_LINK: &str = "
    INSERT INTO entity_links (instance_id, collection, external, internal, hash, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const UPDATE_LINK: &str = "
    UPDATE entity_links SET external = $1, internal = $2, hash = $3, updated_at_ms = $4
    WHERE instance_id = $5 AND collection = $6 AND external = $7";

pub(crate) fn read_link(row: &Row<'_>) -> Result<EntityLink, StoreError> {
    Ok(EntityLink {
        instance_id: row.instance_id(0)?,
        collection: row.get(1)?,
        external: row.get(2)?,
        internal: row.get(3)?,
        hash: row.get(4)?,
        updated_at: row.timestamp(5)?,
    })
}

/// Returns what the pairs that have one of the ids say about an upsert; `None` if there are none.
pub(crate) fn present(found: Vec<EntityLink>, link: &EntityLink) -> Option<EntityLinkUpsert> {
    let mut found = found.into_iter();
    let first = found.next()?;
    Some(match found.next() {
        None => EntityLinkUpsert::Updated(first),
        Some(second) => {
            let (of_external, of_internal) = if first.external == link.external {
                (first, second)
            } else {
                (second, first)
            };
            EntityLinkUpsert::Conflict {
                of_external,
                of_internal,
            }
        }
    })
}
