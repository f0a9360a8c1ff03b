//! A backup of the whole database, made while others read and write.

use std::io::{Read as _, Write as _};
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::migrations;
use crate::StoreError;
use crate::backup::file::{self, LARGEST, Piece, Reader, Writer, damaged};
use crate::backup::{Kind, Origin, TableSum, Verified, read_about};
use crate::files::{self, Existing, Scratch};

/// Writes a copy, as of one moment, that takes no more room than its content needs. It appears under
/// its name only when it is whole, and `finish` has changed in it what is to be changed.
pub(super) fn copy_to(
    connection: &Connection,
    path: &Path,
    existing: Existing,
    finish: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    files::appear(path, existing, |unfinished| {
        vacuum_into(connection, unfinished)?;
        finish(unfinished)
    })
}

/// Fills an empty file with a copy.
fn vacuum_into(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let name = path.to_str().ok_or_else(|| StoreError::CannotWrite {
        path: path.to_owned(),
        cause: "the path is no UTF-8".to_owned(),
    })?;
    connection.execute("VACUUM INTO ?1", [name])?;
    Ok(())
}

/// Writes a backup: a copy, with what it is and a checksum.
pub(super) fn back_up(
    connection: &Connection,
    path: &Path,
    existing: Existing,
    origin: &Origin,
) -> Result<(), StoreError> {
    files::appear(path, existing, |unfinished| {
        let cannot = |error| files::cannot_write(path, &error);
        let copy = Scratch::beside(path).map_err(cannot)?;
        vacuum_into(connection, copy.path())?;
        let known = Connection::open_with_flags(copy.path(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let about = origin.about(version(&known)?, table_sums(&known)?);
        drop(known);
        let out = std::fs::OpenOptions::new().append(true).open(unfinished);
        let mut out = Writer::begin(out.map_err(cannot)?, Kind::Sqlite).map_err(cannot)?;
        out.put(&Piece::About(about)).map_err(cannot)?;
        let mut content = std::fs::File::open(copy.path()).map_err(cannot)?;
        loop {
            let mut part = Vec::with_capacity(LARGEST);
            let most = LARGEST as u64;
            let read = (&mut content).take(most).read_to_end(&mut part);
            if read.map_err(cannot)? == 0 {
                break;
            }
            out.put(&Piece::Data(part)).map_err(cannot)?;
        }
        out.end().map_err(cannot)
    })
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// What each table holds.
fn table_sums(connection: &Connection) -> Result<Vec<TableSum>, StoreError> {
    let mut names =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?;
    names.map(|name| table_sum(connection, name?)).collect()
}

/// The sum of a hash of each row, so that the order does not matter.
fn table_sum(connection: &Connection, name: String) -> Result<TableSum, StoreError> {
    let quoted = name.replace('"', "\"\"");
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{quoted}\""))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut count, mut sum, mut bytes) = (0, 0_u128, Vec::new());
    while let Some(row) = rows.next()? {
        bytes.clear();
        for column in 0..columns {
            let (kind, content): (u8, &[u8]) = match row.get_ref(column)? {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(number) => (1, &number.to_be_bytes()),
                ValueRef::Real(number) => (2, &number.to_bits().to_be_bytes()),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            bytes.push(kind);
            bytes.extend((content.len() as u64).to_be_bytes());
            bytes.extend(content);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..16]);
        sum = sum.wrapping_add(u128::from_be_bytes(short));
        count += 1;
    }
    Ok(TableSum {
        name,
        rows: count,
        checksum: const_hex::encode(sum.to_be_bytes()),
    })
}

/// Proves a backup whose first line has been read.
pub(crate) fn verify(path: &Path, reader: Reader) -> Result<Verified, StoreError> {
    let scratch = Scratch::beside_or_elsewhere(path);
    let scratch =
        scratch.map_err(|error| damaged(path, &format!("it cannot be unpacked: {error}")))?;
    unpack(path, reader, &scratch)
}

/// Unpacks a backup into an empty file, and proves it.
pub(super) fn unpack(
    path: &Path,
    mut reader: Reader,
    into: &Scratch,
) -> Result<Verified, StoreError> {
    let cannot = |error| files::cannot_write(into.path(), &error);
    let about = read_about(&mut reader, path)?;
    let mut out = std::fs::OpenOptions::new()
        .append(true)
        .open(into.path())
        .map_err(cannot)?;
    loop {
        match reader.next()? {
            Piece::Data(data) => out.write_all(&data).map_err(cannot)?,
            Piece::End => break,
            _ => return Err(damaged(path, "its parts are in no order that a backup has")),
        }
    }
    drop(out);
    let mut verified = verify_form(path, into.path())?;
    if verified.about.migration != about.migration || verified.tables != about.tables {
        return Err(damaged(path, "its tables are not what was written"));
    }
    verified.format = file::FORMAT;
    verified.about = about;
    Ok(verified)
}

/// A bare file of SQLite's, as earlier versions wrote their backups: it has no checksum.
pub(crate) fn verify_bare(path: &Path) -> Result<Verified, StoreError> {
    verify_form(path, path)
}

/// Whether the file at `database` is a database of Backlot's, and as sound as SQLite can tell.
fn verify_form(path: &Path, database: &Path) -> Result<Verified, StoreError> {
    let unsound = |error: rusqlite::Error| damaged(path, &error.to_string());
    let connection =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unsound)?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(unsound)?;
    if verdict != "ok" {
        return Err(damaged(path, &verdict));
    }
    let found = version(&connection)?;
    migrations::check_known(found)?;
    if found < 1 || schema(&connection)? != migrations::schema_at(found)? {
        return Err(damaged(
            path,
            "it is a database of another program's, or its tables were changed",
        ));
    }
    let tables = table_sums(&connection)?;
    Ok(Verified {
        kind: Kind::Sqlite,
        format: 0,
        about: Origin::default().about(found, tables.clone()),
        tables,
    })
}

/// Everything that is declared in a database: kind, name, and statement.
pub(super) fn schema(
    connection: &Connection,
) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let mut all = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY type, name",
    )?;
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
