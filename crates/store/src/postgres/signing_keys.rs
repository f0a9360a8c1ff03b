//! Signing keys in PostgreSQL.

use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::owners_transaction;
use crate::StoreError;
use crate::rows::instant;
use crate::signing_keys::{SigningKey, SigningKeys};

const READ: &str = "
    SELECT key_id, private_key, created_at_ms FROM signing_keys ORDER BY created_at_ms DESC, key_id";

impl SigningKeys for PostgresStore {
    async fn signing_keys_or(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        attempt!(reading: self.keys_or(&candidate))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let rows = attempt!(reading: self.ask(READ, &[]))?;
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(StoreError::from)
    }
}

impl PostgresStore {
    async fn keys_or(&self, candidate: &SigningKey) -> Result<Vec<SigningKey>, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            // Nobody else looks or inserts until this is over.
            client
                .batch_execute("LOCK TABLE signing_keys IN EXCLUSIVE MODE")
                .await?;
            let rows = client.query(READ, &[]).await?;
            if !rows.is_empty() {
                return rows.iter().map(read).collect();
            }
            client
                .execute(
                    "INSERT INTO signing_keys (key_id, private_key, created_at_ms) VALUES ($1, $2, $3)",
                    &[
                        &candidate.key_id,
                        &candidate.private_key,
                        &candidate.created_at.as_millisecond(),
                    ],
                )
                .await?;
            Ok(vec![candidate.clone()])
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.give_back(outcome)
    }
}

fn read(row: &Row) -> Result<SigningKey, Failure> {
    Ok(SigningKey {
        key_id: row.try_get(0)?,
        private_key: row.try_get(1)?,
        created_at: instant(row.try_get(2)?)?,
    })
}
