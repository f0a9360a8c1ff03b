//! The data of one caller: items, collections, links and jobs, by the rules that hold for who asks.
//!
//! The handlers (`handlers::data`) speak Wix's wire format and call this; Rust handlers call it
//! through [`crate::Items`]. Neither reaches the store otherwise. Everything starts from a
//! [`DataSession`], which is made from a verified caller, so there is no data without a tenant.

mod collections;
mod continuation;
mod cursor;
mod document;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod include;
mod job_runner;
mod job_step;
mod jobs;
mod links;
mod principal;
mod query;
mod quota;
mod read;
mod retry;
mod write;
mod write_parts;

use std::sync::{Arc, OnceLock};

use backlot_store::Store;
use backlot_store::collections::Collection;
use backlot_store::items::mutation::Author;
use backlot_store::items::{CollectionRef, Item};
use backlot_wix::Role;
use backlot_wix::data::budget::Limits;
use backlot_wix::data::collection::{Access, Operation};
use backlot_wix::data::{Budget, DataCode, DataError, FieldPath, Filter};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::error::ApiError;
use crate::work::{MAX_WAITING_OF_ONE, RequestLimits, WorkPool};
pub(crate) use collections::some_at_once;
pub(crate) use continuation::{AnswerCursor, AnswerKind, LinkCursor, LinkKind, Row, is_too_large};
pub(crate) use cursor::CursorKey;
pub(crate) use document::{WireItem, content};
pub(crate) use error::OperationError;
pub(crate) use include::{Include, Included, Inclusions, read_kept};
pub(crate) use job_runner::JobRunner;
pub(crate) use jobs::JobWork;
pub(crate) use links::{Beside, LinkPlace, Referenced, wanted};
pub(crate) use principal::Principal;
pub(crate) use query::{Page, Paging, Query, check_limit};
pub(crate) use quota::Storage;
pub use quota::StorageQuotas;
pub(crate) use write::{MutationOutcomes, MutationRequest, MutationRequests};

/// What all callers share.
pub(crate) struct Data {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) cursors: CursorKey,
    /// Rung when there is a new job, or a new build of an index.
    pub(crate) new_job: Notify,
    pub(crate) work: WorkPool,
    pub(crate) storage: Storage,
}

/// The data of one caller.
#[derive(Clone)]
pub(crate) struct DataSession {
    data: Arc<Data>,
    who: Principal,
    /// What this request may cost. Made when something is first counted: most requests count nothing.
    budget: OnceLock<Budget>,
    /// Whether this runs on a thread that serves connections, so that only what is short may be done.
    is_inline: bool,
}

/// What is done on a thread that serves connections: about a fifth of a millisecond of work.
const INLINE_LIMITS: Limits = Limits {
    work: 200_000,
    memory: 256 * 1024,
};

/// The largest definition of a collection that is read on a thread that serves connections, as JSON. One that is known is
/// not read again.
const INLINE_DEFINITION_BYTES: usize = 16 * 1024;

/// A collection, and what the caller may do with it.
pub(crate) struct OpenCollection {
    pub(crate) of: CollectionRef,
    pub(crate) author: Author,
}

impl Data {
    /// The data of this caller.
    pub(crate) fn session(self: &Arc<Self>, who: Principal) -> DataSession {
        self.work.note(who.instance_id);
        DataSession {
            data: Arc::clone(self),
            who,
            budget: OnceLock::new(),
            is_inline: false,
        }
    }
}

impl DataSession {
    pub(crate) const fn who(&self) -> &Principal {
        &self.who
    }

    /// The same data, for a request with this budget.
    pub(crate) fn within(mut self, budget: Budget) -> Self {
        self.budget = budget.into();
        self.is_inline = false;
        self
    }

    /// The same data, for what is short enough to be done on a thread that serves connections. What is not ends with
    /// [`DataCode::TooCostly`], before anything was changed.
    pub(crate) fn inline(mut self) -> Self {
        self.budget = OnceLock::new();
        self.is_inline = true;
        self
    }

    /// Does work at once if it is short, and in the work pool if it turns out not to be. It is begun twice then; what
    /// ends with [`DataCode::TooCostly`] has changed nothing.
    pub(crate) async fn run<T, F>(
        &self,
        work: impl Fn(Self) -> F + Send + 'static,
    ) -> Result<Result<T, OperationError>, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, OperationError>>,
    {
        match work(self.clone().inline()).await {
            Err(OperationError::DataError(fault)) if fault.code() == DataCode::TooCostly => {}
            outcome => return Ok(outcome),
        }
        self.run_in_pool(work).await
    }

