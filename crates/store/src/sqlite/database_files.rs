//! Whether the files that are open are those that a start would find.
//!
//! What is written into files that were removed, or moved away with their folder, is lost with the program; the
//! system says nothing of it. So nothing is acknowledged that is not under the database's own name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The files of a database: its own, its log, and what its users share.
pub(super) struct DatabaseFiles([Part; 3]);

struct Part {
    path: PathBuf,
    /// As it was when it was seen first; the log comes about with the first use.
    seen: Option<Number>,
}

/// Device and number.
type Number = (u64, u64);

impl DatabaseFiles {
    /// As they are now.
    pub(super) fn new(path: &Path) -> Self {
        // SQLite keeps the others beside the file itself, where a link leads to it.
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Self(["", "-wal", "-shm"].map(|end| {
            let mut name = OsString::from(&real);
            name.push(end);
            let path = PathBuf::from(name);
            Part {
                seen: number(&path),
                path,
            }
        }))
    }

    /// Whether all are still there, and no others in their place.
    pub(super) fn check(&mut self) -> Result<(), StoreError> {
        for part in &mut self.0 {
            let found = number(&part.path);
            part.seen = part.seen.or(found);
            if found != part.seen {
                return Err(StoreError::Unavailable(format!(
                    "the file {} is gone, or another one is in its place: what is written now would be lost; put it \
                     back, or stop the program and restore a backup",
                    part.path.display()
                )));
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn number(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt as _;
    let known = std::fs::metadata(path).ok()?;
    Some((known.dev(), known.ino()))
}

/// Other systems do not allow removing an open file.
#[cfg(not(unix))]
fn number(_: &Path) -> Option<Number> {
    None
}
