//! Files that commands never overwrite, even with `--force`: the database, the configuration, the master key, and
//! whatever another program has open.
//!
//! A file is known by what it is, not by how its name is spelt: by device and number where it exists, which finds
//! links, hard links and other spellings, and by the real path of its folder where it does not exist yet. Files that
//! belong to another configuration's data are recognized by their names and their content ([`recognize`]).

mod recognize;

use std::path::{Path, PathBuf};

use crate::data_folder::{DataFolder, with_end};

/// The files, each with a word for it.
#[derive(Debug, Default)]
pub(crate) struct ProtectedFiles {
    files: Vec<(PathBuf, &'static str)>,
    /// A configuration may be replaced: by another configuration.
    replaces_configuration: bool,
}

impl ProtectedFiles {
    /// Adds a file, which need not exist.
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, what: &'static str) {
        self.files.push((path.into(), what));
    }

    /// Lets a configuration be replaced, for the command that writes one.
    pub(crate) const fn let_configurations_be_replaced(&mut self) {
        self.replaces_configuration = true;
    }

    /// Adds a SQLite database, with the files that SQLite keeps beside it.
    pub(crate) fn add_database(&mut self, path: &Path, what: &'static str) {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        for base in [path, &real] {
            for end in ["", "-wal", "-shm", "-journal", ".lock"] {
                self.add(with_end(base, end), what);
            }
        }
    }

    /// Adds every file of a folder whose name begins so.
    pub(crate) fn add_beginning(&mut self, path: &Path, what: &'static str) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return;
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        let beginning = name.to_string_lossy().into_owned();
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&beginning) {
                self.add(entry.path(), what);
            }
        }
    }

    /// Protects what is in a data folder.
    pub(crate) fn add_data_folder(&mut self, data: &DataFolder) {
        self.add_database(&data.path().join("backlot.db"), "a database of Backlot's");
        self.add_database(&data.site_data(), "the simulator's database");
        self.add(data.world(), "the simulator's app");
        self.add(data.lock(), "the lock of a server");
        self.add_beginning(&data.path().join("master.key"), "the master key");
    }

    /// Says why a file must not be written, if that is so.
    pub(crate) fn refusal(&self, target: &Path) -> Option<String> {
        let known = Identity::from_path(target);
        let listed = self.files.iter();
        let mut listed = listed.filter(|(path, _)| known.is_same_as(&Identity::from_path(path)));
        if let Some((_, what)) = listed.next() {
            return Some(owned(what));
        }
        // Who has it open says more than what it looks like.
        let holder = opened_by(&known).map(|holder| {
            format!("{holder} has it open\n  hint: name another file, or stop that program first")
        });
        holder.or_else(|| recognized(target, self.replaces_configuration))
    }
}

/// Says why a file must not be written, if its name or its content shows that it is one of Backlot's.
pub(crate) fn recognized(target: &Path, replaces_configuration: bool) -> Option<String> {
    let place = place(target);
    recognize::by_name(place.as_deref().unwrap_or(target))
        .or_else(|| recognize::by_content(target, replaces_configuration))
        .map(owned)
}

fn owned(what: &str) -> String {
    format!("it is {what}, which no command writes over\n  hint: name another file")
}

/// What tells a file from others.
struct Identity {
    /// Device and number, of a file that exists.
    #[cfg(unix)]
    number: Option<(u64, u64)>,
    /// The folder's real path, and the name in it.
    place: Option<PathBuf>,
}

impl Identity {
    fn from_path(path: &Path) -> Self {
        Self {
            #[cfg(unix)]
            number: std::fs::metadata(path).ok().map(|known| numbers(&known)),
            place: place(path),
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        #[cfg(unix)]
        if self.number.is_some() && self.number == other.number {
            return true;
        }
        self.place.is_some() && self.place == other.place
    }
}

#[cfg(unix)]
fn numbers(known: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (known.dev(), known.ino())
}

fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = std::fs::canonicalize(folder.unwrap_or_else(|| Path::new("."))).ok()?;
    Some(folder.join(path.file_name()?))
}

/// Which other program has the file open, where the system tells.
#[cfg(target_os = "linux")]
fn opened_by(file: &Identity) -> Option<String> {
    let number = file.number?;
    let own = std::process::id().to_string();
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let id = process.file_name().to_string_lossy().into_owned();
        if id == own || !id.bytes().all(|it| it.is_ascii_digit()) {
            continue;
        }
        // Another user's programs keep theirs to themselves.
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        for one in open.flatten() {
            if std::fs::metadata(one.path()).is_ok_and(|known| numbers(&known) == number) {
                let name = std::fs::read_to_string(process.path().join("comm"));
                let name = name.unwrap_or_default();
                return Some(format!("the process {id} ({})", name.trim()));
            }
        }
    }
    None
}

#[cfg(not(target_os = "linux"))]
fn opened_by(_: &Identity) -> Option<String> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (real, linked) = (folder.path().join("real"), folder.path().join("linked"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &linked).unwrap();
        let database = real.join("backlot.db");
        std::fs::write(&database, "content").unwrap();
        std::fs::hard_link(&database, folder.path().join("hard")).unwrap();
        std::os::unix::fs::symlink(&database, folder.path().join("soft")).unwrap();
        let mut files = ProtectedFiles::default();
        files.add_database(&linked.join("backlot.db"), "the database");
        for name in [
            "real/backlot.db",
            "linked/backlot.db",
            "real/../linked/./backlot.db",
            "hard",
            "soft",
            "real/backlot.db-wal",
            "linked/backlot.db-shm",
            "real/backlot.db-journal",
        ] {
            let refusal = files.refusal(&folder.path().join(name));
            assert!(
                refusal.is_some_and(|it| it.contains("the database")),
                "{name}"
            );
        }
        for name in ["real/backlot.db.bak", "backlot.db", "real/nowhere/x"] {
            assert_eq!(files.refusal(&folder.path().join(name)), None, "{name}");
        }
    }
}
