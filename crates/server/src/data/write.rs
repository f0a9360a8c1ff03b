//! Writing items.

use std::sync::Arc;

use backlot_store::StoreError;
use backlot_store::instances::StorageUsage;
use backlot_store::items::allowance::{LINK_BYTES, link_bytes};
use backlot_store::items::effect::depends_on_the_item;
use backlot_store::items::mutation::Document;
use backlot_store::items::{Batch, Mutation, MutationResult, StorageAllowance};
use backlot_wix::data::collection::{Access, Definition, Operation};
use backlot_wix::data::memory::Weigh as _;
use backlot_wix::data::modification::{Action, Modification, Modifications};
use backlot_wix::data::{DataCode, DataError, Filter, Object, Value, item_id, limits};
use jiff::Timestamp;

use super::document::new_item_id;
use super::jobs::new_links;
use super::links::check_count;
use super::quota::grown;
use super::retry::retry_if_stale;
use super::write_parts::{PART_MEMORY, Parts};
use super::{DataSession, OpenCollection, OperationError, WireItem, content};

/// What is to be written, as it is sent.
#[derive(Debug, Clone)]
pub(crate) enum MutationRequest {
    Insert(WireItem),
    Update(WireItem),
    Save(WireItem),
    Patch(String, Modifications),
    Remove(String),
}

/// Changes of items of one collection.
#[derive(Debug, Clone)]
pub(crate) struct MutationRequests<'request> {
    pub(crate) collection: &'request str,
    pub(crate) each: Vec<Result<MutationRequest, DataError>>,
    pub(crate) condition: Option<Filter>,
    pub(crate) save_references: bool,
    /// Whether the outcomes are to hold the whole items.
    pub(crate) tells_items: bool,
}

/// What became of each change, and the collection as it was.
pub(crate) struct MutationOutcomes {
    pub(crate) opened: OpenCollection,
    pub(crate) outcomes: Vec<Result<MutationResult, DataError>>,
}

/// What became of a part.
struct PartOutcomes {
    opened: OpenCollection,
    outcomes: Vec<Result<MutationResult, DataError>>,
    /// Why the others are not to be done.
    ended: Option<DataError>,
}

impl MutationRequest {
    const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Insert(_) => &[Operation::Insert],
            Self::Update(_) | Self::Patch(..) => &[Operation::Update],
            Self::Save(_) => &[Operation::Insert, Operation::Update],
            Self::Remove(_) => &[Operation::Remove],
        }
    }

    /// Whether it succeeds or fails by what the item holds.
    fn depends_on_the_item(&self, definition: &Definition) -> bool {
        match self {
            Self::Patch(_, modifications) => depends_on_the_item(modifications, definition),
            Self::Insert(_) | Self::Update(_) | Self::Save(_) | Self::Remove(_) => false,
        }
    }

    /// How many links it makes.
    fn new_links(&self, definition: &Definition, save_references: bool) -> usize {
        match self {
            Self::Insert(item) | Self::Update(item) | Self::Save(item) if save_references => {
                let held = definition.multi_references();
                let held = held.filter_map(|field| item.data.get(&field.key)?.as_array());
                held.map(<[Value]>::len).sum()
            }
            Self::Patch(_, modifications) => new_links(definition, modifications),
            Self::Insert(_) | Self::Update(_) | Self::Save(_) | Self::Remove(_) => 0,
        }
    }

    fn write(
        &self,
        opened: &OpenCollection,
        save_references: bool,
        now: Timestamp,
    ) -> Result<Mutation, DataError> {
        let collection = &opened.of.collection;
        let new_item_id = || new_item_id(now);
        let content =
            |id: String, fields: &Object| content(collection, id, fields.clone(), save_references);
        Ok(match self {
            Self::Insert(item) => {
                let id = item.item_id()?.unwrap_or_else(new_item_id);
                Mutation::Insert(content(id, &item.data)?)
            }
            Self::Save(item) => {
                let id = item.item_id()?.unwrap_or_else(new_item_id);
                Mutation::Save(content(id, &item.data)?)
            }
            Self::Update(item) => {
                let missing = || {
                    let text = "Invalid update. Updated object must have a string _id property.";
                    DataError::new(DataCode::NoIdInUpdate, text)
                };
                let id = item.item_id()?.ok_or_else(missing)?;
                Mutation::Update(content(id, &item.data)?)
            }
            Self::Patch(id, modifications) => {
                item_id::check(id)?;
                Mutation::Patch {
                    item_id: id.clone(),
                    modifications: Arc::clone(modifications),
                }
            }
            Self::Remove(id) => {
                item_id::check(id)?;
                Mutation::Remove {
                    item_id: id.clone(),
                }
            }
        })
    }
}

