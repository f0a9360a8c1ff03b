//! What is changed in one transaction: mutations of items, and whatever else belongs to the same commit.

use backlot_wix::InstanceId;

use crate::items::Batch;
use crate::items::mutation::Applied;
use crate::jobs::JobProgress;
use crate::sql::{Value, bind};

/// Mutations of items of one collection, and operations beside them.
///
/// Without operations, the mutations of a large batch may be committed in parts, so that other instances have their
/// turn. With operations, all of it is one transaction.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The mutations of items.
    pub mutations: Batch,
    /// What else is changed, after the mutations.
    pub operations: Vec<Operation>,
}

/// A change beside the mutations of a commit, as one statement that knows what became of them.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Records how far a job has come.
    AdvanceJob(JobProgress),
}

impl From<Batch> for Commit {
    fn from(mutations: Batch) -> Self {
        Self {
            mutations,
            operations: Vec::new(),
        }
    }
}

const ADVANCE_JOB: &str = "
    UPDATE jobs SET done = done + $1, position = $2, status = $3
    WHERE instance_id = $4 AND job_id = $5 AND position = $6
      AND status IN ('INITIALIZED', 'PROCESSING')";

impl Operation {
    /// Returns the statement and its values. It changes one row; if it changes none, what the commit was built on has
    /// changed ([`StoreError::Outdated`](crate::StoreError::Outdated)), and nothing is committed.
    pub(crate) fn statement(
        &self,
        tenant: InstanceId,
        applied: &Applied,
    ) -> (&'static str, Vec<Value<'_>>) {
        match self {
            Self::AdvanceJob(progress) => {
                let done = applied.outcomes.iter().filter(|it| it.is_ok()).count();
                // What is left of a step is found again by the next one.
                let (to, is_last) = if applied.is_complete {
                    (progress.to, progress.is_last)
                } else {
                    (applied.reached.unwrap_or(progress.from), false)
                };
                let values = bind![
                    done as u64,
                    to,
                    JobProgress::status(applied.has_failed(), is_last).as_str(),
                    tenant,
                    &progress.job_id,
                    progress.from,
                ];
                (ADVANCE_JOB, values.to_vec())
            }
        }
    }
}
