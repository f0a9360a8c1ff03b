//! Writing items: look, work it off in memory, tell the sum. A handful of round trips, however many writes
//! there are.

use super::apply::steps;
use super::fold::{Outcome, Rows, fold};
use super::links::check_room;
use super::look::{look, look_for_keys};
use crate::StoreError;
use crate::items::write::{Step, Write};
use crate::items::{Batch, ItemsOf};
use crate::jobs::JobStatus;
use crate::postgres::PostgresStore;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::pipeline;
use crate::postgres::tenant::{Sees, transaction, uuid};

const TAKE_STEP: &str = "
    UPDATE jobs SET done = done + $3, position = $4, status = $5
    WHERE instance_id = $1 AND job_id = $2 AND position = $6
      AND status IN ('INITIALIZED', 'PROCESSING')";

impl PostgresStore {
    pub(super) async fn write_once(
        &self,
        of: &ItemsOf,
        batch: &Batch,
    ) -> Result<Vec<Outcome>, Failure> {
        let lease = self.tenants().await?;
        // The items are locked when what is made of them is worked out.
        let _locks = batch.budget.hold_locks();
        let work = work(&lease, of, batch);
        let outcome = transaction(&lease, of.instance_id, Sees::Latest, work).await;
        let (outcomes, room_left) = lease.give_back_ended(outcome)?;
        if let (Some(room), Some(left)) = (&batch.room, room_left) {
            room.grow(room.left() - left);
        }
        Ok(outcomes)
    }
}

async fn work(
    lease: &Lease,
    of: &ItemsOf,
    batch: &Batch,
) -> Result<(Vec<Outcome>, Option<i64>), Failure> {
    let mut before = look(lease, of, batch).await?;
    let mut sum = fold(of, batch, &before)?;
    // Which keys are wanted depends on which are taken, so there may be more to ask.
    while !sum.unknown.is_empty() {
        let unknown = std::mem::take(&mut sum.unknown);
        look_for_keys(lease, of, unknown, &mut before).await?;
        sum = fold(of, batch, &before)?;
    }
    // What comes back from another place is kept as it was.
    let is_restored = |write: &Write| matches!(write, Write::Restore { .. });
    if !batch.writes.iter().any(is_restored) {
        check_room(lease, of, &sum.links).await?;
    }
    let rows = Rows::of(of, &mut sum, &before)?;
    drop(before);
    pipeline::run(lease, &steps(of, rows, &sum)).await?;
    if let Some(step) = &batch.step {
        take_step(lease, of, step, &sum.outcomes).await?;
    }
    Ok((sum.outcomes, sum.room_left))
}

/// Writes down how far a job has come.
async fn take_step(
    lease: &Lease,
    of: &ItemsOf,
    step: &Step,
    outcomes: &[Outcome],
) -> Result<(), Failure> {
    let client = lease.client()?;
    let statement = client.prepare_cached(TAKE_STEP).await?;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let status = JobStatus::after(step, outcomes.iter().any(Step::fails_with));
    let taken = client
        .execute(
            &statement,
            &[
                &uuid(of.instance_id),
                &step.job_id,
                &i64::try_from(done).unwrap_or(i64::MAX),
                &step.to,
                &status.as_str(),
                &step.from,
            ],
        )
        .await?;
    if taken == 1 {
        Ok(())
    } else {
        Err(StoreError::Outdated.into())
    }
}
