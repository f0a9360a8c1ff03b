//! What the writer does with a batch, in its thread. It works out only what costs next to nothing, within
//! [`WRITER_WORK`].

use std::cell::Cell;
use std::sync::Arc;

use backlot_wix::data::budget::Limits;
use backlot_wix::data::{Budget, DataCode, DataError, Filter, Object, limits};
use rusqlite::{Connection, params};

use super::{get, keys, links};
use crate::StoreError;
use crate::items::effect::{Effect, LinkChange, StoredItem, growths};
use crate::items::key_change::{self, KeyChange};
use crate::items::link::too_many;
use crate::items::mutation::{Applied, Mutation, Outcome, is_failure};
use crate::items::{Batch, CollectionRef, Item, MutationResult};
use crate::sqlite::definitions::current_revision;

/// Work that the writer does for one piece of work, in units of [`Budget`]: about a tenth of a millisecond.
const WRITER_WORK: u64 = 100_000;
/// Terms of a condition that the writer holds against items.
const SMALL_CONDITION: usize = 50;
/// Units for a byte of an item that is parsed, copied and written again.
pub(super) const CHANGED_BYTE: u64 = 4;
/// Links that are made or taken away together. What follows waits for its next turn. One write may be more.
pub(super) const MAX_LINKS_AT_ONCE: usize = 1_000;

/// Writes of one batch, as far as they can be prepared without the database.
pub(in crate::sqlite) struct MutationRun {
    pub(super) of: CollectionRef,
    /// What all of its writes share.
    pub(super) batch: Arc<Batch>,
    pub(super) writes: Vec<PreparedMutation>,
    /// Whether these are only the first writes of a commit.
    pub(super) is_partial: bool,
    /// Links that were changed so far.
    pub(super) links: Cell<usize>,
}

pub(super) enum PreparedMutation {
    /// What becomes of an insert.
    Insert(Result<Effect, DataError>),
    /// What hangs on what is there.
    Look(Mutation),
    /// What was worked out from what was there.
    WorkedOut(Box<WorkedOut>),
}

/// A change that was worked out outside of the writer.
pub(super) struct WorkedOut {
    pub(super) write: Mutation,
    /// What it was worked out from; `None` where there was nothing.
    pub(super) before: Option<(Item, Object)>,
    pub(super) change: Result<Effect, DataError>,
}

/// What the writer made of a write.
pub(super) enum Done {
    /// It is done, or refused.
    Outcome(Outcome),
    /// Nothing was done: it is to be worked out outside of the writer.
    WorkOut(Mutation),
    /// Its turn is over: it is to be done in the next one.
    Later(PreparedMutation),
}

impl MutationRun {
    pub(super) fn new(
        of: &CollectionRef,
        batch: &Arc<Batch>,
        writes: Vec<PreparedMutation>,
    ) -> Self {
        Self {
            of: of.clone(),
            batch: Arc::clone(batch),
            writes,
            is_partial: false,
            links: Cell::new(0),
        }
    }

    pub(super) fn run(mut self, connection: &Connection) -> Result<Vec<Done>, StoreError> {
        check_current(connection, &self.of)?;
        let writes = std::mem::take(&mut self.writes);
        let looks = writes
            .iter()
            .any(|it| matches!(it, PreparedMutation::Look(_)));
        let is_small = |condition: &Filter| condition.terms() <= SMALL_CONDITION;
        let is_small = self.batch.condition.as_ref().is_none_or(is_small);
        let mut small = (looks && is_small).then(|| self.small_batch());
        let mut all = Vec::with_capacity(writes.len());
        let mut writes = writes.into_iter();
        while let Some(write) = writes.next() {
            let done = match write {
                PreparedMutation::Insert(Ok(change)) => {
                    Done::Outcome(outcome(self.insert(connection, change))?)
                }
                PreparedMutation::Insert(Err(fault)) => Done::Outcome(Err(fault)),
                PreparedMutation::Look(write) => {
                    let done = match &small {
                        Some(small) => self.look_and_write(connection, small, write)?,
                        None => Done::WorkOut(write),
                    };
                    // Those that follow may be about the same item.
                    if matches!(done, Done::WorkOut(_)) {
                        small = None;
                    }
                    done
                }
                PreparedMutation::WorkedOut(worked) => self.write_worked(connection, *worked)?,
            };
            let stops = self.batch.stops_at_failure
                && matches!(&done, Done::Outcome(outcome) if is_failure(outcome));
            all.push(match done {
                Done::Outcome(outcome) if !self.batch.tells_items => {
                    Done::Outcome(outcome.map(MutationResult::without_json))
                }
                done => done,
            });
            if stops {
                break;
            }
            if self.links.get() >= MAX_LINKS_AT_ONCE {
                all.extend(writes.by_ref().map(Done::Later));
            }
        }
        Ok(all)
    }

