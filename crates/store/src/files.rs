//! Files that are readable by their owner only, and that appear under their name only when they are whole. A link in the
//! place of one that is to appear is not followed.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Makes the folder where it is missing; a folder that exists keeps its rights.
pub(crate) fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file where it is missing. It holds private keys, so it is readable by its owner only.
pub(crate) fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// What becomes of a regular file that has the name of one that is to appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing appears.
    Stays,
    /// The new one takes its place.
    IsReplaced,
}

/// Has a file written beside its place, in one that is there and empty, and puts it there when it is on disk.
pub(crate) fn appear(
    path: &Path,
    existing: Existing,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let cannot = |error: std::io::Error| cannot_write(path, &error);
    refuse_others(path, existing).map_err(cannot)?;
    let scratch = Scratch::beside(path).map_err(cannot)?;
    let unfinished = scratch.path();
    write(unfinished)
        .and_then(|()| sync(unfinished).map_err(cannot))
        .and_then(|()| refuse_others(path, existing).map_err(cannot))
        .and_then(|()| name_it(unfinished, path, existing).map_err(cannot))?;
    // The name, too; not every system can do that with a folder.
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let _ = sync(folder.unwrap_or_else(|| Path::new(".")));
    Ok(())
}

/// What is said of a file that cannot be written.
pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::CannotWrite {
            path: path.to_owned(),
            cause: error.to_string(),
        },
    }
}

/// An unfinished file, which is deleted with this value. It is readable by its owner only, and locked, so that it is
/// not mistaken for a stale one.
pub(crate) struct Scratch {
    path: PathBuf,
    lock: File,
}

impl Scratch {
    /// An empty file beside another.
    pub(crate) fn beside(path: &Path) -> std::io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        // Another user of the folder could otherwise put a link in its place.
        let random = fastrand::u64(..);
        name.push(format!(".{random:016x}.part"));
        let path = PathBuf::from(name);
        let lock = new_file(&path)?;
        let scratch = Self { path, lock };
        scratch.lock.lock()?;
        Ok(scratch)
    }

    /// The same, or where nothing can be written there, in the system's folder for such files.
    pub(crate) fn beside_or_elsewhere(path: &Path) -> std::io::Result<Self> {
        let name = path.file_name().unwrap_or_default();
        Self::beside(path).or_else(|_| Self::beside(&std::env::temp_dir().join(name)))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that got its name is not here any more.
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(end);
            let _ = std::fs::remove_file(name);
        }
    }
}

/// Removes files of a folder that were in the making when their program was killed. Those that are still locked are
/// locked, and stay. Returns their names.
pub fn remove_unfinished(folder: &Path) -> Vec<PathBuf> {
    let mut removed = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return removed;
    };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        if !is_file || !is_unfinished(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        if is_left(&path) && std::fs::remove_file(&path).is_ok() {
            removed.push(path);
        }
    }
    removed
}

/// Whether no process is writing a file any more. What SQLite keeps beside it goes only when the file itself may.
fn is_left(path: &Path) -> bool {
    let text = path.as_os_str().to_string_lossy();
    let mut ends = ["-wal", "-shm", "-journal"].iter();
    let of = ends.find_map(|end| text.strip_suffix(end));
    match File::open(of.map_or(path, Path::new)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => of.is_some() && error.kind() == ErrorKind::NotFound,
    }
}

/// `name.0123456789abcdef.part`, and what SQLite keeps beside it.
fn is_unfinished(name: &str) -> bool {
    let Some((before, end)) = name.rsplit_once(".part") else {
        return false;
    };
    let random = before.rsplit('.').next().unwrap_or_default();
    let is_random = random.len() == 16 && random.bytes().all(|it| it.is_ascii_hexdigit());
    is_random && ["", "-wal", "-shm", "-journal"].contains(&end)
}

/// Gives a file that is whole its name.
fn name_it(unfinished: &Path, path: &Path, existing: Existing) -> std::io::Result<()> {
    if existing == Existing::IsReplaced {
        return std::fs::rename(unfinished, path);
    }
    match std::fs::hard_link(unfinished, path) {
        Ok(()) => std::fs::remove_file(unfinished),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Not every file system has links. It was looked at a moment ago.
        Err(_) => std::fs::rename(unfinished, path),
    }
}

/// Makes a file, which must not be there in any form.
fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Refuses a name that is a link's, or anything's but a regular file's; and a regular file's that is to stay.
fn refuse_others(path: &Path, existing: Existing) -> std::io::Result<()> {
    let known = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        known => known?.file_type(),
    };
    let cause = if known.is_symlink() {
        "it is a symbolic link, and none is written through; name the file itself"
    } else if known.is_file() && existing == Existing::IsReplaced {
        return Ok(());
    } else if known.is_file() {
        return Err(std::io::Error::new(ErrorKind::AlreadyExists, "it exists"));
    } else {
        "it is no regular file; name a file, or one that is not there yet"
    };
    Err(std::io::Error::new(ErrorKind::InvalidInput, cause))
}

fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn what_was_left_behind_is_removed_and_what_is_made_stays() {
        let folder = tempfile::tempdir().unwrap();
        let made = Scratch::beside(&folder.path().join("made")).unwrap();
        let keep = [
            "other.part",
            "x.0123.part",
            "backlot.db",
            "x.0123456789abcdef.parts",
        ];
        let left = ["x.0123456789abcdef.part", "x.0123456789abcdef.part-journal"];
        for name in keep.iter().chain(&left) {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let mut journal = made.path().as_os_str().to_owned();
        journal.push("-journal");
        std::fs::write(&journal, "x").unwrap();
        // Whatever goes first, what is beside it is left as well.
        let alone = "y.0123456789abcdef.part-journal";
        std::fs::write(folder.path().join(alone), "x").unwrap();
        assert_eq!(remove_unfinished(folder.path()).len(), left.len() + 1);
        assert!(made.path().exists());
        assert!(Path::new(&journal).exists(), "it is in use");
        assert!(keep.iter().all(|name| folder.path().join(name).exists()));
        let path = made.path().to_owned();
        drop(made);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_appears_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("out"), folder.path().join("target"));
        let write = |path: &Path| {
            appear(path, Existing::IsReplaced, |part| {
                std::fs::write(part, "content").map_err(|error| StoreError::Open {
                    path: part.to_owned(),
                    cause: error.to_string(),
                })
            })
        };
        for _ in 0..2 {
            write(&path).unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(&path, open).unwrap();
        }
        let stays = appear(&path, Existing::Stays, |_| Ok(()));
        assert!(stays.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "content");
        std::fs::remove_file(&path).unwrap();
        let meanwhile = appear(&path, Existing::Stays, |_| {
            std::fs::write(&path, "another's").unwrap();
            Ok(())
        });
        assert!(meanwhile.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another's");
        std::fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        let error = write(&path).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert!(!target.exists());
        assert!(write(folder.path()).is_err(), "a folder is no file");
        let late = folder.path().join("late");
        let outcome = appear(&late, Existing::IsReplaced, |_| {
            symlink(&target, &late).unwrap();
            Ok(())
        });
        assert!(outcome.is_err() && !target.exists());
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["late", "out"], "nothing is left behind");
    }
}
