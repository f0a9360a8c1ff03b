//! A copy of everything in a file, as of one moment, made while others read and write.
//!
//! [`crate::backup::file`]: how it is written and read; [`restore`]: how it comes back. Every table of the schema is in it, whatever
//! it is for, so no list has to be kept here.

mod restore;

use std::path::Path;

use tokio::sync::mpsc::{Sender, channel};

use super::PostgresStore;
use super::failure::Failure;
use super::lease::Lease;
use super::tenant::owners_snapshot;
use crate::StoreError;
use crate::files::{self, Existing};
pub(in crate::postgres) use restore::empty_all;

use crate::backup::file::{self, LARGEST, Piece, Summing, Table};
use crate::backup::{Kind, Origin};

/// Pieces that wait for the disk, or for the database.
const MAX_WAITING_PIECES: usize = 16;

/// What writers lock first comes first. A transaction that locks all tables in this order waits for writers, and does not
/// get in their way once it has begun.
const TABLES: &str = "
    SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'backlot'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations'
    GROUP BY c.relname
    ORDER BY c.relname NOT IN ('collections', 'declared_collections'), c.relname";

impl PostgresStore {
    /// Writes a copy of all of it, as of one moment, while others read and write. It appears under its name
    /// only when it is whole.
    pub async fn back_up(
        &self,
        path: &Path,
        existing: Existing,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let path = path.to_owned();
        let (sender, mut pieces) = channel(MAX_WAITING_PIECES);
        let write = move || {
            files::appear(&path, existing, |part| {
                file::write(part, Kind::Postgres, &mut pieces)
            })
        };
        let writing = tokio::task::spawn_blocking(write);
        let read = self.read_all(&sender, origin).await;
        // Then it is the file that tells why.
        let writer_is_gone = sender.is_closed();
        drop(sender);
        let written = writing.await.unwrap_or_else(|error| Err(error.into()));
        if !writer_is_gone {
            read?;
        }
        written
    }

    async fn read_all(&self, to: &Sender<Piece>, origin: &Origin) -> Result<(), Failure> {
        let lease = self.owner().await?;
        let work = async {
            let newest = "SELECT max(number) FROM migrations";
            let migration = lease.client()?.query_one(newest, &[]).await?.try_get(0)?;
            send(to, Piece::About(origin.about(migration, Vec::new()))).await?;
            for table in tables(&lease).await? {
                read_table(&lease, table, to).await?;
            }
            send(to, Piece::End).await
        };
        let outcome = owners_snapshot(&lease, work).await;
        lease.release(outcome)
    }
}

async fn read_table(lease: &Lease, table: Table, to: &Sender<Piece>) -> Result<(), Failure> {
    let sql = format!("COPY {} TO STDOUT", target(&table));
    let mut sum = Summing::new(&table.name);
    send(to, Piece::Table(table)).await?;
    let client = lease.client()?;
    let rows = client.copy_out(&sql).await?;
    let mut rows = std::pin::pin!(rows);
    let mut waiting = Vec::with_capacity(LARGEST);
    while let Some(row) = client.next(&mut rows).await? {
        sum.add(&row);
        let mut row = &row[..];
        while !row.is_empty() {
            let (fits, rest) = row.split_at(row.len().min(LARGEST - waiting.len()));
            waiting.extend_from_slice(fits);
            row = rest;
            if waiting.len() == LARGEST {
                let full = std::mem::replace(&mut waiting, Vec::with_capacity(LARGEST));
                send(to, Piece::Data(full)).await?;
            }
        }
    }
    if !waiting.is_empty() {
        send(to, Piece::Data(waiting)).await?;
    }
    send(to, Piece::Sum(sum.finish())).await
}

async fn send(to: &Sender<Piece>, piece: Piece) -> Result<(), Failure> {
    let gone = |_| StoreError::Unavailable("the backup cannot be written".to_owned());
    Ok(to.send(piece).await.map_err(gone)?)
}

/// All tables but the list of migrations, with their columns.
async fn tables(lease: &Lease) -> Result<Vec<Table>, Failure> {
    let rows = lease.client()?.query(TABLES, &[]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Table {
            name: row.try_get(0)?,
            columns: row.try_get(1)?,
        })
    };
    rows.iter().map(read).collect()
}

/// `"table" ("column", …)`
fn target(table: &Table) -> String {
    format!("{} ({})", quoted(&table.name), columns(table))
}

fn columns(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|it| quoted(it)).collect();
    columns.join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
