//! A batch, worked off in memory: what becomes of each write, and what is to be changed in the end.
//!
//! All that the batch touches is locked and known beforehand ([`super::read_set`]), so each write is done or
//! refused here, in its turn, and the database gets only the sum. If another transaction comes in between, the
//! sum does not fit, and all of it is done again.

use std::collections::{HashMap, HashSet};

use backlot_wix::data::collection::IndexId;
use backlot_wix::data::{DataError, Object};

use super::link_changes::LinkChanges;
use crate::StoreError;
use crate::items::effect::{LinkChange, StoredItem, not_unique};
use crate::items::key_change::{KeyChange, changes};
use crate::items::mutation::{Mutation, Outcome, is_failure};
use crate::items::{Batch, CollectionRef, Item, MutationResult, StorageAllowance};

/// A key of a unique index.
pub(super) type UniqueKey = (IndexId, Vec<u8>);

/// What was there before.
#[derive(Debug, Default)]
pub(super) struct ReadSet {
    /// The items that the batch changes.
    pub(super) items: HashMap<String, (Item, Object)>,
    /// Ids that cannot be inserted.
    pub(super) taken: HashSet<String>,
    /// Places for new items, in the order of insertion.
    pub(super) sequences: Vec<i64>,
    /// Whether unique keys are taken, as far as that was asked.
    pub(super) unique: HashMap<UniqueKey, bool>,
}

/// An item as it is to be.
#[derive(Debug, Clone)]
struct Now {
    sequence: i64,
    item: Item,
    object: Object,
}

/// What is to be changed.
#[derive(Debug, Default)]
pub(super) struct WritePlan {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) links: LinkChanges,
    /// Keys of unique indexes of which it is not known whether they are taken.
    pub(super) unknown: Vec<UniqueKey>,
    /// How much more may be kept then.
    pub(super) room_left: Option<i64>,
    items: HashMap<String, Option<Now>>,
}

/// Works off a batch.
pub(super) fn simulate(
    of: &CollectionRef,
    batch: &Batch,
    before: &ReadSet,
) -> Result<WritePlan, StoreError> {
    let room = batch.room.as_ref().map(StorageAllowance::fork);
    let mut simulation = Simulation {
        room,
        of,
        batch,
        before,
        sequences: before.sequences.iter(),
        unique: HashMap::new(),
        plan: WritePlan::default(),
    };
    for write in &batch.writes {
        let outcome = simulation.write(write)?;
        let failed = batch.stops_at_failure && is_failure(&outcome);
        simulation.plan.outcomes.push(if batch.tells_items {
            outcome
        } else {
            outcome.map(MutationResult::without_json)
        });
        if failed {
            break;
        }
    }
    simulation.plan.room_left = simulation.room.as_ref().map(StorageAllowance::left);
    Ok(simulation.plan)
}

struct Simulation<'batch> {
    /// How much more may be kept.
    room: Option<StorageAllowance>,
    of: &'batch CollectionRef,
    batch: &'batch Batch,
    before: &'batch ReadSet,
    sequences: std::slice::Iter<'batch, i64>,
    /// Unique keys that the batch took or gave up.
    unique: HashMap<UniqueKey, bool>,
    plan: WritePlan,
}

