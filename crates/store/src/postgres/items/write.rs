//! Writing items: read what is there, simulate the batch in memory, run the plan. A handful of round trips, however many writes
//! there are.

use super::links::check_room;
use super::read_set::{read_set, read_unique_keys};
use super::simulate::{Rows, simulate};
use super::statements::steps;
use crate::items::mutation::{Applied, Mutation};
use crate::items::{Batch, CollectionRef};
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::pipeline;

/// Applies the mutations of a commit, within its transaction. Returns what is left of the room, too.
pub(in crate::postgres) async fn apply(
    lease: &Lease,
    of: &CollectionRef,
    batch: &Batch,
) -> Result<(Applied, Option<i64>), Failure> {
    let mut before = read_set(lease, of, batch).await?;
    let mut plan = simulate(of, batch, &before)?;
    // Which keys are wanted depends on which are taken, so there may be more to ask.
    while !plan.unknown.is_empty() {
        let unknown = std::mem::take(&mut plan.unknown);
        read_unique_keys(lease, of, unknown, &mut before).await?;
        plan = simulate(of, batch, &before)?;
    }
    // What comes back from another place is kept as it was.
    let is_restored = |write: &Mutation| matches!(write, Mutation::Restore { .. });
    if !batch.writes.iter().any(is_restored) {
        check_room(lease, of, &plan.links).await?;
    }
    let rows = Rows::new(of, &mut plan, &before)?;
    drop(before);
    pipeline::run(lease, &steps(of, rows, &plan)).await?;
    let applied = Applied {
        outcomes: plan.outcomes,
        is_complete: true,
        reached: None,
    };
    Ok((applied, plan.room_left))
}
