//! Changes of many items by a filter, done after they were accepted.
//!
//! A job goes through the items in the order of insertion, a few at a time. Each step and how far the
//! job has come are written together, so whatever ends a node, no step is lost or taken twice.

use std::sync::Arc;
use std::time::Duration;

use backlot_store::StoreError;
use backlot_store::collections::Collections as _;
use backlot_store::items::write::{Author, Step};
use backlot_store::items::{Batch, Find, Items as _, ItemsOf, Position, Write};
use backlot_store::jobs::{Job, JobStatus, Jobs as _};
use backlot_wix::data::collection::{Access, Operation};
use backlot_wix::data::modification::{Modification, WireModification};
use backlot_wix::data::{DataCode, Fault, Filter, Value};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::content::new_item_id;
use super::{Data, DataFault, DataOf};

/// Items of one step.
const STEP: u32 = 100;
/// How often a node looks for jobs that another one left.
const LOOK: Duration = Duration::from_secs(5);
/// How long a job is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a job does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobWork {
    /// To which items.
    pub(crate) filter: Option<Value>,
    /// What is done to them; without it, they are removed.
    pub(crate) modifications: Option<Value>,
    /// The owner of the items that the job may reach. Defaults to those of all owners.
    only_of: Option<String>,
    /// Whether the job reaches no item, since its author owns none.
    #[serde(default)]
    reaches_nothing: bool,
    owner: Option<String>,
}

impl JobWork {
    pub(crate) const fn new(filter: Option<Value>, modifications: Option<Value>) -> Self {
        Self {
            filter,
            modifications,
            only_of: None,
            reaches_nothing: false,
            owner: None,
        }
    }

    /// Narrows the job to the items of its author. An author without an id owns nothing.
    fn narrow(&mut self, author: Option<&str>) {
        self.only_of = author.map(str::to_owned);
        self.reaches_nothing = author.is_none();
    }

    /// The filter, narrowed to the items that the job reaches.
    fn reached(&self, filter: Filter) -> Result<Filter, Fault> {
        if self.reaches_nothing {
            return Ok(Filter::none());
        }
        match &self.only_of {
            None => Ok(filter),
            Some(owner) => {
                let path = backlot_wix::data::FieldPath::parse("_owner")?;
                Ok(filter.and(Filter::equals(path, owner.as_str())))
            }
        }
    }

    fn read(job: &Job) -> Result<Self, Fault> {
        serde_json::from_str(&job.work)
            .map_err(|error| Fault::invalid(format!("The job cannot be read: {error}.")))
    }

    fn parsed(&self) -> Result<(Filter, Option<Vec<Modification>>), Fault> {
        let filter = Filter::parse_optional(self.filter.as_ref())?;
        let Some(modifications) = &self.modifications else {
            return Ok((filter, None));
        };
        let wire: Vec<WireModification> = serde_json::to_value(modifications)
            .and_then(serde_json::from_value)
            .map_err(|error| {
                Fault::invalid(format!("fieldModifications cannot be read: {error}."))
            })?;
        Ok((filter, Some(Modification::parse_all(&wire)?)))
    }
}

impl DataOf {
    /// Accepts a job, and returns its id.
    pub(crate) async fn accept_job(
        &self,
        collection: &str,
        mut work: JobWork,
    ) -> Result<String, DataFault> {
        let operation = match work.modifications {
            Some(_) => Operation::Update,
            None => Operation::Remove,
        };
        let opened = self.open(collection, operation).await?;
        let (filter, _) = work.parsed()?;
        // What a filter finds tells of the items, so a filter reaches only what may be read.
        let read = if filter.is_all() {
            Access::All
        } else {
            opened.access(Operation::Read)
        };
        match (opened.access(operation), read) {
            (_, Access::Denied) => return Err(opened.denied(Operation::Read)),
            (Access::All, Access::All) => {}
            _ => work.narrow(self.who.owner.as_deref()),
        }
        work.owner.clone_from(&self.who.owner);
        let now = self.data.clock.now();
        let job = Job {
            instance_id: self.who.instance_id,
            job_id: new_item_id(now),
            collection: collection.to_owned(),
            work: serde_json::to_string(&work)
                .map_err(|error| StoreError::Refused(error.to_string()))?,
            status: JobStatus::Initialized,
            done: 0,
            position: 0,
            created_at: now,
        };
        let id = job.job_id.clone();
        self.data.store.keep_job(job).await?;
        self.data.new_job.notify_one();
        Ok(id)
    }