    /// Applies mutations that were all worked out. [`StoreError::Outdated`] if an item has changed since: the next
    /// attempt works them out again.
    pub(in crate::sqlite) fn apply_all(
        self,
        connection: &Connection,
    ) -> Result<Applied, StoreError> {
        let mut applied = Applied {
            outcomes: Vec::with_capacity(self.writes.len()),
            is_complete: !self.is_partial,
            reached: None,
        };
        for done in self.run(connection)? {
            match done {
                Done::Outcome(outcome) => {
                    applied.reached = outcome.as_ref().ok().map(sequence).or(applied.reached);
                    applied.outcomes.push(outcome);
                }
                Done::WorkOut(_) => return Err(StoreError::Outdated),
                Done::Later(_) => applied.is_complete = false,
            }
        }
        Ok(applied)
    }

    /// The same batch, with a budget that is the writer's.
    fn small_batch(&self) -> Batch {
        Batch {
            budget: Budget::new(Limits {
                work: WRITER_WORK,
                memory: 0,
            }),
            ..(*self.batch).clone()
        }
    }

    fn look_and_write(
        &self,
        connection: &Connection,
        batch: &Batch,
        write: Mutation,
    ) -> Result<Done, StoreError> {
        let (instance_id, collection) = (self.of.instance_id, &self.of.collection);
        let existing = get(connection, instance_id, collection, write.item_id())?;
        let bytes = existing.as_ref().map_or(0, |item| item.json.len()) as u64;
        if batch.budget.work(bytes * CHANGED_BYTE).is_err() {
            return Ok(Done::WorkOut(write));
        }
        let object = existing.as_ref().map(Item::object).transpose()?;
        match write.change(collection, batch, object.as_ref()) {
            Err(fault) if fault.code() == DataCode::TooCostly => Ok(Done::WorkOut(write)),
            Err(fault) => Ok(Done::Outcome(Err(fault))),
            Ok(change) => {
                let existing = existing.zip(object);
                if existing.is_some() && !self.has_no_links_left(connection, &write, &change)? {
                    return Ok(Done::Later(PreparedMutation::Look(write)));
                }
                Ok(Done::Outcome(outcome(
                    self.change(connection, existing, change),
                )?))
            }
        }
    }

    /// Does what was worked out, if the item is still what it was worked out from.
    fn write_worked(&self, connection: &Connection, worked: WorkedOut) -> Result<Done, StoreError> {
        let WorkedOut {
            write,
            before,
            change,
        } = worked;
        let (instance_id, collection) = (self.of.instance_id, &self.of.collection);
        let now = get(connection, instance_id, collection, write.item_id())?;
        if now.as_ref() != before.as_ref().map(|(item, _)| item) {
            return Ok(Done::WorkOut(write));
        }
        Ok(match change {
            Err(fault) => Done::Outcome(Err(fault)),
            Ok(change)
                if before.is_some() && !self.has_no_links_left(connection, &write, &change)? =>
            {
                Done::Later(PreparedMutation::WorkedOut(Box::new(WorkedOut {
                    write,
                    before,
                    change: Ok(change),
                })))
            }
            Ok(change) => Done::Outcome(outcome(self.change(connection, before, change))?),
        })
    }

    /// Takes away the links of an item that goes, as many as there is room for in this turn, before the item. False when
    /// some are left.
    fn has_no_links_left(
        &self,
        connection: &Connection,
        write: &Mutation,
        change: &Effect,
    ) -> Result<bool, StoreError> {
        if change.new.is_some() {
            return Ok(true);
        }
        let most = MAX_LINKS_AT_ONCE.saturating_sub(self.links.get()).max(1);
        let removed = links::forget_some(connection, &self.of, write.item_id(), most)?;
        self.links.set(self.links.get() + removed);
        Ok(removed < most)
    }

    fn change(
        &self,
        connection: &Connection,
        existing: Option<(Item, Object)>,
        change: Effect,
    ) -> Result<MutationResult, StoreError> {
        let Some((item, object)) = existing else {
            return self.insert(connection, change);
        };
        let growth = change.growth(item.json.len());
        let written = match change.new {
            Some(new) => {
                self.check_room(growth)?;
                self.update(connection, &item, &object, new, &change.links)?
            }
            None => self.remove(connection, item, &object)?,
        };
        self.grow(growth);
        Ok(written)
    }