    /// Does work in the work pool, when it is this instance's turn.
    pub(crate) async fn run_in_pool<T, F>(
        &self,
        work: impl FnOnce(Self) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let data = self.clone();
        let pool = &self.data.work;
        let work = move |budget| work(data.within(budget));
        pool.run(self.who.instance_id, MAX_WAITING_OF_ONE, work)
            .await
    }

    /// Ends a request that may take long, where only what is short may be done.
    pub(crate) fn may_take_long(&self) -> Result<(), DataError> {
        if self.is_inline {
            let text = "This is done by the work pool.";
            return Err(DataError::new(DataCode::TooCostly, text));
        }
        Ok(())
    }

    /// What this request may still cost.
    pub(crate) fn budget(&self) -> Budget {
        let made = self.budget.get_or_init(|| {
            Budget::new(if self.is_inline {
                INLINE_LIMITS
            } else {
                RequestLimits::default().budget
            })
        });
        made.clone()
    }

    /// The same data with the rights of another role.
    pub(crate) fn with_role(&self, role: Role) -> Self {
        let mut other = self.clone();
        other.who.role = role;
        other
    }

    /// Opens a collection for an operation. `WDE0025` when there is none, `WDE0027` when the caller may
    /// not do this at all.
    pub(crate) async fn open(
        &self,
        id: &str,
        operation: Operation,
    ) -> Result<OpenCollection, OperationError> {
        self.open_for(id, &[operation]).await
    }

    /// Opens a collection for any of several operations; `WDE0027` when the caller may do none.
    pub(crate) async fn open_for(
        &self,
        id: &str,
        operations: &[Operation],
    ) -> Result<OpenCollection, OperationError> {
        let collection = self.find(id).await?;
        self.opened(collection, operations, self.budget())
    }

    async fn find(&self, id: &str) -> Result<Arc<Collection>, OperationError> {
        backlot_wix::data::collection::check_collection_id(id)?;
        let most_bytes = if self.is_inline {
            INLINE_DEFINITION_BYTES
        } else {
            usize::MAX
        };
        let (store, instance_id) = (&self.data.store, self.who.instance_id);
        let found = store
            .find_collection_within(instance_id, id, most_bytes)
            .await?;
        Ok(found.ok_or_else(|| DataError::collection_missing(id))?)
    }

    fn opened(
        &self,
        collection: Arc<Collection>,
        operations: &[Operation],
        budget: Budget,
    ) -> Result<OpenCollection, OperationError> {
        let permissions = collection.definition.permissions;
        let grants = |operation| permissions.grants(operation, self.who.role);
        let author = Author {
            owner: self.who.owner.clone(),
            insert: grants(Operation::Insert),
            update: grants(Operation::Update),
            remove: grants(Operation::Remove),
            read: grants(Operation::Read),
        };
        let opened = OpenCollection {
            of: CollectionRef {
                instance_id: self.who.instance_id,
                collection,
                budget,
            },
            author,
        };
        if operations
            .iter()
            .all(|it| opened.access(*it) == Access::Denied)
            && let Some(first) = operations.first()
        {
            return Err(opened.denied(*first));
        }
        Ok(opened)
    }
}

impl OpenCollection {
    pub(crate) const fn access(&self, operation: Operation) -> Access {
        match operation {
            Operation::Read => self.author.read,
            Operation::Insert => self.author.insert,
            Operation::Update => self.author.update,
            Operation::Remove => self.author.remove,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.of.collection.definition.id
    }

    fn denied(&self, operation: Operation) -> OperationError {
        self.denied_fault(operation).into()
    }

    fn denied_fault(&self, operation: Operation) -> DataError {
        backlot_store::items::effect::denied(&self.of.collection, operation)
    }

    /// Whether an operation reaches an item.
    pub(crate) fn reaches(&self, operation: Operation, item: &Item) -> bool {
        match self.access(operation) {
            Access::All => true,
            Access::Own => item.owner.is_some() && item.owner == self.author.owner,
            Access::Denied => false,
        }
    }

    /// The filter, narrowed to the items that the caller may see.
    pub(crate) fn visible(&self, filter: Filter) -> Result<Filter, DataError> {
        Ok(match (self.author.read, &self.author.owner) {
            (Access::All, _) => filter,
            (Access::Own, Some(owner)) => {
                filter.and(Filter::equals(FieldPath::parse("_owner")?, owner.as_str()))
            }
            // Matches nothing: a caller without an id owns nothing.
            (Access::Own | Access::Denied, _) => Filter::none(),
        })
    }
}
