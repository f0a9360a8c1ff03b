//! Replacing signing keys in PostgreSQL.

use jiff::Timestamp;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::owners_transaction;
use crate::StoreError;
use crate::signing_keys::{LIST, SigningKey, check_data_keys, read, sorted};
use crate::sql;

const DATA_KEYS: &str = "SELECT key_id FROM wrapped_keys";

const INSERT: &str = "
    INSERT INTO signing_keys (key_id, private_key, sealed_with, created_at_ms, signs_from_ms, ends_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6)";

impl PostgresStore {
    pub(crate) async fn replace_signing_keys(
        &self,
        expected: Vec<SigningKey>,
        keys: Vec<SigningKey>,
    ) -> Result<bool, StoreError> {
        let expected = sorted(expected);
        attempt!(writing: self.replace_keys(&expected, &keys))
    }

    /// A key in the clear is replaced in a new file of the table's; the old one is gone with the transaction.
    #[expect(
        clippy::unused_async,
        reason = "calls have one signature on both engines"
    )]
    pub(crate) async fn scrub_signing_keys(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl PostgresStore {
    async fn replace_keys(
        &self,
        expected: &[SigningKey],
        keys: &[SigningKey],
    ) -> Result<bool, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            // Excludes other reads and inserts until this is done.
            client
                .batch_execute("LOCK TABLE signing_keys IN EXCLUSIVE MODE")
                .await?;
            let rows = client.query(LIST, &[]).await?;
            let found = rows.iter().map(|row| read(&sql::Row::Postgres(row)));
            let found = found.collect::<Result<Vec<_>, _>>()?;
            if found != expected {
                return Ok(false);
            }
            let rows = client.query(DATA_KEYS, &[]).await?;
            let ids: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
            check_data_keys(keys, &ids?)?;
            // What is deleted stays in the table's file for a while; a truncated table gets a new one.
            let is_clear = found.iter().any(|key| key.sealed_with.is_none());
            let clear = if is_clear {
                "TRUNCATE signing_keys"
            } else {
                "DELETE FROM signing_keys"
            };
            client.batch_execute(clear).await?;
            for key in keys {
                client
                    .execute(
                        INSERT,
                        &[
                            &key.key_id,
                            &key.private_key,
                            &key.sealed_with,
                            &key.created_at.as_millisecond(),
                            &key.signs_from.as_millisecond(),
                            &key.ends_at.map(Timestamp::as_millisecond),
                        ],
                    )
                    .await?;
            }
            Ok(true)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }
}
