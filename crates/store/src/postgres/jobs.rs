//! Jobs in PostgreSQL.

use backlot_wix::InstanceId;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::instances::instance_id;
use super::tenant::{Bound, query, uuid};
use crate::StoreError;
use crate::jobs::{Job, JobLoad, JobStatus};
use crate::rows::instant;

const KEEP: &str = "
    INSERT INTO jobs (instance_id, job_id, collection, work, status, done, position, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const ONE: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE instance_id = $1 AND job_id = $2";

const UNFINISHED: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE status IN ('INITIALIZED', 'PROCESSING') ORDER BY created_at_ms LIMIT $1";

const NEXT: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms
    FROM jobs WHERE instance_id = $1 AND status IN ('INITIALIZED', 'PROCESSING')
    ORDER BY created_at_ms, job_id LIMIT 1";

const INSTANCES: &str = "
    SELECT DISTINCT instance_id FROM jobs WHERE status IN ('INITIALIZED', 'PROCESSING') LIMIT $1";

const LOAD: &str = "
    SELECT count(*) FILTER (WHERE status IN ('INITIALIZED', 'PROCESSING')),
           coalesce(sum(octet_length(work)), 0)
    FROM jobs WHERE instance_id = $1";

const FAIL: &str = "
    UPDATE jobs SET status = 'FAILED' WHERE instance_id = $1 AND job_id = $2
      AND status IN ('INITIALIZED', 'PROCESSING')";

const FORGET: &str = "DELETE FROM jobs WHERE created_at_ms < $1";

impl PostgresStore {
    pub(crate) async fn keep_job(&self, job: Job) -> Result<(), StoreError> {
        attempt!(writing: self.tell(job.instance_id, KEEP, &[
            &uuid(job.instance_id),
            &job.job_id,
            &job.collection,
            &job.work,
            &job.status.as_str(),
            &job.done.cast_signed(),
            &job.position,
            &job.created_at.as_millisecond(),
        ]))
        .map(drop)
    }

    pub(crate) async fn job(
        &self,
        instance_id: InstanceId,
        job_id: &str,
    ) -> Result<Option<Job>, StoreError> {
        // No id holds a NUL, and PostgreSQL would refuse to look for one.
        if job_id.contains('\0') {
            return Ok(None);
        }
        let rows = attempt!(reading: self.tell(instance_id, ONE, &[&uuid(instance_id), &job_id]))?;
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn unfinished_jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        let rows = attempt!(reading: self.ask(UNFINISHED, &[&i64::from(limit)]))?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn next_job(&self, id: InstanceId) -> Result<Option<Job>, StoreError> {
        let rows = attempt!(reading: self.tell(id, NEXT, &[&uuid(id)]))?;
        Ok(rows.first().map(read).transpose()?)
    }

    pub(crate) async fn instances_with_jobs(
        &self,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        self.list_instance_ids(INSTANCES, limit).await
    }

    pub(crate) async fn job_load(&self, id: InstanceId) -> Result<JobLoad, StoreError> {
        let rows = attempt!(reading: self.tell(id, LOAD, &[&uuid(id)]))?;
        let Some(row) = rows.first() else {
            return Ok(JobLoad::default());
        };
        let number = |place: usize| row.try_get::<_, i64>(place).map_err(Failure::from);
        Ok(JobLoad {
            unfinished: number(0)?.cast_unsigned(),
            bytes: number(1)?.cast_unsigned(),
        })
    }

    pub(crate) async fn fail_job(
        &self,
        instance_id: InstanceId,
        job_id: &str,
    ) -> Result<(), StoreError> {
        attempt!(writing: self.tell(instance_id, FAIL, &[&uuid(instance_id), &job_id])).map(drop)
    }

    pub(crate) async fn forget_jobs(&self, before: Timestamp) -> Result<(), StoreError> {
        attempt!(writing: self.change(FORGET, &[&before.as_millisecond()])).map(drop)
    }
}

impl PostgresStore {
    /// One constant statement under an instance's name.
    pub(super) async fn tell(
        &self,
        instance_id: InstanceId,
        sql: &'static str,
        values: &[Bound<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let lease = self.tenants().await?;
        let rows = query(&lease, instance_id, sql, values).await;
        lease.give_back(rows)
    }
}

fn read(row: &Row) -> Result<Job, Failure> {
    let status: String = row.try_get(4)?;
    Ok(Job {
        instance_id: instance_id(row, 0)?,
        job_id: row.try_get(1)?,
        collection: row.try_get(2)?,
        work: row.try_get(3)?,
        status: JobStatus::from_name(&status)
            .ok_or_else(|| StoreError::Refused("a job's status is none".to_owned()))?,
        done: row.try_get::<_, i64>(5)?.cast_unsigned(),
        position: row.try_get(6)?,
        created_at: instant(row.try_get(7)?)?,
    })
}
