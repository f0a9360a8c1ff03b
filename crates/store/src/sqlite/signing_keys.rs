//! Signing keys in SQLite.

use rusqlite::{Connection, params};

use super::SqliteStore;
use crate::StoreError;
use crate::rows::instant;
use crate::signing_keys::{SigningKey, SigningKeys};

impl SigningKeys for SqliteStore {
    async fn signing_keys_or(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        self.write_with(move |connection| {
            let keys = read_all(connection)?;
            if !keys.is_empty() {
                return Ok(keys);
            }
            connection.execute(
                "INSERT INTO signing_keys (key_id, private_key, created_at_ms) VALUES (?1, ?2, ?3)",
                params![
                    candidate.key_id,
                    candidate.private_key,
                    candidate.created_at.as_millisecond()
                ],
            )?;
            Ok(vec![candidate])
        })
        .await
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        self.read_with(read_all).await
    }
}

fn read_all(connection: &Connection) -> Result<Vec<SigningKey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT key_id, private_key, created_at_ms FROM signing_keys
         ORDER BY created_at_ms DESC, key_id",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (key_id, private_key, created_at) = row?;
        Ok(SigningKey {
            key_id,
            private_key,
            created_at: instant(created_at)?,
        })
    })
    .collect()
}
