//! What becomes of an item's keys when the item changes: pure, the same for every database.

use backlot_wix::data::collection::{Index, KeyError, Keys};
use backlot_wix::data::{DataCode, DataError, Object};

use crate::collections::{Collection, Prepared};

/// What an item's keys in one index become: those to take away, and those to add.
#[derive(Debug)]
pub(crate) struct KeyChange<'collection> {
    /// The index.
    pub(crate) index: &'collection Prepared,
    /// Keys of the item before, and no more.
    pub(crate) gone: Vec<Vec<u8>>,
    /// Keys of the item now, and not before.
    pub(crate) new: Vec<Vec<u8>>,
    /// Whether the item sorts as its one key does.
    pub(crate) exact: bool,
}

/// Compares the keys of an item before and after.
pub(crate) fn changes<'collection>(
    collection: &'collection Collection,
    old: Option<&Object>,
    new: Option<&Object>,
) -> Result<Vec<KeyChange<'collection>>, DataError> {
    let mut changes = Vec::with_capacity(collection.indexes.len());
    for index in collection.maintained_indexes() {
        let keys = |object: Option<&Object>| match object {
            Some(object) => index.index.keys(object),
            None => Ok(Keys::default()),
        };
        // What is there could be indexed when it was written.
        let old = keys(old).unwrap_or_default().keys;
        let new = keys(new).map_err(|error| not_indexable(&index.index, error))?;
        changes.push(KeyChange {
            index,
            gone: old
                .iter()
                .filter(|key| !new.keys.contains(key))
                .cloned()
                .collect(),
            exact: new.exact || new.keys.is_empty(),
            new: new
                .keys
                .into_iter()
                .filter(|key| !old.contains(key))
                .collect(),
        });
    }
    Ok(changes)
}

/// `WDE0112`
pub(crate) fn not_indexable(index: &Index, error: KeyError) -> DataError {
    let text = format!("The item cannot be in the index {}: {error}.", index.name);
    DataError::new(DataCode::BadIndex, text)
}

/// What a change of a collection's definition asks of the keys of its items.
pub(crate) struct Rebuild<'collection> {
    /// Indexes whose keys are to go.
    pub(crate) dropped: Vec<&'collection Prepared>,
    /// Indexes that are to be built. Keys that they have from an earlier time, when the collection was declared before
    /// or the index was dropped, are not trusted.
    pub(crate) added: Vec<&'collection Prepared>,
}

impl<'collection> Rebuild<'collection> {
    /// Compares the indexes before and after.
    pub(crate) fn new(old: &'collection Collection, new: &'collection Collection) -> Self {
        let not_in = |index: &Prepared, others: &Collection| {
            others.indexes.iter().all(|it| it.id != index.id)
        };
        let dropped = old.indexes.iter().filter(|index| not_in(index, new));
        let added = new.indexes.iter().filter(|index| not_in(index, old));
        Self {
            dropped: dropped.collect(),
            added: added.collect(),
        }
    }
}
