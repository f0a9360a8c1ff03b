//! A backup in the place of a database.
//!
//! The backup is unpacked, proven and brought up to this program beside the database; what was there is kept under
//! another name until the new one has opened. The change itself is one transaction, so that other programs that have the database
//! open sees the old content, and then the new.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::backup::{unpack, verify_bare};
use super::{connect, migrations};
use crate::StoreError;
use crate::backup::Kind;
use crate::backup::file::{self, Reader, damaged};
use crate::files::{self, Existing, Scratch};
use crate::markers::RESTORED;

/// How long a restore waits for a writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Puts a backup in the place of a database, which is made if there is none. `mark` is new with each restore.
pub fn restore(database: &Path, backup: &Path, mark: &str) -> Result<(), StoreError> {
    if let Some(folder) = database.parent().filter(|it| !it.as_os_str().is_empty()) {
        files::private_folder(folder).map_err(|error| files::cannot_write(database, &error))?;
    }
    let scratch =
        Scratch::beside(database).map_err(|error| files::cannot_write(database, &error))?;
    if file::is_bare_sqlite(backup) {
        verify_bare(backup)?;
        std::fs::copy(backup, scratch.path())
            .map_err(|error| files::cannot_write(scratch.path(), &error))?;
    } else {
        let reader = Reader::open(backup)?;
        if reader.kind() != Kind::Sqlite {
            return Err(damaged(
                backup,
                "it is a backup of another kind of database",
            ));
        }
        unpack(backup, reader, &scratch)?;
    }
    make_ready(scratch.path(), mark)?;
    let Some(kept) = keep(database)? else {
        return put(scratch.path(), database);
    };
    if let Err(error) = put(scratch.path(), database) {
        // What was there is put back whole, or stays beside it under its other name.
        put(&kept, database)?;
        let _ = std::fs::remove_file(&kept);
        return Err(error);
    }
    std::fs::remove_file(&kept).map_err(|error| files::cannot_write(&kept, &error))
}

/// Where a database is kept while a backup is put in its place.
pub(crate) fn kept_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".before-restore");
    name.into()
}

/// Brings an unpacked database up to this program, in one file.
fn make_ready(path: &Path, mark: &str) -> Result<(), StoreError> {
    let mut connection = connect::open(path)?;
    migrations::bring_up(&mut connection)?;
    connection.execute(
        "INSERT OR REPLACE INTO markers (name, value) VALUES (?1, ?2)",
        [RESTORED, mark],
    )?;
    connection.execute_batch("PRAGMA journal_mode = DELETE")?;
    Ok(())
}

/// Keeps what is there. One that cannot be read is put aside as it is, with its log; no program can have it open and
/// find in it what it is to hold.
fn keep(database: &Path) -> Result<Option<PathBuf>, StoreError> {
    if std::fs::metadata(database).map_or(true, |known| known.len() == 0) {
        return Ok(None);
    }
    let kept = kept_path(database);
    let copied = connect::open(database)
        .map_err(StoreError::from)
        .and_then(|present| {
            super::backup::copy_to(&present, &kept, Existing::IsReplaced, |_| Ok(()))
        });
    match copied {
        Ok(()) => Ok(Some(kept)),
        Err(
            error
            @ (StoreError::Full | StoreError::CannotWrite { .. } | StoreError::Unavailable(_)),
        ) => Err(error),
        Err(_) => {
            for end in ["-wal", "-shm", ""] {
                let (mut from, mut to) = (
                    database.as_os_str().to_owned(),
                    database.as_os_str().to_owned(),
                );
                from.push(end);
                to.push(format!(".damaged{end}"));
                match std::fs::rename(&from, &to) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(files::cannot_write(database, &error));
                    }
                    _ => {}
                }
            }
            Ok(None)
        }
    }
}

/// Copies one database over another, in one transaction, and opens the result.
fn put(source: &Path, database: &Path) -> Result<(), StoreError> {
    files::private_file(database).map_err(|error| files::cannot_write(database, &error))?;
    let source = Connection::open(source)?;
    let mut target = connect::open(database)?;
    target.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let copying = Backup::new(&source, &mut target)?;
    let begun = Instant::now();
    loop {
        match copying.step(-1)? {
            StepResult::Done => break,
            _ if begun.elapsed() > BUSY_TIMEOUT => {
                return Err(StoreError::Unavailable(
                    "another program keeps writing".to_owned(),
                ));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    drop(copying);
    let verdict: String = target.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Database(verdict));
    }
    drop(target);
    drop(super::SqliteStore::open(database)?);
    Ok(())
}
