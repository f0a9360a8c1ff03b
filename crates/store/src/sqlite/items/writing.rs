//! What the writer does with a batch, in its thread. It works out only what costs next to nothing, within
//! [`WRITER_WORK`].

use std::cell::Cell;
use std::sync::Arc;

use backlot_wix::data::budget::Limits;
use backlot_wix::data::{Budget, DataCode, DataError, Filter, Object, limits};
use rusqlite::{Connection, params};

use super::{get, keys, links};
use crate::StoreError;
use crate::items::change::{Change, LinkChange, NewItem, growths};
use crate::items::key_change::{self, KeyChange};
use crate::items::link::too_many;
use crate::items::write::{Step, Write};
use crate::items::{Batch, Item, ItemsOf, Written};
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
pub(super) struct Work {
    pub(super) of: ItemsOf,
    /// What all of its writes share.
    pub(super) batch: Arc<Batch>,
    pub(super) writes: Vec<Prepared>,
    /// Whether these are only the first writes of a step.
    pub(super) is_partial: bool,
    /// Links that were changed so far.
    pub(super) links: Cell<usize>,
}

pub(super) enum Prepared {
    /// What becomes of an insert.
    Insert(Result<Change, DataError>),
    /// What hangs on what is there.
    Look(Write),
    /// What was worked out from what was there.
    Worked(Box<Worked>),
}

/// A change that was worked out outside of the writer.
pub(super) struct Worked {
    pub(super) write: Write,
    /// What it was worked out from; `None` where there was nothing.
    pub(super) before: Option<(Item, Object)>,
    pub(super) change: Result<Change, DataError>,
}

pub(super) type Outcome = Result<Written, DataError>;

/// What the writer made of a write.
pub(super) enum Done {
    /// It is done, or refused.
    Outcome(Outcome),
    /// Nothing was done: it is to be worked out outside of the writer.
    WorkOut(Write),
    /// Its turn is over: it is to be done in the next one.
    Later(Prepared),
}

