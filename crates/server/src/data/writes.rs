//! Writing items.

use backlot_store::StoreError;
use backlot_store::items::{Batch, Items as _, Write, Written};
use backlot_wix::data::collection::{Access, Operation};
use backlot_wix::data::modification::Modification;
use backlot_wix::data::{DataCode, Fault, Filter, Object};
use jiff::Timestamp;

use super::anew::anew;
use super::content::{check_item_id, new_item_id};
use super::{DataFault, DataOf, Opened, WireItem, content};

/// What is to be written, as it is sent.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Insert(WireItem),
    Update(WireItem),
    Save(WireItem),
    Patch(String, Vec<Modification>),
    Remove(String),
}

/// Changes of items of one collection.
#[derive(Debug, Clone)]
pub(crate) struct Changes<'request> {
    pub(crate) collection: &'request str,
    pub(crate) each: Vec<Result<Change, Fault>>,
    pub(crate) condition: Option<Filter>,
    pub(crate) save_references: bool,
}

/// What became of each change, and the collection as it was.
pub(crate) struct Changed {
    pub(crate) opened: Opened,
    pub(crate) outcomes: Vec<Result<Written, Fault>>,
}

impl Change {
    const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Insert(_) => &[Operation::Insert],
            Self::Update(_) | Self::Patch(..) => &[Operation::Update],
            Self::Save(_) => &[Operation::Insert, Operation::Update],
            Self::Remove(_) => &[Operation::Remove],
        }
    }

    fn write(
        &self,
        opened: &Opened,
        save_references: bool,
        now: Timestamp,
    ) -> Result<Write, Fault> {
        let collection = &opened.of.collection;
        let new_item_id = || new_item_id(now);
        let content =
            |id: String, fields: &Object| content(collection, id, fields.clone(), save_references);
        Ok(match self {
            Self::Insert(item) => {
                let id = item.item_id()?.unwrap_or_else(new_item_id);
                Write::Insert(content(id, &item.data)?)
            }
            Self::Save(item) => {
                let id = item.item_id()?.unwrap_or_else(new_item_id);
                Write::Save(content(id, &item.data)?)
            }
            Self::Update(item) => {
                let missing = || {
                    let text = "Invalid update. Updated object must have a string _id property.";
                    Fault::new(DataCode::NoIdInUpdate, text)
                };
                let id = item.item_id()?.ok_or_else(missing)?;
                Write::Update(content(id, &item.data)?)
            }
            Self::Patch(item_id, modifications) => {
                check_item_id(item_id)?;
                Write::Patch {
                    item_id: item_id.clone(),
                    modifications: modifications.clone(),
                }
            }
            Self::Remove(item_id) => {
                check_item_id(item_id)?;
                Write::Remove {
                    item_id: item_id.clone(),
                }
            }
        })
    }
}

impl DataOf {
    /// Does each change by itself.
    pub(crate) async fn change(&self, changes: &Changes<'_>) -> Result<Changed, DataFault> {
        let operations = changes
            .each
            .iter()
            .find_map(|change| change.as_ref().ok())
            .map_or(&[Operation::Insert][..], Change::operations);
        anew!(self.try_to_change(changes, operations))
    }

    /// Does one change.
    pub(crate) async fn change_one(
        &self,
        collection: &str,
        change: Change,
        condition: Option<Filter>,
        save_references: bool,
    ) -> Result<(Opened, Written), DataFault> {
        let changes = Changes {
            collection,
            each: vec![Ok(change)],
            condition,
            save_references,
        };
        let Changed {
            opened,
            mut outcomes,
        } = self.change(&changes).await?;
        let outcome = outcomes.pop();
        let none = || StoreError::Refused("a write without an answer".to_owned());
        Ok((opened, outcome.ok_or_else(none)??))
    }

    async fn try_to_change(
        &self,
        changes: &Changes<'_>,
        operations: &[Operation],
    ) -> Result<Changed, DataFault> {
        let opened = self.open_for(changes.collection, operations).await?;
        if changes.condition.is_some() && opened.access(Operation::Read) == Access::Denied {
            return Err(opened.denied(Operation::Read));
        }
        self.check_storage(&changes.each).await?;
        let now = self.data.clock.now();
        let mut writes = Vec::with_capacity(changes.each.len());
        let mut faults = Vec::with_capacity(changes.each.len());
        for change in &changes.each {
            let write = match change {
                Ok(change) => change.write(&opened, changes.save_references, now),
                Err(fault) => Err(fault.clone()),
            };
            match write {
                Ok(write) => {
                    writes.push(write);
                    faults.push(None);
                }
                Err(fault) => faults.push(Some(fault)),
            }
        }
        let batch = Batch {
            writes,
            condition: changes.condition.clone(),
            author: opened.author.clone(),
            now: now.into(),
            step: None,
            budget: opened.of.budget.clone(),
        };
        let written = self.data.store.write(&opened.of, batch).await?;
        self.data.storage.add(self.who.instance_id, &written);
        Ok(Changed {
            opened,
            outcomes: merged(faults, written),
        })
    }

    /// Refuses changes that add to what the instance keeps, where there is no room for more.
    async fn check_storage(&self, changes: &[Result<Change, Fault>]) -> Result<(), DataFault> {
        let changes = || changes.iter().flatten();
        if changes().all(|change| matches!(change, Change::Remove(_))) {
            return Ok(());
        }
        let is_new = |change: &&Change| matches!(change, Change::Insert(_) | Change::Save(_));
        let new_items = changes().filter(is_new).count() as u64;
        let (store, plan) = (&self.data.store, self.who.plan.as_deref());
        let storage = &self.data.storage;
        storage
            .check(store, self.who.instance_id, plan, new_items)
            .await
    }

    /// Removes every item of a collection.
    pub(crate) async fn truncate(&self, collection: &str) -> Result<(), DataFault> {
        anew!(self.try_to_truncate(collection))
    }

    async fn try_to_truncate(&self, collection: &str) -> Result<(), DataFault> {
        let opened = self.open(collection, Operation::Remove).await?;
        if opened.access(Operation::Remove) != Access::All {
            return Err(opened.denied(Operation::Remove));
        }
        Ok(self.data.store.truncate(&opened.of).await?)
    }
}

/// One outcome an element: its fault, where it was refused before the database was asked, or else the next
/// answer of the database.
pub(super) fn merged<T>(
    faults: Vec<Option<Fault>>,
    answers: Vec<Result<T, Fault>>,
) -> Vec<Result<T, Fault>> {
    let mut answers = answers.into_iter();
    let outcome = |fault: Option<Fault>| match fault {
        Some(fault) => Err(fault),
        None => answers
            .next()
            .unwrap_or_else(|| Err(Fault::invalid("The write has no answer."))),
    };
    faults.into_iter().map(outcome).collect()
}
