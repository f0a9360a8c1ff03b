//! One step of a job: a few items, and how far the job has come with them, written together. So whatever ends a
//! node, no step is lost or taken twice.

use std::sync::Arc;

use backlot_store::instances::StorageUsage;
use backlot_store::items::mutation::Author;
use backlot_store::items::{
    Batch, CollectionRef, Item, ItemQuery, Mutation, Position, StorageAllowance,
};
use backlot_store::jobs::{Job, JobProgress};
use backlot_store::{Commit, Operation, StoreError};
use backlot_wix::data::modification::Modifications;
use backlot_wix::data::{Budget, DataCode, DataError, Filter, limits};

use super::jobs::{JobWork, new_links};
use super::quota::grown;
use super::write::most_bytes_of;
use super::{Data, OperationError};

/// Items of one step.
const STEP_ITEMS: u32 = 100;
/// Links that one step makes, unless one item gets more.
const STEP_LINKS: usize = 1_000;

/// What a job does, read.
struct JobStep<'job> {
    job: &'job Job,
    filter: Filter,
    modifications: Option<Modifications>,
    owner: Option<String>,
    plan: Option<String>,
}

/// What a step is about.
struct Found {
    items: Vec<Item>,
    /// How far the job has come with them.
    to: i64,
    is_last: bool,
}

impl Data {
    /// Takes the next step of a job.
    pub(super) async fn take_step(
        self: &Arc<Self>,
        job: &Job,
        budget: Budget,
    ) -> Result<(), OperationError> {
        let mut work = JobWork::read(job, &budget)?;
        let (filter, modifications) = work.take_parsed()?;
        let filter = work.reached(filter)?;
        let collection = self.store.find_collection(job.instance_id, &job.collection);
        let of = CollectionRef {
            instance_id: job.instance_id,
            collection: collection
                .await?
                .ok_or_else(|| DataError::collection_missing(&job.collection))?,
            budget: budget.clone(),
        };
        let mut most = modifications.as_ref().map_or(STEP_ITEMS, |all| {
            step_items(new_links(&of.collection.definition, all))
        });
        let step = JobStep {
            job,
            filter,
            modifications,
            owner: work.owner,
            plan: work.plan,
        };
        loop {
            let of = CollectionRef {
                budget: budget.apart(limits::REQUEST_BYTES),
                ..of.clone()
            };
            match self.try_to_take(&of, &step, most).await {
                // Its items are large: fewer of them have room.
                Err(OperationError::DataError(fault)) if most > 1 && fault.is_about_memory() => {
                    most = (most / 8).max(1);
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_to_take(
        &self,
        of: &CollectionRef,
        step: &JobStep<'_>,
        most: u32,
    ) -> Result<(), OperationError> {
        let JobStep {
            job,
            filter,
            modifications,
            ..
        } = step;
        let has_links = of.collection.definition.has_links_in(filter);
        let mut budget = of.budget.clone();
        let found = match self.find_step(of, filter, job.position, most).await {
            // Few items match of many: the job goes on by what it has looked at.
            Err(StoreError::Rejected(fault))
                if is_costly(&fault) && !fault.is_about_memory() && !has_links =>
            {
                budget = budget.renewed();
                let of = CollectionRef {
                    budget: budget.clone(),
                    ..of.clone()
                };
                self.look_at_step(&of, filter, job.position, most).await?
            }
            found => found?,
        };
        let write = |item_id: String| match modifications {
            Some(modifications) => Mutation::Patch {
                item_id,
                modifications: Arc::clone(modifications),
            },
            None => Mutation::Remove { item_id },
        };
        let progress = JobProgress {
            job_id: job.job_id.clone(),
            from: job.position,
            to: found.to,
            is_last: found.is_last,
        };
        let bytes = modifications.as_deref().map_or(0, most_bytes_of) * found.items.len();
        let asked = StorageUsage {
            items: 0,
            bytes: bytes as u64,
        };
        let storage = &self.storage;
        let room = storage.room(&self.store, of.instance_id, step.plan.as_deref(), asked);
        let room = room.await?;
        let left = room.as_ref().map_or(0, StorageAllowance::left);
        let batch = Batch {
            writes: found.items.into_iter().map(|item| write(item.id)).collect(),
            // What does not match any more when its turn comes is left alone. Links are no part of an
            // item, so a filter on them cannot be asked again.
            condition: (!has_links).then(|| filter.clone()),
            author: Author::app(step.owner.clone()),
            now: self.clock.now().into(),
            stops_at_failure: true,
            budget,
            room: room.clone(),
            tells_items: false,
        };
        let commit = Commit {
            mutations: batch,
            operations: vec![Operation::AdvanceJob(progress)],
        };
        let written = self.store.commit(of, commit).await?;
        let grown = grown(room.as_ref(), left);
        storage.add(of.instance_id, &written, grown);
        Ok(())
    }

    /// The next items that match.
    async fn find_step(
        &self,
        of: &CollectionRef,
        filter: &Filter,
        after: i64,
        most: u32,
    ) -> Result<Found, StoreError> {
        let items = self
            .store
            .query_items(of, step_after(filter.clone(), after, most))
            .await?;
        Ok(Found {
            to: items.last().map_or(after, |item| item.sequence),
            is_last: items.len() < most as usize,
            items,
        })
    }

    /// Those of the next items that match.
    async fn look_at_step(
        &self,
        of: &CollectionRef,
        filter: &Filter,
        after: i64,
        most: u32,
    ) -> Result<Found, StoreError> {
        let mut items = self
            .store
            .query_items(of, step_after(Filter::all(), after, most))
            .await?;
        let (to, count) = (
            items.last().map_or(after, |item| item.sequence),
            items.len(),
        );
        let mut matching = Vec::with_capacity(count);
        for item in items.drain(..) {
            if filter.matches_within(&item.object()?, &of.budget)? {
                matching.push(item);
            }
        }
        Ok(Found {
            items: matching,
            to,
            is_last: count < most as usize,
        })
    }
}

/// Whether a budget ended it.
pub(super) fn is_costly(fault: &DataError) -> bool {
    fault.code() == DataCode::TooCostly
}

/// How many items a step takes that makes so many links of each.
fn step_items(links_of_each: usize) -> u32 {
    let items = STEP_LINKS / links_of_each.max(1);
    u32::try_from(items)
        .unwrap_or(STEP_ITEMS)
        .clamp(1, STEP_ITEMS)
}

fn step_after(filter: Filter, sequence: i64, most: u32) -> ItemQuery {
    let mut find = ItemQuery::all(filter, most);
    find.after = Some(Position {
        values: Vec::new(),
        sequence,
    });
    find
}