    /// How a job stands, and how many items it has changed if the caller may read all that it reaches.
    pub(crate) async fn job(&self, job_id: &str) -> Result<(Job, Option<u64>), DataFault> {
        let job = self.data.store.job(self.who.instance_id, job_id).await?;
        let now = self.data.clock.now();
        let job = job.filter(|job| now.duration_since(job.created_at) <= KEPT);
        let missing = || Fault::new(DataCode::JobMissing, "There is no such job.");
        let job = job.ok_or_else(missing)?;
        let done = self.may_count(&job).await?.then_some(job.done);
        Ok((job, done))
    }

    async fn may_count(&self, job: &Job) -> Result<bool, DataFault> {
        let opened = match self.open_for(&job.collection, &[]).await {
            Ok(opened) => opened,
            // Without the collection there is nothing left that the number could tell.
            Err(DataFault::Fault(_)) => return Ok(true),
            Err(error) => return Err(error),
        };
        let work = JobWork::read(job)?;
        Ok(match opened.access(Operation::Read) {
            Access::All => true,
            Access::Own => work.only_of.is_some() && work.only_of == self.who.owner,
            Access::Denied => false,
        })
    }
}

/// Takes the steps of all jobs.
pub(crate) struct JobRunner(Arc<Data>);

impl JobRunner {
    pub(crate) const fn new(data: Arc<Data>) -> Self {
        Self(data)
    }

    /// Runs until the server stops.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        // What another life of this node left is taken up at once.
        self.0.new_job.notify_one();
        loop {
            tokio::select! {
                () = self.0.new_job.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
            if let Err(error) = self.take_steps(&stopped).await {
                tracing::warn!(%error, "jobs cannot go on; trying again");
            }
        }
    }

    async fn take_steps(&self, stopped: &watch::Receiver<bool>) -> Result<(), StoreError> {
        self.0.store.forget_jobs(self.0.clock.now() - KEPT).await?;
        loop {
            let jobs = self.0.store.unfinished_jobs(16).await?;
            if jobs.is_empty() || *stopped.borrow() {
                return Ok(());
            }
            // One step each, so that a long job holds up no other.
            for job in jobs {
                match self.step(&job).await {
                    // Another node was faster, or the collection has changed: look again.
                    Ok(()) | Err(DataFault::Store(StoreError::Outdated)) => {}
                    Err(DataFault::Store(error)) => return Err(error),
                    Err(DataFault::Fault(fault)) => {
                        tracing::info!(job_id = job.job_id, %fault, "a job ended with a fault");
                        self.0.store.fail_job(job.instance_id, &job.job_id).await?;
                    }
                }
            }
        }
    }

    async fn step(&self, job: &Job) -> Result<(), DataFault> {
        let work = JobWork::read(job)?;
        let (filter, modifications) = work.parsed()?;
        let store = &self.0.store;
        let collection = store.collection(job.instance_id, &job.collection).await?;
        let of = ItemsOf {
            instance_id: job.instance_id,
            collection: collection.ok_or_else(|| Fault::collection_missing(&job.collection))?,
        };
        let filter = work.reached(filter)?;
        let mut find = Find::all(filter.clone(), STEP);
        find.after = Some(Position {
            values: Vec::new(),
            sequence: job.position,
        });
        let items = store.find(&of, find).await?;
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
            to: items.last().map_or(job.position, |item| item.sequence),
            last: items.len() < STEP as usize,
        };
        let batch = Batch {
            writes: items.into_iter().map(|item| write(item.id)).collect(),
            // What does not match any more when its turn comes is left alone. Links are no part of an
            // item, so a filter on them cannot be asked again.
            condition: (!of.collection.definition.has_links_in(&filter)).then_some(filter),
            author: Author::app(work.owner),
            now: self.0.clock.now().into(),
            step: Some(step),
        };
        store.write(&of, batch).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_without_an_id_reaches_no_item() {
        let mut work = JobWork::new(None, None);
        assert_eq!(work.reached(Filter::all()).unwrap(), Filter::all());
        work.narrow(None);
        let again: JobWork = serde_json::from_str(&serde_json::to_string(&work).unwrap()).unwrap();
        assert_eq!(again.reached(Filter::all()).unwrap(), Filter::none());
        work.narrow(Some("me"));
        assert_ne!(work.reached(Filter::all()).unwrap(), Filter::none());
    }
}
