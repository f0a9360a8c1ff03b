//! Commits in SQLite.

use super::SqliteStore;
use super::statement::execute;
use crate::StoreError;
use crate::commit::Commit;
use crate::items::CollectionRef;
use crate::items::mutation::Outcome;

impl SqliteStore {
    pub(crate) async fn commit(
        &self,
        of: &CollectionRef,
        commit: Commit,
    ) -> Result<Vec<Outcome>, StoreError> {
        let outcome = if commit.operations.is_empty() {
            self.write_items(of, commit.mutations).await
        } else {
            // On the heap, since it is rare.
            Box::pin(self.commit_as_one(of, commit)).await
        };
        self.definition_cache.look_again(of, outcome)
    }

    async fn commit_as_one(
        &self,
        of: &CollectionRef,
        commit: Commit,
    ) -> Result<Vec<Outcome>, StoreError> {
        let (tenant, operations) = (of.instance_id, commit.operations);
        let mutations = self.work_out_all(of, commit.mutations).await?;
        self.write_for(tenant, move |connection| {
            let applied = mutations.apply_all(connection)?;
            for operation in &operations {
                let (sql, values) = operation.statement(tenant, &applied);
                if execute(connection, sql, &values)? != 1 {
                    return Err(StoreError::Outdated);
                }
            }
            Ok(applied.outcomes)
        })
        .await
    }
}
