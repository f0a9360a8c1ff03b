//! Changes of many items by a filter, done after they were accepted ([`super::job_runner`]).

use backlot_store::StoreError;
use backlot_store::items::effect::depends_on_the_item;
use backlot_store::jobs::{Job, JobStatus};
use backlot_wix::data::collection::{Access, Definition, Operation};
use backlot_wix::data::modification::{Modification, Modifications, WireModification};
use backlot_wix::data::reading::{ReadError, read_within};
use backlot_wix::data::{Budget, DataCode, DataError, Filter, Value, fits_in, limits};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::document::new_item_id;
use super::links::check_count;
use super::write::most_bytes_of;
use super::{DataSession, OperationError};

/// How long a job is kept.
pub(super) const JOB_RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a job does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobWork {
    /// To which items.
    pub(crate) filter: Option<Value>,
    /// The modifications. By default, the items are removed.
    pub(crate) modifications: Option<Vec<WireModification>>,
    /// The owner of the items that the job may reach. Defaults to those of all owners.
    only_of: Option<String>,
    /// Whether the job reaches no item, since its author owns none.
    #[serde(default)]
    reaches_nothing: bool,
    pub(super) owner: Option<String>,
    /// The plan of the instance when the job was accepted, where it was known.
    #[serde(default)]
    pub(super) plan: Option<String>,
}

impl JobWork {
    pub(crate) const fn new(
        filter: Option<Value>,
        modifications: Option<Vec<WireModification>>,
    ) -> Self {
        Self {
            filter,
            modifications,
            only_of: None,
            reaches_nothing: false,
            owner: None,
            plan: None,
        }
    }

    /// Narrows the job to the items of its author. An author without an id owns nothing.
    fn narrow(&mut self, author: Option<&str>) {
        self.only_of = author.map(str::to_owned);
        self.reaches_nothing = author.is_none();
    }

    /// The filter, narrowed to the items that the job reaches.
    pub(super) fn reached(&self, filter: Filter) -> Result<Filter, DataError> {
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

    pub(super) fn read(job: &Job, budget: &Budget) -> Result<Self, DataError> {
        read_within(job.work.as_bytes(), budget).map_err(|error| match error {
            ReadError::DataError(fault) => fault,
            ReadError::Json(error) => {
                DataError::invalid(format!("The job cannot be read: {error}."))
            }
        })
    }

    /// Takes what is to be done out of the words. What narrows the job stays.
    pub(super) fn take_parsed(&mut self) -> Result<(Filter, Option<Modifications>), DataError> {
        let filter = Filter::parse_optional(self.filter.take().as_ref())?;
        let modifications = self.modifications.take().map(Modification::parse_all);
        Ok((filter, modifications.transpose()?))
    }
}

/// How many links the modifications make of each item.
pub(super) fn new_links(definition: &Definition, modifications: &[Modification]) -> usize {
    let is_link = |it: &&Modification| definition.multi_reference(it.path.first()).is_some();
    let links = modifications.iter().filter(is_link);
    links.map(Modification::new_elements).sum()
}

fn too_many(text: String) -> DataError {
    DataError::new(DataCode::TooManyJobs, text)
}

/// Refuses work that is too large to be kept, without writing it out.
fn check_size(work: &JobWork) -> Result<(), DataError> {
    let most = limits::JOB_BYTES;
    if fits_in(work, most) {
        return Ok(());
    }
    Err(too_many(format!(
        "The job's filter and modifications have more than {most} bytes."
    )))
}

impl DataSession {
    /// Accepts a job, and returns its id.
    pub(crate) async fn accept_job(
        &self,
        collection: &str,
        mut work: JobWork,
    ) -> Result<String, OperationError> {
        let operation = match work.modifications {
            Some(_) => Operation::Update,
            None => Operation::Remove,
        };
        let opened = self.open(collection, operation).await?;
        // Before anything is made of it: the rest is as small as this is.
        check_size(&work)?;
        let (filter, modifications) = work.clone().take_parsed()?;
        let bytes = modifications.as_deref().map_or(0, most_bytes_of);
        if bytes > 0
            && let Some(room) = self.room(0, || bytes).await?
        {
            // What no single item has room for; each step looks again.
            room.check(i64::try_from(bytes).unwrap_or(i64::MAX))?;
        }
        let definition = &opened.of.collection.definition;
        let modifications = modifications.as_deref().unwrap_or_default();
        check_count(new_links(definition, modifications), limits::LINKS_OF_FIELD)?;
        // What a filter finds tells of the items, and so does how modifications end that depend on them: both reach
        // only what may be read.
        let read = if filter.is_all() && !depends_on_the_item(modifications, definition) {
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
        work.plan.clone_from(&self.who.plan);
        let text = serde_json::to_string(&work)
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        self.check_load(&text).await?;
        let now = self.data.clock.now();
        let job = Job {
            instance_id: self.who.instance_id,
            job_id: new_item_id(now),
            collection: collection.to_owned(),
            work: text,
            status: JobStatus::Initialized,
            done: 0,
            position: 0,
            created_at: now,
        };
        let id = job.job_id.clone();
        self.data.store.insert_job(job).await?;
        self.data.new_job.notify_one();
        Ok(id)
    }

    /// Refuses a job when the instance has too many, or too large ones.
    async fn check_load(&self, work: &str) -> Result<(), OperationError> {
        let (jobs, bytes) = (limits::JOBS, limits::JOBS_BYTES);
        let load = self.data.store.job_load(self.who.instance_id).await?;
        if load.unfinished >= jobs {
            let text =
                format!("{jobs} jobs of this site are not at their end. Wait for one of them.");
            return Err(too_many(text).into());
        }
        if load.bytes + work.len() as u64 > bytes {
            let text = format!(
                "The jobs of this site that are kept have {bytes} bytes already. They are kept for 30 days."
            );
            return Err(too_many(text).into());
        }
        Ok(())
    }

    /// How a job stands, and how many items it has changed if the caller may read all that it reaches.
    pub(crate) async fn job(&self, job_id: &str) -> Result<(Job, Option<u64>), OperationError> {
        let job = self
            .data
            .store
            .find_job(self.who.instance_id, job_id)
            .await?;
        let now = self.data.clock.now();
        let job = job.filter(|job| now.duration_since(job.created_at) <= JOB_RETENTION);
        let missing = || DataError::new(DataCode::JobMissing, "There is no such job.");
        let job = job.ok_or_else(missing)?;
        let done = self.may_count(&job).await?.then_some(job.done);
        Ok((job, done))
    }

    async fn may_count(&self, job: &Job) -> Result<bool, OperationError> {
        let opened = match self.open_for(&job.collection, &[]).await {
            Ok(opened) => opened,
            // Without the collection there is nothing left that the number could tell.
            Err(error) if error.is_collection_missing() => return Ok(true),
            Err(error) => return Err(error),
        };
        let work = JobWork::read(job, &self.budget())?;
        Ok(match opened.access(Operation::Read) {
            Access::All => true,
            Access::Own => work.only_of.is_some() && work.only_of == self.who.owner,
            Access::Denied => false,
        })
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
