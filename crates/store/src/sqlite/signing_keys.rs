//! Replacing signing keys in SQLite.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::statement::query;
use super::{SqliteStore, connect};
use crate::StoreError;
use crate::signing_keys::{LIST, SigningKey, check_data_keys, read, sorted};
use crate::sql::NO_VALUES;

const INSERT: &str = "
    INSERT INTO signing_keys (key_id, private_key, sealed_with, created_at_ms, signs_from_ms, ends_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

impl SqliteStore {
    pub(crate) async fn replace_signing_keys(
        &self,
        expected: Vec<SigningKey>,
        keys: Vec<SigningKey>,
    ) -> Result<bool, StoreError> {
        let path = self.path.clone();
        let replace = move || replace(&path, &sorted(expected), &keys);
        tokio::task::spawn_blocking(replace)
            .await
            .unwrap_or_else(|error| Err(error.into()))
    }

    pub(crate) async fn scrub_signing_keys(&self) -> Result<(), StoreError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || scrub(&path))
            .await
            .unwrap_or_else(|error| Err(error.into()))
    }
}

/// On a separate connection, which overwrites what it deletes: the writer's does not, since that costs every write.
fn replace(path: &Path, expected: &[SigningKey], keys: &[SigningKey]) -> Result<bool, StoreError> {
    let mut connection = connect::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if query(&transaction, LIST, NO_VALUES, read)? != expected {
        return Ok(false);
    }
    check_data_keys(keys, &data_keys(&transaction)?)?;
    transaction.execute("DELETE FROM signing_keys", [])?;
    for key in keys {
        transaction.execute(
            INSERT,
            params![
                key.key_id,
                key.private_key,
                key.sealed_with,
                key.created_at.as_millisecond(),
                key.signs_from.as_millisecond(),
                key.ends_at.map(Timestamp::as_millisecond)
            ],
        )?;
    }
    transaction.commit()?;
    Ok(true)
}

/// The page that held the key is rewritten; until the log is brought into the file, the file has the
/// old page, and the log may have it, too.
fn scrub(path: &Path) -> Result<(), StoreError> {
    let connection = connect::open(path)?;
    let truncated = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0)
    });
    match truncated {
        Ok(0) => Ok(()),
        Ok(_) => Err(StoreError::Busy),
        Err(error) => Err(error.into()),
    }
}

/// Removes the keys from a copy that is kept of the database as an earlier program knew it: that program makes a new
/// one, and no server signs with the old one.
pub(super) fn remove_from_copy(copy: &Path) -> Result<(), StoreError> {
    let connection = connect::open(copy)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.execute("DELETE FROM signing_keys", [])?;
    Ok(())
}

fn data_keys(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT key_id FROM wrapped_keys")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    ids.collect()
}