impl Simulation<'_> {
    fn write(&mut self, write: &Mutation) -> Result<Outcome, StoreError> {
        let id = write.item_id();
        let existing = if write.needs_existing() {
            self.existing(id)
        } else {
            None
        };
        let object = existing.as_ref().map(|now| &now.object);
        let change = match write.change(&self.of.collection, self.batch, object) {
            Ok(change) => change,
            Err(fault) => return Ok(Err(fault)),
        };
        let before = existing.as_ref().map_or(0, |now| now.item.json.len());
        let growth = change.growth(before);
        let room = self.room.as_ref().map_or(Ok(()), |room| room.check(growth));
        let outcome = match (existing, change.new) {
            (None, Some(new)) => self.insert(new, change.links, room)?,
            (Some(now), Some(new)) => match room {
                Ok(()) => self.update(&now, new, change.links),
                Err(fault) => Err(fault),
            },
            (Some(now), None) => self.remove(id, now),
            (None, None) => return Err(StoreError::Internal("a write of nothing".to_owned())),
        };
        if let (Ok(_), Some(room)) = (&outcome, &self.room) {
            room.grow(growth);
        }
        Ok(outcome)
    }

    /// The item as the batch has left it so far.
    fn existing(&self, id: &str) -> Option<Now> {
        if let Some(now) = self.plan.items.get(id) {
            return now.clone();
        }
        let (item, object) = self.before.items.get(id)?;
        Some(Now {
            sequence: item.sequence,
            item: item.clone(),
            object: object.clone(),
        })
    }

    fn is_there(&self, id: &str) -> bool {
        match self.plan.items.get(id) {
            Some(now) => now.is_some(),
            None => self.before.items.contains_key(id) || self.before.taken.contains(id),
        }
    }

    fn insert(
        &mut self,
        new: StoredItem,
        links: Vec<LinkChange>,
        room: Result<(), DataError>,
    ) -> Result<Outcome, StoreError> {
        // That the id is taken says more than that a value is: a repeated insert of the same item
        // expects it.
        if self.is_there(&new.id) {
            let collection = &self.of.collection.definition.id;
            return Ok(Err(DataError::item_exists(&new.id, collection)));
        }
        let keys = match self.keys(None, Some(&new.object)) {
            Ok(keys) => keys,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Err(fault) = room {
            return Ok(Err(fault));
        }
        let Some(sequence) = self.sequences.next() else {
            return Err(StoreError::Internal("no place for an item".to_owned()));
        };
        self.take(keys);
        let item = self.put(new, *sequence, links);
        Ok(Ok(MutationResult::Inserted(item)))
    }

    fn update(&mut self, now: &Now, new: StoredItem, links: Vec<LinkChange>) -> Outcome {
        let keys = self.keys(Some(&now.object), Some(&new.object))?;
        self.take(keys);
        Ok(MutationResult::Updated(self.put(new, now.sequence, links)))
    }

    fn remove(&mut self, id: &str, now: Now) -> Outcome {
        let keys = self.keys(Some(&now.object), None)?;
        self.take(keys);
        self.plan.items.insert(id.to_owned(), None);
        self.plan.links.forget(&self.of.collection.definition, id);
        Ok(MutationResult::Removed(now.item))
    }

    fn put(&mut self, new: StoredItem, sequence: i64, links: Vec<LinkChange>) -> Item {
        self.plan.links.change(&new.id, links);
        let object = new.object.clone();
        let item = new.placed(sequence);
        let now = Now {
            sequence,
            item: item.clone(),
            object,
        };
        self.plan.items.insert(item.id.clone(), Some(now));
        item
    }

    /// `WDE0123` if another item has a key that must be unique.
    fn keys(
        &mut self,
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> Result<Vec<(UniqueKey, bool)>, DataError> {
        let mut unique = Vec::new();
        for change in changes(&self.of.collection, old, new)? {
            if !change.index.index.unique {
                continue;
            }
            let KeyChange {
                index, gone, new, ..
            } = change;
            for key in new {
                let key = (index.id, key);
                if self.is_taken(&key) {
                    return Err(not_unique(&index.index));
                }
                unique.push((key, true));
            }
            unique.extend(gone.into_iter().map(|key| ((index.id, key), false)));
        }
        Ok(unique)
    }

    fn is_taken(&mut self, key: &UniqueKey) -> bool {
        let known = self.unique.get(key).or_else(|| self.before.unique.get(key));
        if let Some(known) = known {
            return *known;
        }
        self.plan.unknown.push(key.clone());
        false
    }

    fn take(&mut self, keys: Vec<(UniqueKey, bool)>) {
        self.unique.extend(keys);
    }
}

/// The sum as rows.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Items that go, with their places.
    pub(super) deleted: Vec<(String, i64)>,
    /// New items: the item, and all of it.
    pub(super) inserted: Vec<(Item, Object)>,
    /// Changed items, in the same way.
    pub(super) updated: Vec<(Item, Object)>,
    pub(super) gone: KeyRows,
    pub(super) unique_gone: KeyRows,
    pub(super) new: KeyRows,
    pub(super) unique_new: KeyRows,
    /// Indexes that are inexact from now on.
    pub(super) inexact: Vec<IndexId>,
}

/// Keys, column by column.
#[derive(Debug, Default)]
pub(super) struct KeyRows {
    pub(super) indexes: Vec<IndexId>,
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) sequences: Vec<i64>,
}

impl KeyRows {
    pub(super) const fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }

    /// Each of them: index, key, and place of the item.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (IndexId, Vec<u8>, i64)> {
        let keys = self.indexes.into_iter().zip(self.keys);
        keys.zip(self.sequences)
            .map(|((index, key), sequence)| (index, key, sequence))
    }

    fn extend(&mut self, index: IndexId, keys: Vec<Vec<u8>>, sequence: i64) {
        for key in keys {
            self.indexes.push(index);
            self.keys.push(key);
            self.sequences.push(sequence);
        }
    }
}

impl Rows {
    /// Adds up what a batch has left of each item.
    pub(super) fn new(
        of: &CollectionRef,
        plan: &mut WritePlan,
        before: &ReadSet,
    ) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        let mut items: Vec<_> = std::mem::take(&mut plan.items).into_iter().collect();
        // The same order on every node, so that two batches do not wait for each other.
        items.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for (id, now) in items {
            let old = before
                .items
                .get(&id)
                .map(|(item, object)| (item.sequence, object));
            let new = now.as_ref().map(|now| (now.sequence, &now.object));
            match (old, new) {
                (Some((before, old)), Some((sequence, new))) if before == sequence => {
                    rows.add_keys(of, sequence, Some(old), Some(new))?;
                }
                _ => {
                    if let Some((sequence, old)) = old {
                        rows.add_keys(of, sequence, Some(old), None)?;
                        rows.deleted.push((id.clone(), sequence));
                    }
                    if let Some((sequence, new)) = new {
                        rows.add_keys(of, sequence, None, Some(new))?;
                    }
                }
            }
            if let Some(now) = now {
                let is_new = old.is_none_or(|(before, _)| before != now.sequence);
                let list = if is_new {
                    &mut rows.inserted
                } else {
                    &mut rows.updated
                };
                list.push((now.item, now.object));
            }
        }
        Ok(rows)
    }

    /// How many keys come.
    pub(super) const fn new_keys(&self) -> usize {
        self.new.indexes.len() + self.unique_new.indexes.len()
    }

    pub(super) fn add_keys(
        &mut self,
        of: &CollectionRef,
        sequence: i64,
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> Result<(), DataError> {
        let changes = changes(&of.collection, old, new)?;
        for KeyChange {
            index,
            gone,
            new,
            exact,
        } in changes
        {
            let (gone_rows, new_rows) = if index.index.unique {
                (&mut self.unique_gone, &mut self.unique_new)
            } else {
                (&mut self.gone, &mut self.new)
            };
            gone_rows.extend(index.id, gone, sequence);
            new_rows.extend(index.id, new, sequence);
            if !exact && !self.inexact.contains(&index.id) {
                self.inexact.push(index.id);
            }
        }
        self.inexact.sort_unstable();
        Ok(())
    }
}