impl DataSession {
    /// Does each change by itself, a part of them at a time. Once some are done, what ends the request is what becomes of
    /// the others.
    pub(crate) async fn change(
        &self,
        changes: &MutationRequests<'_>,
    ) -> Result<MutationOutcomes, OperationError> {
        let all = &changes.each;
        let mut parts = Parts::new(changes);
        let mut opened = None;
        let mut outcomes = Vec::with_capacity(all.len());
        while let Some(part) = parts.next(&all[outcomes.len()..]) {
            match retry_if_stale!(self.try_to_change(changes, part, opened.is_none())) {
                Ok(done) => {
                    parts.learn(&done.outcomes);
                    outcomes.extend(done.outcomes);
                    opened = Some(done.opened);
                    if let Some(fault) = done.ended {
                        outcomes.resize_with(all.len(), || Err(fault.clone()));
                    }
                }
                Err(OperationError::DataError(fault))
                    if part.len() > 1 && fault.is_about_memory() =>
                {
                    parts.halve(part.len());
                }
                Err(OperationError::DataError(fault)) if opened.is_some() => {
                    outcomes.resize_with(all.len(), || Err(fault.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        let none = || StoreError::Internal("a write of nothing".to_owned());
        Ok(MutationOutcomes {
            opened: opened.ok_or_else(none)?,
            outcomes,
        })
    }

    /// Does one change.
    pub(crate) async fn change_one(
        &self,
        collection: &str,
        change: MutationRequest,
        condition: Option<Filter>,
        save_references: bool,
    ) -> Result<(OpenCollection, MutationResult), OperationError> {
        let changes = MutationRequests {
            collection,
            each: vec![Ok(change)],
            condition,
            save_references,
            tells_items: true,
        };
        let MutationOutcomes {
            opened,
            mut outcomes,
        } = self.change(&changes).await?;
        let outcome = outcomes.pop();
        let none = || StoreError::Internal("a write without an answer".to_owned());
        Ok((opened, outcome.ok_or_else(none)??))
    }

    async fn try_to_change(
        &self,
        changes: &MutationRequests<'_>,
        part: &[Result<MutationRequest, DataError>],
        is_first: bool,
    ) -> Result<PartOutcomes, OperationError> {
        let operations = changes
            .each
            .iter()
            .find_map(|change| change.as_ref().ok())
            .map_or(&[Operation::Insert][..], MutationRequest::operations);
        let opened = self.open_for(changes.collection, operations).await?;
        let definition = &opened.of.collection.definition;
        let tells = |change: &MutationRequest| change.depends_on_the_item(definition);
        if opened.access(Operation::Read) == Access::Denied
            && (changes.condition.is_some() || changes.each.iter().flatten().any(tells))
        {
            return Err(opened.denied(Operation::Read));
        }
        if is_first {
            let links =
                |change: &MutationRequest| change.new_links(definition, changes.save_references);
            let links: usize = changes.each.iter().flatten().map(links).sum();
            check_count(links, limits::LINKS)?;
        }
        let now = self.data.clock.now();
        let mut writes = Vec::with_capacity(part.len());
        let mut faults = Vec::with_capacity(part.len());
        for change in part {
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
        let room = self.room_for(&writes).await?;
        let left = room.as_ref().map_or(0, StorageAllowance::left);
        let batch = Batch {
            writes,
            condition: changes.condition.clone(),
            author: opened.author.clone(),
            now: now.into(),
            stops_at_failure: false,
            budget: match part.len() {
                1 => opened.of.budget.clone(),
                _ => opened.of.budget.apart(PART_MEMORY),
            },
            room: room.clone(),
            tells_items: changes.tells_items,
        };
        let written = self.data.store.commit(&opened.of, batch).await?;
        let grown = grown(room.as_ref(), left);
        self.data.storage.add(self.who.instance_id, &written, grown);
        let outcomes = merged(faults, written);
        // The completed writes are reported, even if there is no memory left.
        let ended = if changes.each.len() > 1 {
            let bytes = outcomes.iter().flatten().map(|it| it.item().json.len());
            opened.of.budget.keep(bytes.sum()).err()
        } else {
            None
        };
        Ok(PartOutcomes {
            opened,
            outcomes,
            ended,
        })
    }

    /// How much more the instance may keep, for these writes.
    async fn room_for(
        &self,
        writes: &[Mutation],
    ) -> Result<Option<StorageAllowance>, OperationError> {
        if writes
            .iter()
            .all(|write| matches!(write, Mutation::Remove { .. }))
        {
            return Ok(None);
        }
        let is_new = |write: &&Mutation| matches!(write, Mutation::Insert(_) | Mutation::Save(_));
        let items = writes.iter().filter(is_new).count() as u64;
        self.room(items, || writes.iter().map(most_bytes).sum())
            .await
    }

    /// How much more the instance may keep, for a request that asks for so many items and, at most, so many bytes.
    pub(super) async fn room(
        &self,
        items: u64,
        bytes: impl FnOnce() -> usize,
    ) -> Result<Option<StorageAllowance>, OperationError> {
        let storage = &self.data.storage;
        if storage.quotas().are_none() {
            return Ok(None);
        }
        let asked = StorageUsage {
            items,
            bytes: bytes() as u64,
        };
        let (store, plan) = (&self.data.store, self.who.plan.as_deref());
        storage.room(store, self.who.instance_id, plan, asked).await
    }

    /// Removes every item of a collection.
    pub(crate) async fn truncate(&self, collection: &str) -> Result<(), OperationError> {
        retry_if_stale!(self.try_to_truncate(collection))
    }

    async fn try_to_truncate(&self, collection: &str) -> Result<(), OperationError> {
        let opened = self.open(collection, Operation::Remove).await?;
        if opened.access(Operation::Remove) != Access::All {
            return Err(opened.denied(Operation::Remove));
        }
        Ok(self.data.store.delete_items(&opened.of).await?)
    }
}

/// An upper bound of the bytes that a write adds to the stored data.
fn most_bytes(write: &Mutation) -> usize {
    let links = |content: &Document| {
        let ids = content.links.iter().flat_map(|(_, ids)| ids);
        ids.map(|id| link_bytes(&content.item_id, id))
            .sum::<usize>()
    };
    match write {
        Mutation::Insert(content) | Mutation::Update(content) | Mutation::Save(content) => {
            content.fields.weight() + links(content)
        }
        Mutation::Patch { modifications, .. } => most_bytes_of(modifications),
        Mutation::Restore { item, .. } => item.weight(),
        // What a definition makes of items is the app's, and in no quota.
        Mutation::Amend { .. } | Mutation::Remove { .. } => 0,
    }
}

/// The most bytes that modifications add to each item, roughly.
pub(super) fn most_bytes_of(modifications: &[Modification]) -> usize {
    let one = |modification: &Modification| match &modification.action {
        Action::Set(value) | Action::Append(value) => {
            value.weight() + LINK_BYTES * modification.new_elements()
        }
        Action::Remove | Action::Increment(_) | Action::RemoveFromArray(_) => 32,
    };
    modifications.iter().map(one).sum()
}

/// One outcome an element: its fault, where it was refused before the database was asked, or else the next
/// answer of the database.
pub(super) fn merged<T>(
    faults: Vec<Option<DataError>>,
    answers: Vec<Result<T, DataError>>,
) -> Vec<Result<T, DataError>> {
    let mut answers = answers.into_iter();
    let outcome = |fault: Option<DataError>| match fault {
        Some(fault) => Err(fault),
        None => answers
            .next()
            .unwrap_or_else(|| Err(DataError::invalid("The write has no answer."))),
    };
    faults.into_iter().map(outcome).collect()
}
