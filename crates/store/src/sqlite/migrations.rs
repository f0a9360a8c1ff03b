//! Migrations: forward only, each in a separate transaction, safe when two programs start at
//! once (the second waits for the first, then finds nothing to do).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::StoreError;
use crate::files::Existing;

/// In order. A migration that has been released is never edited.
const MIGRATIONS: [(i64, &str); 20] = [
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
    (
        6,
        include_str!("../../migrations/sqlite/0006_instances_by_site.sql"),
    ),
    (
        7,
        include_str!("../../migrations/sqlite/0007_items_of_owners.sql"),
    ),
    (8, include_str!("../../migrations/sqlite/0008_secrets.sql")),
    (9, include_str!("../../migrations/sqlite/0009_accounts.sql")),
    (
        10,
        include_str!("../../migrations/sqlite/0010_connection_usage.sql"),
    ),
    (
        11,
        include_str!("../../migrations/sqlite/0011_sealed_signing_keys.sql"),
    ),
    (12, include_str!("../../migrations/sqlite/0012_markers.sql")),
    (
        13,
        include_str!("../../migrations/sqlite/0013_last_places.sql"),
    ),
    (
        14,
        include_str!("../../migrations/sqlite/0014_index_builds.sql"),
    ),
    (
        15,
        include_str!("../../migrations/sqlite/0015_named_by_credentials.sql"),
    ),
    (
        16,
        include_str!("../../migrations/sqlite/0016_instance_ids_as_bytes.sql"),
    ),
    (17, include_str!("../../migrations/sqlite/0017_events.sql")),
    (
        18,
        include_str!("../../migrations/sqlite/0018_webhook_sources.sql"),
    ),
    (
        19,
        include_str!("../../migrations/sqlite/0019_echo_marks_and_links.sql"),
    ),
    (
        20,
        include_str!("../../migrations/sqlite/0020_events_in_microseconds.sql"),
    ),
];

pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let (known, _) = MIGRATIONS[MIGRATIONS.len() - 1];
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if (1..known).contains(&found) {
        keep_snapshot(connection, path, found)?;
    }
    bring_up(connection)
}

/// What is declared in a database of a migration.
pub(super) fn schema_at(last: i64) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let connection = Connection::open_in_memory()?;
    for (number, sql) in MIGRATIONS {
        if number <= last {
            connection.execute_batch(sql)?;
        }
    }
    super::backup::schema(&connection)
}

/// The same, without keeping a copy of what was there.
pub(super) fn bring_up(connection: &mut Connection) -> Result<(), StoreError> {
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

/// Refuses a database of another program, in which Backlot's tables would be made, or taken for its own.
pub(super) fn check_own(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let tables = count("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")?;
    let own = count(
        "SELECT count(*) FROM pragma_table_info('instances')
         WHERE name IN ('instance_id', 'first_seen_ms', 'last_seen_ms', 'visitor_requests')",
    )?;
    if (found == 0 && tables == 0) || own == 4 {
        return Ok(());
    }
    Err(StoreError::Open {
        path: path.to_owned(),
        cause: "it is a database of another program's; name another file".to_owned(),
    })
}

/// Whether opening this file would bring it up to a newer migration.
pub(crate) fn is_pending(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let found = Connection::open_with_flags(path, flags)
        .and_then(|it| it.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)));
    let (known, _) = MIGRATIONS[MIGRATIONS.len() - 1];
    found.is_ok_and(|found| (1..known).contains(&found))
}

/// Whether this program knows a database of this version.
pub(super) const fn check_known(found: i64) -> Result<(), StoreError> {
    let (known, _) = MIGRATIONS[MIGRATIONS.len() - 1];
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(())
}

/// The migrations after which the database holds signing keys, and before which they lie in it in the clear.
const CLEAR_SIGNING_KEYS: std::ops::RangeInclusive<i64> = 2..=10;

/// Where the database as it was before a migration is kept: `backlot.db.before-0006`.
fn snapshot_path(path: &Path, next: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{next:04}"));
    name.into()
}

/// Keeps a copy of the database as it is, without signing keys in the clear. One that is there already, from an attempt that was
/// broken off or another program that starts at the same time, is left: nothing has changed since.
fn keep_snapshot(connection: &Connection, path: &Path, found: i64) -> Result<(), StoreError> {
    let snapshot = snapshot_path(path, found + 1);
    if snapshot.exists() {
        return Ok(());
    }
    super::backup::copy_to(connection, &snapshot, Existing::IsReplaced, |copy| {
        if CLEAR_SIGNING_KEYS.contains(&found) {
            super::signing_keys::remove_from_copy(copy)?;
        }
        Ok(())
    })
}
