//! One data folder, one server; one file of a database, one server.
//!
//! A server holds a lock for as long as it lives, on a file that says who it is. The system lets go of it however
//! the server ends, so a lock that was left behind is in nobody's way. Nodes that share a PostgreSQL database have a
//! folder each, or none.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use backlot_store::Address;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cli::mistake;
use crate::data_folder::{DataFolder, make_private};
use crate::output_file;
use crate::protected_files::with_end;

/// Who holds a lock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    process_id: u32,
    started_at: Timestamp,
    command: String,
}

impl Holder {
    /// This program.
    fn this(now: Timestamp) -> Self {
        let words = std::env::args_os();
        let words: Vec<String> = words.map(|it| it.to_string_lossy().into_owned()).collect();
        Self {
            process_id: std::process::id(),
            started_at: now,
            command: words.join(" "),
        }
    }

    /// Whoever holds the lock of this file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Self::read(&mut file)),
            _ => None,
        }
    }

    /// Whoever holds the lock of a data folder, or of a database's file.
    pub(crate) fn of_either(data: &DataFolder, database: &Address) -> Option<Self> {
        let database = lock_of(database).and_then(|path| Self::of(&path));
        database.or_else(|| data.holder())
    }

    /// Whether it is `backlot dev`, as far as its command tells.
    pub(crate) fn is_dev(&self) -> bool {
        let mut words = self.command.split_whitespace();
        words.find(|word| ["dev", "serve"].contains(word)) == Some("dev")
    }

    /// What a lock says; one that was taken a moment ago says nothing yet.
    fn read(file: &mut File) -> Self {
        let mut text = String::new();
        let read = file.take(64 * 1024).read_to_string(&mut text);
        let said = read.ok().and_then(|_| serde_json::from_str(&text).ok());
        said.unwrap_or(Self {
            process_id: 0,
            started_at: Timestamp::UNIX_EPOCH,
            command: String::new(),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.process_id == 0 {
            return formatter.write_str("a server that has just begun");
        }
        let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
        let command: String = self.command.chars().map(replace).collect();
        write!(
            formatter,
            "the process {} (`{command}`, since {:.0})",
            self.process_id, self.started_at
        )
    }
}

/// The locks of a server, held as long as this is.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _files: Vec<File>,
}

impl ServerLock {
    /// Takes the lock of a database's file, and that of the folder if the server keeps anything in it.
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
            return Err(mistake(format!(
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

/// Made where it is missing, and never followed through a link.
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

/// The lock of a database's file, beside the file itself whatever it is called.
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
        assert!(Holder::of_either(&other, &database).is_some());
        drop(held);
        assert!(Holder::of_either(&data, &database).is_none());
        ServerLock::take(Some(&data), &database, now).unwrap();
    }
}
