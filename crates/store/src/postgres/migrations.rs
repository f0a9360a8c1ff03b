//! Migrations: forward only, each in a separate transaction, safe when two nodes start at once (the
//! second waits for the first, then finds nothing to do).
//!
//! All tables lie in the schema `backlot`, so a database may hold other things beside them.

use super::failure::Failure;
use super::lease::Lease;
use super::tenant::owners_transaction;
use crate::StoreError;

/// In order. A migration that has been released is never edited.
const MIGRATIONS: [(i64, &str); 20] = [
    (
        1,
        include_str!("../../migrations/postgres/0001_instances.sql"),
    ),
    (
        2,
        include_str!("../../migrations/postgres/0002_signing_keys.sql"),
    ),
    (
        3,
        include_str!("../../migrations/postgres/0003_instance_details.sql"),
    ),
    (4, include_str!("../../migrations/postgres/0004_items.sql")),
    (5, include_str!("../../migrations/postgres/0005_jobs.sql")),
    (
        6,
        include_str!("../../migrations/postgres/0006_instances_by_site.sql"),
    ),
    (
        7,
        include_str!("../../migrations/postgres/0007_items_of_owners.sql"),
    ),
    (
        8,
        include_str!("../../migrations/postgres/0008_secrets.sql"),
    ),
    (
        9,
        include_str!("../../migrations/postgres/0009_accounts.sql"),
    ),
    (
        10,
        include_str!("../../migrations/postgres/0010_connection_usage.sql"),
    ),
    (
        11,
        include_str!("../../migrations/postgres/0011_sealed_signing_keys.sql"),
    ),
    (
        12,
        include_str!("../../migrations/postgres/0012_markers.sql"),
    ),
    (
        13,
        include_str!("../../migrations/postgres/0013_field_order.sql"),
    ),
    (
        14,
        include_str!("../../migrations/postgres/0014_index_builds.sql"),
    ),
    (
        15,
        include_str!("../../migrations/postgres/0015_named_by_credentials.sql"),
    ),
    (
        16,
        include_str!("../../migrations/postgres/0016_instance_ids_as_bytes.sql"),
    ),
    (
        17,
        include_str!("../../migrations/postgres/0017_events.sql"),
    ),
    (
        18,
        include_str!("../../migrations/postgres/0018_webhook_sources.sql"),
    ),
    (
        19,
        include_str!("../../migrations/postgres/0019_echo_marks_and_links.sql"),
    ),
    (
        20,
        include_str!("../../migrations/postgres/0020_events_in_microseconds.sql"),
    ),
];

/// The holder of this lock may change tables: `backlot` in ASCII.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(27692324840992628)";

const OLDEST_SERVER: i32 = 130_000;

pub(super) async fn run(lease: &Lease) -> Result<(), Failure> {
    check_server(lease).await?;
    owners_transaction(lease, make_schema(lease)).await?;
    for (number, sql) in MIGRATIONS {
        owners_transaction(lease, migrate(lease, number, sql, newest())).await?;
    }
    Ok(())
}

/// Whether this program knows a database of this version.
pub(super) const fn check_known(found: i64) -> Result<(), StoreError> {
    let known = newest();
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(())
}

/// Whether no migration comes after this one.
pub(super) const fn is_newest(number: i64) -> bool {
    number == newest()
}

const fn newest() -> i64 {
    let (newest, _) = MIGRATIONS[MIGRATIONS.len() - 1];
    newest
}

/// Whether the database still is as this program knows it.
pub(super) async fn check_present(lease: &Lease) -> Result<(), Failure> {
    let sql = "SELECT coalesce(max(number), 0) FROM migrations";
    let row = lease.client()?.query_one(sql, &[]).await?;
    Ok(check_known(row.try_get(0)?)?)
}

/// Brings the database up to this migration, within a transaction that is open.
pub(super) async fn up_to(lease: &Lease, last: i64) -> Result<(), Failure> {
    for (number, sql) in MIGRATIONS {
        if number <= last {
            migrate(lease, number, sql, newest()).await?;
        }
    }
    Ok(())
}

async fn check_server(lease: &Lease) -> Result<(), Failure> {
    let sql = "SELECT current_setting('server_version_num')::int,
                      current_setting('server_encoding'),
                      EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu')";
    let row = lease.client()?.query_one(sql, &[]).await?;
    let (version, encoding, has_icu): (i32, String, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let needed = if version < OLDEST_SERVER {
        "PostgreSQL 13 or newer"
    } else if encoding != "UTF8" {
        "a database with the encoding UTF8"
    } else if !has_icu {
        "a PostgreSQL that was built with ICU"
    } else {
        return Ok(());
    };
    Err(StoreError::Unusable(format!("Backlot needs {needed}")).into())
}

async fn make_schema(lease: &Lease) -> Result<(), Failure> {
    let client = lease.client()?;
    client.batch_execute(LOCK).await?;
    let exists = "SELECT to_regclass('backlot.migrations') IS NOT NULL,
                         to_regnamespace('backlot') IS NOT NULL";
    let row = client.query_one(exists, &[]).await?;
    let (has_table, has_schema): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !has_schema {
        client.batch_execute("CREATE SCHEMA backlot").await?;
    }
    if !has_table {
        client
            .batch_execute("CREATE TABLE migrations (number bigint NOT NULL PRIMARY KEY)")
            .await?;
    }
    Ok(())
}

async fn migrate(lease: &Lease, number: i64, sql: &str, known: i64) -> Result<(), Failure> {
    let client = lease.client()?;
    client.batch_execute(LOCK).await?;
    let row = client
        .query_one("SELECT coalesce(max(number), 0) FROM migrations", &[])
        .await?;
    let found: i64 = row.try_get(0)?;
    if found > known {
        return Err(StoreError::TooNew { found, known }.into());
    }
    if found < number {
        client.batch_execute(sql).await?;
        client
            .execute("INSERT INTO migrations (number) VALUES ($1)", &[&number])
            .await?;
    }
    Ok(())
}
