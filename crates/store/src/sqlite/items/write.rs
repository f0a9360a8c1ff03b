//! Writing items. The writer's thread works out only what costs next to nothing.
//!
//! What becomes of a new item is worked out before the writer is asked. What becomes of one that is there already hangs
//! on what is there: a small change is worked out by the writer, within [`WRITER_WORK`]; a costly one outside, from what a
//! reader finds, and the writer does it if the item is still the same.

use std::sync::Arc;

use backlot_wix::data::budget::Limits;
use backlot_wix::data::{Budget, DataCode, Fault, Object};
use rusqlite::{Connection, params};

use super::{get, keys, links};
use crate::StoreError;
use crate::items::change::{Change, LinkChange, NewItem};
use crate::items::key_change::{self, KeyChange};
use crate::items::write::{Step, Write};
use crate::items::{Batch, Item, ItemsOf, Written};
use crate::sqlite::SqliteStore;
use crate::sqlite::collections::current_revision;

/// Work that the writer does for one piece of work, in units of [`Budget`]: about a tenth of a millisecond.
const WRITER_WORK: u64 = 100_000;
/// Units for a byte of an item that is parsed, copied and written again.
const CHANGED_BYTE: u64 = 4;
/// Writes that are done together. In between, other instances have their turn.
const MAX_TOGETHER: usize = 50;
/// Bytes of new items that are written together.
const MAX_BYTES_TOGETHER: usize = 512 * 1024;
/// How often a costly change is worked out anew, since its item has changed meanwhile.
const ATTEMPTS: usize = 8;

/// Writes of one batch, as far as they can be prepared without the database.
struct Work {
    of: ItemsOf,
    /// What all of its writes share.
    batch: Arc<Batch>,
    writes: Vec<Prepared>,
}

enum Prepared {
    /// What becomes of an insert.
    Insert(Result<Change, Fault>),
    /// What hangs on what is there.
    Look(Write),
    /// What was worked out from what was there.
    Worked(Box<Worked>),
}

/// A change that was worked out outside of the writer.
struct Worked {
    write: Write,
    /// What it was worked out from; `None` where there was nothing.
    before: Option<(Item, Object)>,
    change: Result<Change, Fault>,
}

type Outcome = Result<Written, Fault>;

/// What the writer made of a write.
enum Done {
    /// It is done, or refused.
    Outcome(Outcome),
    /// Nothing was done: it is to be worked out outside of the writer.
    WorkOut(Write),
}

impl SqliteStore {
    pub(super) async fn write_items(
        &self,
        of: &ItemsOf,
        mut batch: Batch,
    ) -> Result<Vec<Outcome>, StoreError> {
        let writes = std::mem::take(&mut batch.writes);
        let batch = Arc::new(batch);
        let mut prepared = Vec::with_capacity(writes.len());
        for write in writes {
            prepared.push(if !write.needs_existing() {
                Prepared::Insert(write.insert(&of.collection, &batch))
            } else if batch.step.is_some() {
                // A step is taken as a whole, so nothing of it can be put off.
                self.work_out(of, &batch, write).await?
            } else {
                Prepared::Look(write)
            });
        }
        if batch.step.is_some() {
            let done = self.write_together(of, &batch, prepared).await?;
            return done.into_iter().map(Done::outcome).collect();
        }
        let mut outcomes = Vec::with_capacity(prepared.len());
        for part in parts(prepared) {
            for done in self.write_together(of, &batch, part).await? {
                outcomes.push(match done {
                    Done::Outcome(outcome) => outcome,
                    Done::WorkOut(write) => self.write_costly(of, &batch, write).await?,
                });
            }
        }
        Ok(outcomes)
    }

    async fn write_together(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        writes: Vec<Prepared>,
    ) -> Result<Vec<Done>, StoreError> {
        let work = Work {
            of: of.clone(),
            batch: Arc::clone(batch),
            writes,
        };
        self.write_for(of.instance_id, move |connection| work.run(connection))
            .await
    }

    /// Works out a change from what a reader finds, until the item is the same when the writer gets to it.
    async fn write_costly(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        write: Write,
    ) -> Result<Outcome, StoreError> {
        for _ in 0..ATTEMPTS {
            let worked = self.work_out(of, batch, write.clone()).await?;
            let done = self.write_together(of, batch, vec![worked]).await?;
            if let Some(Done::Outcome(outcome)) = done.into_iter().next() {
                return Ok(outcome);
            }
        }
        Err(StoreError::Busy)
    }

    async fn work_out(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        write: Write,
    ) -> Result<Prepared, StoreError> {
        let (own, budget, batch) = (of.clone(), of.budget.clone(), Arc::clone(batch));
        self.readers
            .read_long(budget, move |reader| {
                let (instance_id, collection) = (own.instance_id, &own.collection);
                let item = get(&reader.connection, instance_id, collection, write.item_id())?;
                let bytes = item.as_ref().map_or(0, |item| item.json.len());
                batch.budget.work(bytes as u64 * CHANGED_BYTE)?;
                let object = item.as_ref().map(Item::object).transpose()?;
                let change = write.change(collection, &batch, object.as_ref());
                Ok(Prepared::Worked(Box::new(Worked {
                    write,
                    before: item.zip(object),
                    change,
                })))
            })
            .await
    }
}

