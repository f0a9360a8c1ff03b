//! Jobs.

use backlot_wix::InstanceId;
use jiff::Timestamp;

use super::Store;
use crate::StoreError;
use crate::jobs::{Job, JobLoad, JobStatus};
use crate::sql::{Row, Scope, bind};

const INSERT: &str = "
    INSERT INTO jobs (instance_id, job_id, collection, work, status, done, position, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const FIND: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE instance_id = $1 AND job_id = $2";

const LIST_UNFINISHED: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE status IN ('INITIALIZED', 'PROCESSING') ORDER BY created_at_ms LIMIT $1";

const FIND_NEXT: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE instance_id = $1 AND status IN ('INITIALIZED', 'PROCESSING')
    ORDER BY created_at_ms, job_id LIMIT 1";

const LIST_INSTANCES: &str = "
    SELECT DISTINCT instance_id FROM jobs WHERE status IN ('INITIALIZED', 'PROCESSING') LIMIT $1";

const LOAD: &str = "
    SELECT count(*) FILTER (WHERE status IN ('INITIALIZED', 'PROCESSING')),
           coalesce(sum(octet_length(work)), 0)
    FROM jobs WHERE instance_id = $1";

const FAIL: &str = "
    UPDATE jobs SET status = 'FAILED' WHERE instance_id = $1 AND job_id = $2
      AND status IN ('INITIALIZED', 'PROCESSING')";

const DELETE_BEFORE: &str = "DELETE FROM jobs WHERE created_at_ms < $1";

impl Store {
    /// Accepts a job.
    pub async fn insert_job(&self, job: Job) -> Result<(), StoreError> {
        let values = bind![
            job.instance_id,
            &job.job_id,
            &job.collection,
            &job.work,
            job.status.as_str(),
            job.done,
            job.position,
            job.created_at,
        ];
        self.execute(Scope::Tenant(job.instance_id), INSERT, &values)
            .await
            .map(drop)
    }

    /// Finds a job.
    pub async fn find_job(
        &self,
        instance_id: InstanceId,
        job_id: &str,
    ) -> Result<Option<Job>, StoreError> {
        let scope = Scope::Tenant(instance_id);
        self.query_one(scope, FIND, &bind![instance_id, job_id], read)
            .await
    }

    /// Lists jobs of any instance that have not ended, oldest first.
    pub async fn list_unfinished_jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.query(Scope::Owner, LIST_UNFINISHED, &bind![limit], read)
            .await
    }

    /// Finds the oldest job of an instance that has not ended.
    pub async fn find_next_job(&self, instance_id: InstanceId) -> Result<Option<Job>, StoreError> {
        let scope = Scope::Tenant(instance_id);
        self.query_one(scope, FIND_NEXT, &bind![instance_id], read)
            .await
    }

    /// Lists instances with jobs that have not ended, in no order.
    pub async fn list_instances_with_jobs(
        &self,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let read = |row: &Row<'_>| row.instance_id(0);
        self.query(Scope::Owner, LIST_INSTANCES, &bind![limit], read)
            .await
    }

    /// Returns what the jobs of an instance take up.
    pub async fn job_load(&self, instance_id: InstanceId) -> Result<JobLoad, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(JobLoad {
                unfinished: row.count(0)?,
                bytes: row.count(1)?,
            })
        };
        let scope = Scope::Tenant(instance_id);
        let load = self
            .query_one(scope, LOAD, &bind![instance_id], read)
            .await?;
        Ok(load.unwrap_or_default())
    }

    /// Marks a job as failed that cannot go on.
    pub async fn fail_job(&self, instance_id: InstanceId, job_id: &str) -> Result<(), StoreError> {
        let scope = Scope::Tenant(instance_id);
        self.execute(scope, FAIL, &bind![instance_id, job_id])
            .await
            .map(drop)
    }

    /// Deletes the jobs that were accepted before a time.
    pub async fn delete_jobs(&self, before: Timestamp) -> Result<(), StoreError> {
        self.execute(Scope::Owner, DELETE_BEFORE, &bind![before])
            .await
            .map(drop)
    }
}

fn read(row: &Row<'_>) -> Result<Job, StoreError> {
    let status = JobStatus::from_name(&row.get::<String>(4)?);
    Ok(Job {
        instance_id: row.instance_id(0)?,
        job_id: row.get(1)?,
        collection: row.get(2)?,
        work: row.get(3)?,
        status: status.ok_or_else(|| StoreError::corrupt("the status of a job"))?,
        done: row.count(5)?,
        position: row.get(6)?,
        created_at: row.timestamp(7)?,
    })
}
