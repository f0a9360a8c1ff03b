//! What becomes of an item's keys when the item changes: pure, the same for every database.

use backlot_wix::data::collection::Keys;
use backlot_wix::data::{DataCode, Fault, Object};

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
) -> Result<Vec<KeyChange<'collection>>, Fault> {
    let mut changes = Vec::with_capacity(collection.indexes.len());
    for index in &collection.indexes {
        let keys = |object: Option<&Object>| match object {
            Some(object) => index.index.keys(object),
            None => Ok(Keys::default()),
        };
        // What is there could be indexed when it was written.
        let old = keys(old).unwrap_or_default().keys;
        let new = keys(new).map_err(|error| {
            let text = format!(
                "The item cannot be in the index {}: {error}.",
                index.index.name
            );
            Fault::new(DataCode::BadIndex, text)
        })?;
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

/// What a change of a collection's definition asks of the keys of its items.
pub(crate) struct Rebuild<'collection> {
    /// Indexes whose keys are to go, among them those that are built anew: keys from an earlier time,
    /// when the collection was declared before, are not trusted.
    pub(crate) dropped: Vec<&'collection Prepared>,
    /// The collection with only those indexes that are to be built.
    pub(crate) added: Collection,
}

impl<'collection> Rebuild<'collection> {
    /// Compares the indexes before and after.
    pub(crate) fn new(old: &'collection Collection, new: &'collection Collection) -> Self {
        let not_in = |index: &Prepared, others: &Collection| {
            others.indexes.iter().all(|it| it.id != index.id)
        };
        let gone = old.indexes.iter().filter(|index| not_in(index, new));
        let built = new.indexes.iter().filter(|index| not_in(index, old));
        let mut added = new.clone();
        added.indexes.retain(|index| not_in(index, old));
        Self {
            dropped: gone.chain(built).collect(),
            added,
        }
    }
}