/// The writes in parts that leave others their turn.
fn parts(writes: Vec<Prepared>) -> Vec<Vec<Prepared>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for write in writes {
        let size = write.bytes();
        let is_full = parts.last().is_some_and(|part: &Vec<Prepared>| {
            part.len() >= MAX_TOGETHER || (bytes + size > MAX_BYTES_TOGETHER && !part.is_empty())
        });
        if is_full {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(write);
        }
    }
    parts
}

impl Prepared {
    /// Bytes that are written, as far as they are known.
    fn bytes(&self) -> usize {
        match self {
            Self::Insert(change) => new_bytes(change),
            Self::Worked(worked) => new_bytes(&worked.change),
            Self::Look(_) => 0,
        }
    }
}

fn new_bytes(change: &Result<Change, Fault>) -> usize {
    let new = change.as_ref().ok().and_then(|change| change.new.as_ref());
    new.map_or(0, |new| new.json.len())
}

impl Done {
    /// [`StoreError::Outdated`] where nothing was done.
    fn outcome(self) -> Result<Outcome, StoreError> {
        match self {
            Self::Outcome(outcome) => Ok(outcome),
            Self::WorkOut(_) => Err(StoreError::Outdated),
        }
    }
}

impl Work {
    fn run(mut self, connection: &Connection) -> Result<Vec<Done>, StoreError> {
        check_current(connection, &self.of)?;
        let writes = std::mem::take(&mut self.writes);
        let looks = writes.iter().any(|it| matches!(it, Prepared::Look(_)));
        let mut small = looks.then(|| self.small_batch());
        let mut all = Vec::with_capacity(writes.len());
        for write in writes {
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
            if self.batch.step.is_none() {
                all.push(done);
                continue;
            }
            // A step is undone as a whole: the next attempt works it out anew.
            let outcome = done.outcome()?;
            let failed = Step::fails_with(&outcome);
            all.push(Done::Outcome(outcome));
            if failed {
                break;
            }
        }
        if let Some(step) = &self.batch.step {
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
        Ok(Done::Outcome(match change {
            Ok(change) => self.apply(connection, before, change)?,
            Err(fault) => Err(fault),
        }))
    }

    fn apply(
        &self,
        connection: &Connection,
        existing: Option<(Item, Object)>,
        change: Change,
    ) -> Result<Outcome, StoreError> {
        match existing {
            None => self.insert(connection, change),
            Some((item, object)) => match change.new {
                Some(new) => self.update(connection, &item, &object, new, &change.links),
                None => self.remove(connection, item, &object),
            },
        }
    }

    fn insert(&self, connection: &Connection, change: Change) -> Result<Outcome, StoreError> {
        let (instance_id, collection) = (&self.of.instance_id, &self.of.collection);
        let Some(new) = change.new else {
            return Err(StoreError::Refused("an insert without an item".to_owned()));
        };
        let keys = match self.key_changes(connection, None, Some(&new.object))? {
            Ok(keys) => keys,
            // That the id is taken says more: whoever inserts again what is there expects it.
            Err(fault) => {
                let taken = get(connection, *instance_id, collection, &new.id)?.is_some();
                let exists = || Fault::item_exists(&new.id, &collection.definition.id);
                return Ok(Err(if taken { exists() } else { fault }));
            }
        };
        let inserted = connection
            .prepare_cached(
                "INSERT INTO items (instance_id, collection, item_id, owner, data)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                instance_id.as_bytes(),
                collection.definition.id,
                new.id,
                new.owner,
                new.json
            ])?;
        if inserted == 0 {
            return Ok(Err(Fault::item_exists(&new.id, &collection.definition.id)));
        }
        let sequence = connection.last_insert_rowid();
        keys::apply(connection, *instance_id, sequence, &keys)?;
        self.change_links(connection, &new.id, &change.links)?;
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
        links::forget_item(connection, &self.of, &item.id)?;
        Ok(Ok(Written::Removed(item)))
    }

    fn key_changes(
        &self,
        connection: &Connection,
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> Result<Result<Vec<KeyChange<'_>>, Fault>, StoreError> {
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
            match change {
                LinkChange::Replace(field, referenced) => {
                    links::replace(connection, &self.of, field, item_id, referenced)?;
                }
                LinkChange::Add(field, referenced) => {
                    links::add(connection, &self.of, field, item_id, referenced)?;
                }
                LinkChange::Remove(field, referenced) => {
                    links::remove(connection, &self.of, field, item_id, referenced)?;
                }
            }
        }
        Ok(())
    }
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
            Done::WorkOut(_) => None,
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
