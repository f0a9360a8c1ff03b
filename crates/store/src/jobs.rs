//! Jobs: changes of many items, done step by step after they were accepted.
//!
//! A job that was accepted is done, whatever happens to the node that accepted it: any node takes the next step, and
//! commits it together with the job's progress ([`crate::commit`]).

use backlot_wix::InstanceId;
use jiff::Timestamp;

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The tenant.
    pub instance_id: InstanceId,
    /// Its id, a GUID.
    pub job_id: String,
    /// The collection whose items it is about.
    pub collection: String,
    /// The task as JSON, opaque to the store.
    pub work: String,
    /// How it stands.
    pub status: JobStatus,
    /// How many items are done.
    pub done: u64,
    /// How far it has come in the order of insertion.
    pub position: i64,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Accepted.
    Initialized,
    /// Under way.
    Processing,
    /// All done.
    Succeeded,
    /// Stopped at an item that could not be changed.
    Failed,
}

impl JobStatus {
    /// Wix's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "INITIALIZED",
            Self::Processing => "PROCESSING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// The status of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Initialized,
            Self::Processing,
            Self::Succeeded,
            Self::Failed,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }
}

/// The stored jobs of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobLoad {
    /// Jobs that are not at their end.
    pub unfinished: u64,
    /// Bytes of the work of all jobs, those at their end included.
    pub bytes: u64,
}

/// How far a job comes with a step. It is committed together with the step, so that no step is taken twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProgress {
    /// The job.
    pub job_id: String,
    /// The position before the step. If the job has come further since, nothing is committed.
    pub from: i64,
    /// The position after the step: that of its last item in the order of insertion.
    pub to: i64,
    /// Whether the job is done after this step.
    pub is_last: bool,
}

impl JobProgress {
    /// Returns the status of a job after a step.
    pub(crate) const fn status(has_failed: bool, is_last: bool) -> JobStatus {
        match (has_failed, is_last) {
            (true, _) => JobStatus::Failed,
            (false, true) => JobStatus::Succeeded,
            (false, false) => JobStatus::Processing,
        }
    }
}
