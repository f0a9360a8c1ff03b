//! Replaces everything with a backup, in one transaction: reads see the old data, and then the new; writes wait.
//!
//! A backup of an earlier program goes into tables as that program knew them, which are then brought up to
//! this one; for that they are created again, and reads wait, too.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_postgres::CopyInSink;

use super::super::PostgresStore;
use super::super::failure::{Failure, attempt};
use super::super::lease::Lease;
use super::super::tenant::owners_transaction;
use super::super::{migrations, roles};
use super::{MAX_WAITING_PIECES, columns, quoted, tables, target};
use crate::StoreError;
use crate::backup::file::{Piece, Reader, Table};
use crate::backup::{Kind, Verified, verify_postgres};
use crate::markers::RESTORED;

/// Writers are waited for, but not for ever.
const RESTORE_SETTINGS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '30s'";

/// How long one statement may take. A restore is attended by its operator.
const RESTORE_TIMEOUT: Duration = Duration::from_hours(24);

/// What is inserted later gets higher numbers than what is there, and than what ever was. That is not undone if the
/// rest is, and does no harm.
const SEQUENCES: &str = "
    DO $$
    DECLARE
        it       record;
        highest  bigint;
        last     bigint;
    BEGIN
        FOR it IN
            SELECT format('%I.%I', 'backlot', c.relname) AS name, a.attname AS field,
                   pg_get_serial_sequence(format('%I.%I', 'backlot', c.relname), a.attname) AS sequence
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'backlot'::regnamespace AND c.relkind = 'r' AND a.attidentity <> ''
        LOOP
            EXECUTE format('SELECT max(%I) FROM %s', it.field, it.name) INTO highest;
            EXECUTE format('SELECT last_value FROM %s', it.sequence) INTO last;
            PERFORM setval(it.sequence::regclass, greatest(highest, last));
        END LOOP;
    END
    $$";

/// Servers that run see by it that what they remember is outdated.
const MARK: &str = "
    INSERT INTO markers (name, value) VALUES ($1, gen_random_uuid()::text)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

impl PostgresStore {
    /// Puts a backup in the place of everything in the database at this address. A file that is not whole, or
    /// of a newer program, changes nothing.
    pub(crate) async fn restore(url: &str, path: &Path) -> Result<(), StoreError> {
        let checked = path.to_owned();
        let verified = tokio::task::spawn_blocking(move || verify(&checked)).await??;
        let migration = verified.about.migration;
        migrations::check_known(migration)?;
        let store = Self::open(url).await?;
        attempt!(writing: store.restore_once(path, migration))?;
        store.definition_cache.forget_all();
        Ok(())
    }

    async fn restore_once(&self, path: &Path, migration: i64) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            let client = lease.client()?;
            lease.watch().set_timeout(RESTORE_TIMEOUT);
            client.batch_execute(RESTORE_SETTINGS).await?;
            client.batch_execute(migrations::LOCK).await?;
            migrations::check_present(&lease).await?;
            let is_earlier = !migrations::is_newest(migration);
            if is_earlier {
                drop_all(&lease).await?;
                migrations::up_to(&lease, migration).await?;
            } else {
                empty_all(&lease).await?;
            }
            let known = tables(&lease).await?;
            fill(&lease, &known, path.to_owned()).await?;
            if is_earlier {
                migrations::up_to(&lease, i64::MAX).await?;
                if self.has_role {
                    roles::grant(&lease).await?;
                }
            }
            client.batch_execute(SEQUENCES).await?;
            client.execute(MARK, &[&RESTORED]).await?;
            Ok(())
        };
        let outcome = owners_transaction(&lease, work).await;
        lease.release(outcome)
    }
}

fn verify(path: &Path) -> Result<Verified, StoreError> {
    let reader = Reader::open(path)?;
    if reader.kind() == Kind::Postgres {
        return verify_postgres(path, reader);
    }
    Err(StoreError::NoBackup {
        path: path.to_owned(),
        cause: "it is a backup of another kind of database".to_owned(),
    })
}

