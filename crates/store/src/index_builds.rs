//! Builds of indexes: the keys of a large collection come, and go, in pieces.
//!
//! A changed definition counts at once. The keys that its new indexes need, or that its dropped ones leave, are then
//! made or removed piece by piece, each in a transaction that writes down how far the build has come, so that any node
//! goes on where another one ended. A collection that is no larger than a piece is done with its definition.
//!
//! - An index serves queries only once it is ready. A query that was planned by an index is believed only if the
//!   collection still has the revision that the plan was made for: an index that is ready stays so until then.
//! - Writes keep the keys of an index that is being built, so whatever the order of pieces and writes, the keys are
//!   complete in the end. They keep none of an index that is being cleared, or that failed.
//! - An index that is added again while its old keys are being cleared is built afterwards. The collection then gets a
//!   new revision, so that no write still leaves its keys out.

use backlot_wix::data::Object;

use crate::collections::Prepared;
pub(crate) use crate::index_state::UnreadyIndex;
pub use crate::index_state::{IndexFailure, IndexState};
use crate::items::key_change::not_indexable;

/// The most items of a piece. Between two pieces, others have their turn.
pub const MAX_PIECE_ITEMS: usize = 200;
/// The most bytes of items of a piece, unless one item is more.
pub const MAX_PIECE_BYTES: usize = 512 * 1024;
/// The most keys that a piece makes or removes, unless one item has more.
pub const MAX_PIECE_KEYS: usize = 1_000;

/// How much a piece, or a change of a definition, may still do.
#[derive(Debug, Clone)]
pub(crate) struct PieceRoom {
    items: usize,
    bytes: usize,
    keys: usize,
}

impl Default for PieceRoom {
    fn default() -> Self {
        Self {
            items: MAX_PIECE_ITEMS,
            bytes: MAX_PIECE_BYTES,
            keys: MAX_PIECE_KEYS,
        }
    }
}

impl PieceRoom {
    /// The items that still fit.
    pub(crate) const fn items(&self) -> usize {
        self.items
    }

    /// Takes room for an item; false when there is none.
    pub(crate) const fn take(&mut self, bytes: usize, keys: usize) -> bool {
        if self.items == 0 || self.bytes < bytes || self.keys < keys {
            return false;
        }
        self.items -= 1;
        self.bytes -= bytes;
        self.keys -= keys;
        true
    }

    /// The same, but a first item always has room.
    pub(crate) const fn take_or_first(&mut self, bytes: usize, keys: usize) -> bool {
        if self.items == MAX_PIECE_ITEMS {
            self.items -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
            self.keys = self.keys.saturating_sub(keys);
            return true;
        }
        self.take(bytes, keys)
    }
}

/// What a change of a definition may do at once, in its own transaction. The rest is left to pieces.
#[derive(Debug, Clone)]
pub(crate) struct AtOnce {
    /// For items whose keys are made.
    pub(crate) room: PieceRoom,
    /// Keys that may be removed.
    pub(crate) removals: usize,
}

impl Default for AtOnce {
    fn default() -> Self {
        Self {
            room: PieceRoom::default(),
            removals: MAX_PIECE_KEYS,
        }
    }
}

/// The keys of one item in one index.
#[derive(Debug, Clone)]
pub(crate) struct ItemKeys {
    pub(crate) sequence: i64,
    pub(crate) item_id: String,
    pub(crate) keys: Vec<Vec<u8>>,
    /// Whether the item sorts as its one key does.
    pub(crate) is_exact: bool,
}

impl ItemKeys {
    /// Works them out.
    pub(crate) fn new(
        index: &Prepared,
        sequence: i64,
        item_id: &str,
        object: &Object,
    ) -> Result<Self, IndexFailure> {
        let keys = index.index.keys(object).map_err(|error| {
            IndexFailure::from_fault(&not_indexable(&index.index, error), item_id)
        })?;
        Ok(Self {
            sequence,
            item_id: item_id.to_owned(),
            is_exact: keys.exact || keys.keys.is_empty(),
            keys: keys.keys,
        })
    }
}

/// What became of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildProgress {
    /// There was no build that this node can go on with.
    Idle,
    /// The build has come further, or starts its piece again because something changed meanwhile.
    Advanced,
    /// The build is over: the index is ready, or nothing is left of it.
    Ended,
    /// The build is over, and the index does nothing.
    Failed {
        /// Its collection.
        collection: String,
        /// Its name.
        index: String,
        /// Why.
        failure: IndexFailure,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_holds_its_limits_but_for_its_first_item() {
        let mut room = PieceRoom::default();
        assert!(!room.take(MAX_PIECE_BYTES + 1, 1));
        assert!(room.take_or_first(MAX_PIECE_BYTES + 1, MAX_PIECE_KEYS + 1));
        assert!(!room.take_or_first(1, 0));
        let mut room = PieceRoom::default();
        let taken = (0..MAX_PIECE_BYTES)
            .take_while(|_| room.take_or_first(1, 1))
            .count();
        assert_eq!(taken, MAX_PIECE_ITEMS);
        let mut room = PieceRoom::default();
        let taken = (0..MAX_PIECE_ITEMS)
            .take_while(|_| room.take_or_first(1, 300))
            .count();
        assert_eq!(taken, MAX_PIECE_KEYS / 300);
    }
}
