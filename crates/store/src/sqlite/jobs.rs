//! Jobs in SQLite.

use backlot_wix::InstanceId;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use super::SqliteStore;
use crate::StoreError;
use crate::jobs::{Job, JobLoad, JobStatus};
use crate::rows::instant;

const READ: &str = "
    SELECT instance_id, job_id, collection, work, status, done, position, created_at_ms FROM jobs";

impl SqliteStore {
    pub(crate) async fn keep_job(&self, job: Job) -> Result<(), StoreError> {
        self.write_for(job.instance_id, move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO jobs (instance_id, job_id, collection, work, status, done, position,
                                       created_at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    job.instance_id.as_bytes(),
                    job.job_id,
                    job.collection,
                    job.work,
                    job.status.as_str(),
                    job.done.cast_signed(),
                    job.position,
                    job.created_at.as_millisecond()
                ])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn job(
        &self,
        instance_id: InstanceId,
        job_id: &str,
    ) -> Result<Option<Job>, StoreError> {
        let job_id = job_id.to_owned();
        self.read_with(move |connection| {
            connection
                .prepare_cached(&format!("{READ} WHERE instance_id = ?1 AND job_id = ?2"))?
                .query_row(params![instance_id.as_bytes(), job_id], read)
                .optional()?
                .transpose()
        })
        .await
    }

    pub(crate) async fn unfinished_jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!(
                "{READ} WHERE status IN ('INITIALIZED', 'PROCESSING') ORDER BY created_at_ms LIMIT ?1"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([limit], read)?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    pub(crate) async fn next_job(
        &self,
        instance_id: InstanceId,
    ) -> Result<Option<Job>, StoreError> {
        self.read_with(move |connection| {
            let sql = format!(
                "{READ} WHERE instance_id = ?1 AND status IN ('INITIALIZED', 'PROCESSING')
                 ORDER BY created_at_ms, job_id LIMIT 1"
            );
            connection
                .prepare_cached(&sql)?
                .query_row([instance_id.as_bytes()], read)
                .optional()?
                .transpose()
        })
        .await
    }

    pub(crate) async fn instances_with_jobs(
        &self,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        let sql = "SELECT DISTINCT instance_id FROM jobs
             WHERE status IN ('INITIALIZED', 'PROCESSING') LIMIT ?1";
        self.list_instance_ids(sql, limit).await
    }

    pub(crate) async fn job_load(&self, instance_id: InstanceId) -> Result<JobLoad, StoreError> {
        self.read_with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*) FILTER (WHERE status IN ('INITIALIZED', 'PROCESSING')),
                        coalesce(sum(length(work)), 0)
                 FROM jobs WHERE instance_id = ?1",
            )?;
            let load = |row: &Row<'_>| {
                let (unfinished, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(JobLoad {
                    unfinished: unfinished.cast_unsigned(),
                    bytes: bytes.cast_unsigned(),
                })
            };
            Ok(statement.query_row([instance_id.as_bytes()], load)?)
        })
        .await
    }

    pub(crate) async fn fail_job(
        &self,
        instance_id: InstanceId,
        job_id: &str,
    ) -> Result<(), StoreError> {
        let job_id = job_id.to_owned();
        self.write_with(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE jobs SET status = 'FAILED' WHERE instance_id = ?1 AND job_id = ?2
                       AND status IN ('INITIALIZED', 'PROCESSING')",
                )?
                .execute(params![instance_id.as_bytes(), job_id])?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn forget_jobs(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write_with(move |connection| {
            connection
                .prepare_cached("DELETE FROM jobs WHERE created_at_ms < ?1")?
                .execute([before.as_millisecond()])?;
            Ok(())
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<Job, StoreError>> {
    let (instance_id, job_id): ([u8; 16], String) = (row.get(0)?, row.get(1)?);
    let (collection, work): (String, String) = (row.get(2)?, row.get(3)?);
    let (status, done, position): (String, i64, i64) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let created_at: i64 = row.get(7)?;
    Ok((|| {
        Ok(Job {
            instance_id: InstanceId::from_bytes(instance_id),
            job_id,
            collection,
            work,
            status: JobStatus::from_name(&status)
                .ok_or_else(|| StoreError::Refused("a job's status is none".to_owned()))?,
            done: done.cast_unsigned(),
            position,
            created_at: instant(created_at)?,
        })
    })())
}
