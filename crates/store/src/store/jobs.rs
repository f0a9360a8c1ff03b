//! Jobs.

use crate::StoreError;
use crate::jobs::{Job, JobLoad};
use backlot_wix::InstanceId;
use jiff::Timestamp;

repository! {
    /// Accepts a job.
    async fn keep_job(&self, job: Job) -> Result<(), StoreError>;

    /// One job.
    async fn job(&self, instance_id: InstanceId, job_id: &str) -> Result<Option<Job>, StoreError>;

    /// Jobs of any instance that are not at their end, oldest first.
    async fn unfinished_jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// The oldest job of an instance that is not at its end.
    async fn next_job(&self, instance_id: InstanceId) -> Result<Option<Job>, StoreError>;

    /// Instances with jobs that are not at their end, in no order.
    async fn instances_with_jobs(&self, limit: u32) -> Result<Vec<InstanceId>, StoreError>;

    /// What is kept of the jobs of an instance.
    async fn job_load(&self, instance_id: InstanceId) -> Result<JobLoad, StoreError>;

    /// Ends a job that cannot go on.
    async fn fail_job(&self, instance_id: InstanceId, job_id: &str) -> Result<(), StoreError>;

    /// Forgets the jobs that were accepted before.
    async fn forget_jobs(&self, before: Timestamp) -> Result<(), StoreError>;
}
