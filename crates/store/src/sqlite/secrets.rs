//! Data keys in SQLite, where several statements make one change.

use rusqlite::params;

use super::SqliteStore;
use super::statement::{execute, query};
use crate::StoreError;
use crate::secrets::{INSERT_KEY, LIST_KEYS, WrappedKey, read_key, same_ids, same_keys};
use crate::sql::{NO_VALUES, bind};

impl SqliteStore {
    pub(crate) async fn list_wrapped_keys_or_insert(
        &self,
        candidate: WrappedKey,
    ) -> Result<Vec<WrappedKey>, StoreError> {
        self.write_with(move |connection| {
            let keys = query(connection, LIST_KEYS, NO_VALUES, read_key)?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            let values = bind![&candidate.key_id, &candidate.wrapped, candidate.created_at];
            execute(connection, INSERT_KEY, &values)?;
            query(connection, LIST_KEYS, NO_VALUES, read_key)
        })
        .await
    }

    pub(crate) async fn update_wrapped_keys(
        &self,
        keys: Vec<WrappedKey>,
        expected: Vec<WrappedKey>,
    ) -> Result<bool, StoreError> {
        if !same_ids(&keys, &expected) {
            return Err(StoreError::OtherDataKeys);
        }
        self.write_with(move |connection| {
            let found = query(connection, LIST_KEYS, NO_VALUES, read_key)?;
            if !same_keys(&found, &expected) {
                return Ok(false);
            }
            let mut update = connection
                .prepare_cached("UPDATE wrapped_keys SET wrapped = ?2 WHERE key_id = ?1")?;
            for key in keys {
                update.execute(params![key.key_id, key.wrapped])?;
            }
            Ok(true)
        })
        .await
    }
}