impl Work {
    pub(super) fn new(of: &ItemsOf, batch: &Arc<Batch>, writes: Vec<Prepared>) -> Self {
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
        let looks = writes.iter().any(|it| matches!(it, Prepared::Look(_)));
        let is_small = |condition: &Filter| condition.terms() <= SMALL_CONDITION;
        let is_small = self.batch.condition.as_ref().is_none_or(is_small);
        let mut small = (looks && is_small).then(|| self.small_batch());
        let mut all = Vec::with_capacity(writes.len());
        // How far a job has come, if this ends before the last of its items.
        let mut reached = None;
        let mut writes = writes.into_iter();
        while let Some(write) = writes.next() {
            let done = match write {
                Prepared::Insert(Ok(change)) => Done::Outcome(self.insert(connection, change)?),
                Prepared::Insert(Err(fault)) => Done::Outcome(Err(fault)),
                Prepared::Look(write) => {
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
                Prepared::Worked(worked) => self.write_worked(connection, *worked)?,
            };
            let is_step = self.batch.step.is_some();
            let mut failed = false;
            match &done {
                // A step is undone as a whole: the next attempt computes it again.
                Done::WorkOut(_) if is_step => return Err(StoreError::Outdated),
                Done::Outcome(outcome) => {
                    failed = is_step && Step::fails_with(outcome);
                    reached = outcome.as_ref().ok().map(sequence).or(reached);
                }
                Done::WorkOut(_) | Done::Later(_) => {}
            }
            all.push(match done {
                Done::Outcome(outcome) if !self.batch.tells_items => {
                    Done::Outcome(outcome.map(Written::without_json))
                }
                done => done,
            });
            if failed {
                break;
            }
            if self.links.get() >= MAX_LINKS_AT_ONCE {
                all.extend(writes.by_ref().map(Done::Later));
            }
        }
        if let Some(step) = &self.batch.step {
            let is_partial =
                self.is_partial || all.iter().any(|done| matches!(done, Done::Later(_)));
            let step = if is_partial {
                &Step {
                    to: reached.unwrap_or(step.from),
                    last: false,
                    ..step.clone()
                }
            } else {
                step
            };
            take_step(connection, &self.of, step, &all)?;
        }
        Ok(all)
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
        write: Write,
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
                    return Ok(Done::Later(Prepared::Look(write)));
                }
                Ok(Done::Outcome(self.apply(connection, existing, change)?))
            }
        }
    }

    /// Does what was worked out, if the item is still what it was worked out from.
    fn write_worked(&self, connection: &Connection, worked: Worked) -> Result<Done, StoreError> {
        let Worked {
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
                Done::Later(Prepared::Worked(Box::new(Worked {
                    write,
                    before,
                    change: Ok(change),
                })))
            }
            Ok(change) => Done::Outcome(self.apply(connection, before, change)?),
        })
    }

    /// Takes away the links of an item that goes, as many as there is room for in this turn, before the item. False when
    /// some are left.
    fn has_no_links_left(
        &self,
        connection: &Connection,
        write: &Write,
        change: &Change,
    ) -> Result<bool, StoreError> {
        if change.new.is_some() {
            return Ok(true);
        }
        let most = MAX_LINKS_AT_ONCE.saturating_sub(self.links.get()).max(1);
        let removed = links::forget_some(connection, &self.of, write.item_id(), most)?;
        self.links.set(self.links.get() + removed);
        Ok(removed < most)
    }

    fn apply(
        &self,
        connection: &Connection,
        existing: Option<(Item, Object)>,
        change: Change,
    ) -> Result<Outcome, StoreError> {
        match existing {
            None => self.insert(connection, change),
            Some((item, object)) => {
                let growth = change.growth(item.json.len());
                let outcome = match (change.new, self.check_room(growth)) {
                    (Some(_), Err(fault)) => Err(fault),
                    (Some(new), Ok(())) => {
                        self.update(connection, &item, &object, new, &change.links)?
                    }
                    (None, _) => self.remove(connection, item, &object)?,
                };
                if outcome.is_ok() {
                    self.grow(growth);
                }
                Ok(outcome)
            }
        }
    }

    fn insert(&self, connection: &Connection, change: Change) -> Result<Outcome, StoreError> {
        let (instance_id, collection) = (&self.of.instance_id, &self.of.collection);
        let growth = change.growth(0);
        let Some(new) = change.new else {
            return Err(StoreError::Refused("an insert without an item".to_owned()));
        };
        let keys = match self.key_changes(connection, None, Some(&new.object))? {
            Ok(keys) => keys,
            // That the id is taken says more: a repeated insert of the same item expects it.
            Err(fault) => {
                let taken = get(connection, *instance_id, collection, &new.id)?.is_some();
                let exists = || DataError::item_exists(&new.id, &collection.definition.id);
                return Ok(Err(if taken { exists() } else { fault }));
            }
        };
        if let Err(fault) = self.check_room(growth) {
            let taken = get(connection, *instance_id, collection, &new.id)?.is_some();
            let exists = || DataError::item_exists(&new.id, &collection.definition.id);
            return Ok(Err(if taken { exists() } else { fault }));
        }
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
            return Ok(Err(DataError::item_exists(
                &new.id,
                &collection.definition.id,
            )));
        }
        let sequence = connection.last_insert_rowid();
        keys::apply(connection, *instance_id, sequence, &keys)?;
        self.change_links(connection, &new.id, &change.links)?;
        self.grow(growth);
        Ok(Ok(Written::Inserted(new.placed(sequence))))
    }

    fn update(
        &self,
        connection: &Connection,
        item: &Item,
        object: &Object,
        new: NewItem,
        links: &[LinkChange],
    ) -> Result<Outcome, StoreError> {
        let keys = match self.key_changes(connection, Some(object), Some(&new.object))? {
            Ok(keys) => keys,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Err(fault) = self.check_links(connection, &new.id, links)? {
            return Ok(Err(fault));
        }
        let updated = connection
            .prepare_cached("UPDATE items SET owner = ?2, data = ?3 WHERE sequence = ?1")?
            .execute(params![item.sequence, new.owner, new.json])?;
        if updated != 1 {
            return Err(StoreError::Refused(
                "an item vanished while it was changed".to_owned(),
            ));
        }
        keys::apply(connection, self.of.instance_id, item.sequence, &keys)?;
        self.change_links(connection, &new.id, links)?;
        Ok(Ok(Written::Updated(new.placed(item.sequence))))
    }

    fn remove(
        &self,
        connection: &Connection,
        item: Item,
        object: &Object,
    ) -> Result<Outcome, StoreError> {
        let keys = match key_change::changes(&self.of.collection, Some(object), None) {
            Ok(keys) => keys,
            Err(fault) => return Ok(Err(fault)),
        };
        connection
            .prepare_cached("DELETE FROM items WHERE sequence = ?1")?
            .execute([item.sequence])?;
        keys::apply(connection, self.of.instance_id, item.sequence, &keys)?;
        Ok(Ok(Written::Removed(item)))
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
    ) -> Result<Result<Vec<KeyChange<'_>>, DataError>, StoreError> {
        let changes = match key_change::changes(&self.of.collection, old, new) {
            Ok(changes) => changes,
            Err(fault) => return Ok(Err(fault)),
        };
        let unique = keys::check_unique(connection, self.of.instance_id, &changes)?;
        Ok(unique.map(|()| changes))
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
    ) -> Result<Result<(), DataError>, StoreError> {
        for growth in growths(links) {
            let held = if growth.is_replaced {
                0
            } else {
                links::count(connection, &self.of, growth.field, item_id)?
            };
            if held + growth.more > limits::LINKS_OF_FIELD {
                return Ok(Err(too_many(item_id, growth.field)));
            }
        }
        Ok(Ok(()))
    }
}

/// Where an item stands in the order of insertion.
const fn sequence(written: &Written) -> i64 {
    written.item().sequence
}

/// [`StoreError::Outdated`] if the collection is not what it was when the work was prepared.
pub(super) fn check_current(connection: &Connection, of: &ItemsOf) -> Result<(), StoreError> {
    let current = current_revision(connection, of.instance_id, &of.collection)?;
    if current == Some(of.collection.definition.revision) {
        Ok(())
    } else {
        Err(StoreError::Outdated)
    }
}

/// Writes down how far a job has come.
fn take_step(
    connection: &Connection,
    of: &ItemsOf,
    step: &Step,
    all: &[Done],
) -> Result<(), StoreError> {
    let outcomes = || {
        all.iter().filter_map(|done| match done {
            Done::Outcome(outcome) => Some(outcome),
            Done::WorkOut(_) | Done::Later(_) => None,
        })
    };
    let done = outcomes().filter(|outcome| outcome.is_ok()).count();
    let status = crate::jobs::JobStatus::after(step, outcomes().any(Step::fails_with));
    let taken = connection
        .prepare_cached(
            "UPDATE jobs SET done = done + ?3, position = ?4, status = ?5
             WHERE instance_id = ?1 AND job_id = ?2 AND position = ?6
               AND status IN ('INITIALIZED', 'PROCESSING')",
        )?
        .execute(params![
            of.instance_id.as_bytes(),
            step.job_id,
            i64::try_from(done).unwrap_or(i64::MAX),
            step.to,
            status.as_str(),
            step.from
        ])?;
    if taken == 1 {
        Ok(())
    } else {
        Err(StoreError::Outdated)
    }
}
