//! Data keys in PostgreSQL, where several statements make one change.

use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::tenant::owners_transaction;
use crate::StoreError;
use crate::secrets::{INSERT_KEY, LIST_KEYS, WrappedKey, read_key, same_ids, same_keys};
use crate::sql;

const UPDATE_KEY: &str = "UPDATE wrapped_keys SET wrapped = $2 WHERE key_id = $1";

/// No other transaction reads or inserts keys until this one is over.
const LOCK: &str = "LOCK TABLE wrapped_keys IN EXCLUSIVE MODE";

impl PostgresStore {
    pub(crate) async fn list_wrapped_keys_or_insert(
        &self,
        candidate: WrappedKey,
    ) -> Result<Vec<WrappedKey>, StoreError> {
        attempt!(reading: self.list_or_insert(&candidate))
    }

    pub(crate) async fn update_wrapped_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError> {
        if !same_ids(&keys, &expected) {
            return Err(StoreError::OtherDataKeys);
        }
        attempt!(writing: self.update_keys(&keys, &expected))
    }

    async fn list_or_insert(&self, candidate: &WrappedKey) -> Result<Vec<WrappedKey>, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            client.batch_execute(LOCK).await?;
            let keys = read_keys(&client.query(LIST_KEYS, &[]).await?)?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            let created_at = candidate.created_at.as_millisecond();
            let values = &[
                &candidate.key_id as _,
                &candidate.wrapped as _,
                &created_at as _,
            ];
            client.execute(INSERT_KEY, values).await?;
            read_keys(&client.query(LIST_KEYS, &[]).await?)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }

    async fn update_keys(
        &self,
        keys: &[WrappedKey],
        expected: &[WrappedKey],
    ) -> Result<bool, Failure> {
        let lease = self.owner().await?;
        let client = lease.client()?;
        let work = async {
            client.batch_execute(LOCK).await?;
            let found = read_keys(&client.query(LIST_KEYS, &[]).await?)?;
            if !same_keys(&found, expected) {
                return Ok(false);
            }
            for key in keys {
                let values = &[&key.key_id as _, &key.wrapped as _];
                client.execute(UPDATE_KEY, values).await?;
            }
            Ok(true)
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

fn read_keys(rows: &[Row]) -> Result<Vec<WrappedKey>, Failure> {
    let read = |row| Ok(read_key(&sql::Row::Postgres(row))?);
    rows.iter().map(read).collect()
}