pub(in crate::postgres) async fn empty_all(lease: &Lease) -> Result<(), Failure> {
    let client = lease.client()?;
    let all = tables(lease).await?;
    for table in &all {
        // Others may read, but no longer write.
        let name = quoted(&table.name);
        let sql = format!("LOCK TABLE {name} IN EXCLUSIVE MODE");
        client.batch_execute(&sql).await?;
    }
    for table in &all {
        let sql = format!("DELETE FROM {}", quoted(&table.name));
        client.batch_execute(&sql).await?;
    }
    Ok(())
}

async fn drop_all(lease: &Lease) -> Result<(), Failure> {
    let client = lease.client()?;
    for table in tables(lease).await? {
        let sql = format!("DROP TABLE {}", quoted(&table.name));
        client.batch_execute(&sql).await?;
    }
    client.batch_execute("DELETE FROM migrations").await?;
    Ok(())
}

/// Puts the content of a file into tables that are empty.
async fn fill(lease: &Lease, known: &[Table], path: PathBuf) -> Result<(), Failure> {
    let mut pieces = read(path.clone());
    let mut filling: Option<Filling> = None;
    while let Some(piece) = pieces.recv().await {
        match piece? {
            Piece::About(_) | Piece::Sum(_) => {}
            Piece::Table(table) => {
                if let Some(before) = filling.take() {
                    before.end(lease).await?;
                }
                if !is_known(&table, known) {
                    let cause = format!("it has an unknown table {}", table.name);
                    return Err(StoreError::NoBackup { path, cause }.into());
                }
                filling = Some(Filling::begin(lease, table).await?);
            }
            Piece::Data(data) => {
                if let Some(filling) = &mut filling {
                    lease.client()?.wait(filling.rows.send(data.into())).await?;
                }
            }
            Piece::End => {
                if let Some(last) = filling.take() {
                    last.end(lease).await?;
                }
                return Ok(());
            }
        }
    }
    let cause = "it cannot be read any more".to_owned();
    Err(StoreError::NoBackup { path, cause }.into())
}

/// Nothing in a file gets into SQL but names that the database has.
fn is_known(table: &Table, known: &[Table]) -> bool {
    known.iter().any(|it| {
        it.name == table.name
            && table
                .columns
                .iter()
                .all(|column| it.columns.contains(column))
    })
}

/// Reads a file on a separate thread, and verifies it once more.
fn read(path: PathBuf) -> Receiver<Result<Piece, StoreError>> {
    let (sender, pieces) = channel(MAX_WAITING_PIECES);
    tokio::task::spawn_blocking(move || {
        let mut reader = match Reader::open(&path) {
            Ok(reader) => reader,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            let piece = reader.next();
            let is_last = matches!(piece, Ok(Piece::End) | Err(_));
            // The receiver may have failed.
            if sender.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    pieces
}

/// A table that is being filled.
struct Filling {
    table: Table,
    rows: Pin<Box<CopyInSink<Bytes>>>,
    /// `COPY` does not pass row-level security; a statement that takes the rows from somewhere else does.
    is_staged: bool,
}

impl Filling {
    async fn begin(lease: &Lease, table: Table) -> Result<Self, Failure> {
        let client = lease.client()?;
        let name = quoted(&table.name);
        let held = "SELECT row_security_active($1::text)";
        let is_staged = client.query_one(held, &[&name]).await?.try_get(0)?;
        let into = if is_staged {
            let sql = format!("CREATE TEMPORARY TABLE staged (LIKE {name}) ON COMMIT DROP");
            client.batch_execute(&sql).await?;
            format!("pg_temp.staged ({})", columns(&table))
        } else {
            target(&table)
        };
        let rows = client.copy_in(&format!("COPY {into} FROM STDIN")).await?;
        Ok(Self {
            table,
            rows: Box::pin(rows),
            is_staged,
        })
    }

    async fn end(mut self, lease: &Lease) -> Result<(), Failure> {
        lease.client()?.wait(self.rows.as_mut().finish()).await?;
        if self.is_staged {
            let sql = format!(
                "INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT {} FROM pg_temp.staged;
                 DROP TABLE pg_temp.staged",
                target(&self.table),
                columns(&self.table)
            );
            lease.client()?.batch_execute(&sql).await?;
        }
        Ok(())
    }
}
