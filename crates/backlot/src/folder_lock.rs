//! The locks of a data folder and of a database file, which one server may use at a time.
//!
//! A server holds a lock while it runs, on a file that describes it. The system releases it however the server ends, so a stale lock file does no harm. Nodes that share a PostgreSQL database have a
//! folder each, or none.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use backlot_store::Address;
use jiff::Timestamp;

use crate::data_folder::{DataFolder, make_private, with_end};
use crate::lock_holder::Holder;
use crate::output_file;
use crate::user_error::user_error;

/// The holder of a data folder's lock, or of a database file's.
pub(crate) fn holder_of(data: &DataFolder, database: &Address) -> Option<Holder> {
    let database = lock_of(database).and_then(|path| Holder::find(&path));
    database.or_else(|| data.holder())
}

/// The locks of a server, held until this is dropped.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _files: Vec<File>,
}

impl ServerLock {
    /// Acquires the lock of a database file, and that of the folder if the server stores anything in it.
    pub(crate) fn take(
        data: Option<&DataFolder>,
        database: &Address,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let holder = Holder::this(now);
        let mut files = Vec::new();
        if let Some(data) = data {
            let what = format!("the data folder {}", data.path().display());
            files.push(take(&data.lock(), &what, &holder)?);
        }
        if let Some(path) = lock_of(database) {
            files.push(take(&path, &format!("the database {database}"), &holder)?);
        }
        Ok(Self { _files: files })
    }
}

fn take(path: &Path, what: &str, holder: &Holder) -> anyhow::Result<File> {
    let mut file = open(path).map_err(|error| output_file::cannot_write(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(user_error(format!(
                "IN_USE: {what} is in use by {}\n  hint: stop that server first, or name another folder with --data; \
                 commands that only read work beside it",
                Holder::read(&mut file)
            )));
        }
        Err(TryLockError::Error(error)) => return Err(output_file::cannot_write(path, &error)),
    }
    let write = |file: &mut File| -> std::io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(serde_json::to_string(holder)?.as_bytes())
    };
    write(&mut file).map_err(|error| output_file::cannot_write(path, &error))?;
    Ok(file)
}

/// Creates the file if it is missing, without following links.
fn open(path: &Path) -> std::io::Result<File> {
    output_file::check(path)?;
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        make_private(folder)?;
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Returns the path of the lock of a database file, which is in the same folder.
fn lock_of(database: &Address) -> Option<PathBuf> {
    let Address::Sqlite { path, .. } = database else {
        return None;
    };
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    Some(with_end(&real, ".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_who_holds_it_and_ends_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::of_serve(Some(&folder.path().join("deep")));
        let database = Address::Sqlite {
            path: data.path().join("x.db"),
            durability: backlot_store::sqlite::Durability::Full,
        };
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let held = ServerLock::take(Some(&data), &database, now).unwrap();
        let refusal = ServerLock::take(Some(&data), &database, now).unwrap_err();
        let own = format!("the process {} (`", std::process::id());
        for words in ["IN_USE", &own, "since 2001-09-09T01:46:40Z"] {
            assert!(refusal.to_string().contains(words), "{refusal}");
        }
        let other = DataFolder::of_serve(Some(&folder.path().join("other")));
        let refusal = ServerLock::take(Some(&other), &database, now).unwrap_err();
        assert!(refusal.to_string().contains("the database"), "{refusal}");
        assert!(holder_of(&other, &database).is_some());
        drop(held);
        assert!(holder_of(&data, &database).is_none());
        ServerLock::take(Some(&data), &database, now).unwrap();
    }
}
