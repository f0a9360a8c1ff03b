//! A copy of the whole database, made while others read and write.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::files;

/// Writes a copy, as of one moment, that takes no more room than its content needs. It appears under
/// its name only when it is whole, and `finish` has changed in it what is to be changed.
pub(super) fn copy_to(
    connection: &Connection,
    path: &Path,
    finish: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    files::appear(path, |unfinished| {
        let name = unfinished.to_str().ok_or_else(|| StoreError::Open {
            path: path.to_owned(),
            cause: "the path is no UTF-8".to_owned(),
        })?;
        // SQLite fills an empty file.
        connection.execute("VACUUM INTO ?1", [name])?;
        finish(unfinished)
    })
}

/// How long a restore waits for whoever is writing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Puts a backup in the place of a database, in one transaction: whoever has it open sees the old
/// content, and then the new. The database is made if there is none.
pub fn restore(database: &Path, backup: &Path) -> Result<(), StoreError> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let source =
        Connection::open_with_flags(backup, read_only).map_err(|error| StoreError::Open {
            path: backup.to_owned(),
            cause: error.to_string(),
        })?;
    let cannot = |cause: String| StoreError::Open {
        path: backup.to_owned(),
        cause,
    };
    let verdict: String = source
        .query_row("PRAGMA quick_check", [], |row| row.get(0))
        .map_err(|error| cannot(error.to_string()))?;
    if verdict != "ok" {
        return Err(cannot(verdict));
    }
    let version: i64 = source.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        return Err(cannot("this is no backup of Backlot's".to_owned()));
    }
    super::migrations::check_known(version)?;
    // Opening brings the file about, with the right to it, and makes it a WAL one.
    drop(super::SqliteStore::open(database)?);
    let mut target = super::connect::open(database)?;
    let copying = Backup::new(&source, &mut target)?;
    let begun = Instant::now();
    loop {
        match copying.step(-1)? {
            StepResult::Done => break,
            _ if begun.elapsed() > PATIENCE => {
                return Err(StoreError::Unavailable(
                    "somebody goes on writing".to_owned(),
                ));
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    drop(copying);
    drop(target);
    // A backup of an earlier program is brought up to this one.
    drop(super::SqliteStore::open(database)?);
    Ok(())
}
