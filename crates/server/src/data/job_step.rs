//! One step of a job: a few items, and how far the job has come with them, written together. So whatever ends a
//! node, no step is lost or taken twice.

use std::sync::Arc;

use backlot_store::StoreError;
use backlot_store::collections::Collections as _;
use backlot_store::items::write::{Author, Step};
use backlot_store::items::{Batch, Find, Item, Items as _, ItemsOf, Position, Write};
use backlot_store::jobs::Job;
use backlot_wix::data::{Budget, DataCode, Fault, Filter};

use super::jobs::JobWork;
use super::{Data, DataFault};

/// Items of one step.
const STEP_ITEMS: u32 = 100;

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
    ) -> Result<(), DataFault> {
        let work = JobWork::read(job)?;
        let (filter, modifications) = work.parsed()?;
        let filter = work.reached(filter)?;
        let collection = self.store.collection(job.instance_id, &job.collection);
        let of = ItemsOf {
            instance_id: job.instance_id,
            collection: collection
                .await?
                .ok_or_else(|| Fault::collection_missing(&job.collection))?,
            budget: budget.clone(),
        };
        let has_links = of.collection.definition.has_links_in(&filter);
        let found = match self.find_step(&of, &filter, job.position).await {
            // Few items match of many: the job goes on by what it has looked at.
            Err(StoreError::GaveUp(fault)) if is_costly(&fault) && !has_links => {
                let of = ItemsOf::new(of.instance_id, Arc::clone(&of.collection));
                self.look_at_step(&of, &filter, job.position).await?
            }
            found => found?,
        };
        let write = |item_id: String| match &modifications {
            Some(modifications) => Write::Patch {
                item_id,
                modifications: modifications.clone(),
            },
            None => Write::Remove { item_id },
        };
        let step = Step {
            job_id: job.job_id.clone(),
            from: job.position,
            to: found.to,
            last: found.is_last,
        };
        let batch = Batch {
            writes: found.items.into_iter().map(|item| write(item.id)).collect(),
            // What does not match any more when its turn comes is left alone. Links are no part of an
            // item, so a filter on them cannot be asked again.
            condition: (!has_links).then_some(filter),
            author: Author::app(work.owner),
            now: self.clock.now().into(),
            step: Some(step),
            budget,
        };
        self.store.write(&of, batch).await?;
        Ok(())
    }

    /// The next items that match.
    async fn find_step(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        after: i64,
    ) -> Result<Found, StoreError> {
        let items = self
            .store
            .find(of, step_after(filter.clone(), after))
            .await?;
        Ok(Found {
            to: items.last().map_or(after, |item| item.sequence),
            is_last: items.len() < STEP_ITEMS as usize,
            items,
        })
    }

    /// Those of the next items that match.
    async fn look_at_step(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        after: i64,
    ) -> Result<Found, StoreError> {
        let mut items = self
            .store
            .find(of, step_after(Filter::all(), after))
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
            is_last: count < STEP_ITEMS as usize,
        })
    }
}

/// Whether a budget ended it.
pub(super) fn is_costly(fault: &Fault) -> bool {
    fault.code() == DataCode::TooCostly
}

fn step_after(filter: Filter, sequence: i64) -> Find {
    let mut find = Find::all(filter, STEP_ITEMS);
    find.after = Some(Position {
        values: Vec::new(),
        sequence,
    });
    find
}
