//! Migrations: forward only, each in a transaction of its own, safe when two programs start at
//! once (the second waits for the first, then finds nothing to do).

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// In order. A migration that has been released is never edited.
const MIGRATIONS: [(i64, &str); 5] = [
    (
        1,
        include_str!("../../migrations/sqlite/0001_instances.sql"),
    ),
    (
        2,
        include_str!("../../migrations/sqlite/0002_signing_keys.sql"),
    ),
    (
        3,
        include_str!("../../migrations/sqlite/0003_instance_details.sql"),
    ),
    (4, include_str!("../../migrations/sqlite/0004_items.sql")),
    (5, include_str!("../../migrations/sqlite/0005_jobs.sql")),
];

pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    let (known, _) = MIGRATIONS[MIGRATIONS.len() - 1];
    for (number, sql) in MIGRATIONS {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > known {
            return Err(StoreError::TooNew { found, known });
        }
        if found < number {
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", number)?;
        }
        transaction.commit()?;
    }
    Ok(())
}
