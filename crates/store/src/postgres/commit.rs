//! Commits in PostgreSQL.

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::items::write::apply;
use super::lease::Lease;
use super::tenant::{Bound, Isolation, transaction};
use crate::StoreError;
use crate::commit::{Commit, Operation};
use crate::items::CollectionRef;
use crate::items::mutation::{Applied, Mutation, Outcome};

impl PostgresStore {
    pub(crate) async fn commit(
        &self,
        of: &CollectionRef,
        commit: Commit,
    ) -> Result<Vec<Outcome>, StoreError> {
        let batch = &commit.mutations;
        if let ([write @ Mutation::Insert(content)], []) =
            (&batch.writes[..], &commit.operations[..])
            && content.links.is_empty()
        {
            let new = match write.change(&of.collection, batch, None) {
                Ok(change) => change.new,
                Err(fault) => return Ok(vec![Err(fault)]),
            };
            if let Some(new) = new {
                let growth = i64::try_from(new.json.len()).unwrap_or(i64::MAX);
                if let Some(Err(fault)) = batch.room.as_ref().map(|room| room.check(growth)) {
                    return Ok(vec![Err(fault)]);
                }
                let outcome = attempt!(writing: self.insert_once(of, &new));
                let outcome = self.definition_cache.look_again(of, outcome)?;
                if let (Ok(_), Some(room)) = (&outcome, &batch.room) {
                    room.grow(growth);
                }
                return Ok(vec![outcome]);
            }
        }
        let outcome = attempt!(writing: self.commit_once(of, &commit));
        self.definition_cache.look_again(of, outcome)
    }

    async fn commit_once(
        &self,
        of: &CollectionRef,
        commit: &Commit,
    ) -> Result<Vec<Outcome>, Failure> {
        let batch = &commit.mutations;
        let lease = self.tenants().await?;
        // The items are locked when what is made of them is worked out.
        let _locks = batch.budget.hold_locks();
        let work = async {
            let (applied, room_left) = apply(&lease, of, batch).await?;
            for operation in &commit.operations {
                run(&lease, of, operation, &applied).await?;
            }
            Ok((applied.outcomes, room_left))
        };
        let outcome = transaction(&lease, of.instance_id, Isolation::ReadCommitted, work).await;
        let (outcomes, room_left) = lease.release(outcome)?;
        if let (Some(room), Some(left)) = (&batch.room, room_left) {
            room.grow(room.left() - left);
        }
        Ok(outcomes)
    }
}

async fn run(
    lease: &Lease,
    of: &CollectionRef,
    operation: &Operation,
    applied: &Applied,
) -> Result<(), Failure> {
    let (sql, values) = operation.statement(of.instance_id, applied);
    let values: Vec<Bound<'_>> = values.iter().map(|value| value as Bound<'_>).collect();
    let client = lease.client()?;
    let statement = client.prepare_cached(sql).await?;
    match client.execute(&statement, &values).await? {
        1 => Ok(()),
        _ => Err(StoreError::Outdated.into()),
    }
}