    fn insert(
        &self,
        connection: &Connection,
        change: Effect,
    ) -> Result<MutationResult, StoreError> {
        let (instance_id, collection) = (self.of.instance_id, &self.of.collection);
        let growth = change.growth(0);
        let Some(new) = change.new else {
            return Err(StoreError::Internal("an insert without an item".to_owned()));
        };
        let exists = || DataError::item_exists(&new.id, &collection.definition.id);
        let keys = self.key_changes(connection, None, Some(&new.object));
        let keys = match keys.and_then(|keys| Ok(self.check_room(growth).map(|()| keys)?)) {
            Ok(keys) => keys,
            // That the id is taken says more: a request that inserts again what is there expects it.
            Err(StoreError::Rejected(fault)) => {
                let taken = get(connection, instance_id, collection, &new.id)?.is_some();
                return Err(if taken { exists() } else { fault }.into());
            }
            Err(error) => return Err(error),
        };
        let inserted = connection
            .prepare_cached(
                // After the last place that was given, be that item gone: a cursor is a place.
                "INSERT INTO items (sequence, instance_id, collection, item_id, owner, data)
                 VALUES (1 + max((SELECT coalesce(max(sequence), 0) FROM items),
                                 (SELECT place FROM last_places WHERE kind = 'items')),
                         ?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                instance_id.as_bytes(),
                collection.definition.id,
                new.id,
                new.owner,
                new.json
            ])?;
        if inserted == 0 {
            return Err(exists().into());
        }
        let sequence = connection.last_insert_rowid();
        keys::apply(connection, instance_id, sequence, &keys)?;
        self.change_links(connection, &new.id, &change.links)?;
        self.grow(growth);
        Ok(MutationResult::Inserted(new.placed(sequence)))
    }

    fn update(
        &self,
        connection: &Connection,
        item: &Item,
        object: &Object,
        new: StoredItem,
        links: &[LinkChange],
    ) -> Result<MutationResult, StoreError> {
        let keys = self.key_changes(connection, Some(object), Some(&new.object))?;
        self.check_links(connection, &new.id, links)?;
        let updated = connection
            .prepare_cached("UPDATE items SET owner = ?2, data = ?3 WHERE sequence = ?1")?
            .execute(params![item.sequence, new.owner, new.json])?;
        if updated != 1 {
            let text = "an item vanished while it was changed";
            return Err(StoreError::Internal(text.to_owned()));
        }
        keys::apply(connection, self.of.instance_id, item.sequence, &keys)?;
        self.change_links(connection, &new.id, links)?;
        Ok(MutationResult::Updated(new.placed(item.sequence)))
    }

    fn remove(
        &self,
        connection: &Connection,
        item: Item,
        object: &Object,
    ) -> Result<MutationResult, StoreError> {
        let keys = key_change::changes(&self.of.collection, Some(object), None)?;
        connection
            .prepare_cached("DELETE FROM items WHERE sequence = ?1")?
            .execute([item.sequence])?;
        keys::apply(connection, self.of.instance_id, item.sequence, &keys)?;
        Ok(MutationResult::Removed(item))
    }

    fn check_room(&self, growth: i64) -> Result<(), DataError> {
        let room = self.batch.room.as_ref();
        room.map_or(Ok(()), |room| room.check(growth))
    }

    fn grow(&self, growth: i64) {
        if let Some(room) = &self.batch.room {
            room.grow(growth);
        }
    }

    fn key_changes(
        &self,
        connection: &Connection,
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> Result<Vec<KeyChange<'_>>, StoreError> {
        let changes = key_change::changes(&self.of.collection, old, new)?;
        keys::check_unique(connection, self.of.instance_id, &changes)?;
        Ok(changes)
    }

    fn change_links(
        &self,
        connection: &Connection,
        item_id: &str,
        changes: &[LinkChange],
    ) -> Result<(), StoreError> {
        for change in changes {
            let count = match change {
                LinkChange::Replace(field, referenced) => {
                    links::replace(connection, &self.of, field, item_id, referenced)?
                }
                LinkChange::Add(field, referenced) => {
                    links::add(connection, &self.of, field, item_id, referenced)?;
                    1
                }
                LinkChange::Remove(field, referenced) => {
                    links::remove(connection, &self.of, field, item_id, referenced)?;
                    1
                }
            };
            self.links.set(self.links.get() + count);
        }
        Ok(())
    }

    /// `WDE0080` if a field would hold more links than it may.
    fn check_links(
        &self,
        connection: &Connection,
        item_id: &str,
        links: &[LinkChange],
    ) -> Result<(), StoreError> {
        for growth in growths(links) {
            let held = if growth.is_replaced {
                0
            } else {
                links::count(connection, &self.of, growth.field, item_id)?
            };
            if held + growth.more > limits::LINKS_OF_FIELD {
                return Err(too_many(item_id, growth.field).into());
            }
        }
        Ok(())
    }
}

/// The outcome of a mutation: a rejection is its own, any other error ends the commit.
fn outcome(written: Result<MutationResult, StoreError>) -> Result<Outcome, StoreError> {
    match written {
        Err(StoreError::Rejected(fault)) => Ok(Err(fault)),
        written => written.map(Ok),
    }
}

/// Where an item stands in the order of insertion.
const fn sequence(written: &MutationResult) -> i64 {
    written.item().sequence
}

/// [`StoreError::Outdated`] if the collection is not what it was when the work was prepared.
pub(super) fn check_current(connection: &Connection, of: &CollectionRef) -> Result<(), StoreError> {
    let current = current_revision(connection, of.instance_id, &of.collection)?;
    if current == Some(of.collection.definition.revision) {
        Ok(())
    } else {
        Err(StoreError::Outdated)
    }
}
