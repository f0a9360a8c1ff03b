//! Whether items can be in indexes that are to be built, found out without building them.

use std::collections::{HashMap, HashSet};

use backlot_wix::data::collection::IndexId;
use backlot_wix::data::{DataError, Object};

use crate::collections::{Collection, Prepared};
use crate::items::effect::not_unique;
use crate::items::key_change::{Rebuild, not_indexable};

/// The indexes that a definition adds, and the unique keys of the items of one instance.
pub(crate) struct IndexTrial<'collection> {
    indexes: Vec<&'collection Prepared>,
    seen: HashMap<IndexId, HashSet<Vec<u8>>>,
}

impl<'collection> IndexTrial<'collection> {
    /// Begins with those that a collection has and another one has not.
    pub(crate) fn new(old: &'collection Collection, new: &'collection Collection) -> Self {
        Self {
            indexes: Rebuild::new(old, new).added,
            seen: HashMap::new(),
        }
    }

    /// Whether there is nothing to look at.
    pub(crate) const fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }

    /// Looks at an item: `WDE0112` if it cannot be in an index, `WDE0123` if an earlier one has the same unique value.
    pub(crate) fn look(&mut self, item: &Object) -> Result<(), DataError> {
        for index in &self.indexes {
            let keys = index.index.keys(item);
            let keys = keys.map_err(|error| not_indexable(&index.index, error))?;
            if !index.index.unique {
                continue;
            }
            let seen = self.seen.entry(index.id).or_default();
            for key in keys.keys {
                if !seen.insert(key) {
                    return Err(not_unique(&index.index));
                }
            }
        }
        Ok(())
    }
}
