//! Writing items: what can be prepared is, before the writer's thread is asked.

use backlot_wix::data::{Fault, Object};
use rusqlite::{Connection, params};

use super::{get, keys, links};
use crate::StoreError;
use crate::items::change::{Change, LinkChange, NewItem};
use crate::items::key_change::{self, KeyChange};
use crate::items::write::{Step, Write};
use crate::items::{Batch, Item, ItemsOf, Written};
use crate::sqlite::collections::current_revision;

/// A batch, as far as it can be prepared without the database.
pub(super) struct Work {
    of: ItemsOf,
    /// What all of its writes share.
    batch: Batch,
    writes: Vec<Prepared>,
}

enum Prepared {
    /// What becomes of an insert.
    Insert(Result<Change, Fault>),
    /// What hangs on what is there.
    Look(Write),
}

type Outcome = Result<Written, Fault>;

impl Work {
    pub(super) fn prepare(of: ItemsOf, mut batch: Batch) -> Self {
        let writes = std::mem::take(&mut batch.writes);
        let prepared = |write: Write| {
            if write.needs_existing() {
                Prepared::Look(write)
            } else {
                Prepared::Insert(write.insert(&of.collection, &batch))
            }
        };
        let writes = writes.into_iter().map(prepared).collect();
        Self { of, batch, writes }
    }

    pub(super) fn run(mut self, connection: &Connection) -> Result<Vec<Outcome>, StoreError> {
        check_current(connection, &self.of)?;
        let writes = std::mem::take(&mut self.writes);
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let outcome = match write {
                Prepared::Insert(Ok(change)) => self.insert(connection, change)?,
                Prepared::Insert(Err(fault)) => Err(fault),
                Prepared::Look(write) => self.look_and_write(connection, &write)?,
            };
            let failed = self.batch.step.is_some() && Step::fails_with(&outcome);
            outcomes.push(outcome);
            if failed {
                break;
            }
        }
        if let Some(step) = &self.batch.step {
            take_step(connection, &self.of, step, &outcomes)?;
        }
        Ok(outcomes)
    }

    fn look_and_write(
        &self,
        connection: &Connection,
        write: &Write,
    ) -> Result<Outcome, StoreError> {
        let (instance_id, collection) = (self.of.instance_id, &self.of.collection);
        let existing = get(connection, instance_id, collection, write.item_id())?;
        let object = existing.as_ref().map(Item::object).transpose()?;
        let change = match write.change(collection, &self.batch, object.as_ref()) {
            Ok(change) => change,
            Err(fault) => return Ok(Err(fault)),
        };
        match existing.zip(object) {
            None => self.insert(connection, change),
            Some((item, object)) => match change.new {
                Some(new) => self.update(connection, &item, &object, new, &change.links),
                None => self.remove(connection, item, &object),
            },
        }
    }

    fn insert(&self, connection: &Connection, change: Change) -> Result<Outcome, StoreError> {
        let ItemsOf {
            instance_id,
            collection,
        } = &self.of;
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
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let status = crate::jobs::JobStatus::after(step, outcomes.iter().any(Step::fails_with));
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
