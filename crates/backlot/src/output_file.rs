//! Files that commands write.
//!
//! A file is written under an unpredictable name in the same folder, readable by its owner only, and renamed when it is
//! complete and on disk. An existing regular file is replaced or kept, as the command says. Links are never followed, and
//! other files (devices, pipes) are not replaced.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::protected_files::ProtectedFiles;
use crate::user_error::user_error;

/// An unfinished file, which is deleted when it is dropped.
pub(crate) struct OutputFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl OutputFile {
    /// Creates a file that will have this name.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        check(path)?;
        let random = fastrand::u64(..);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Names have an end, and this one is longer.
        let name: String = name.chars().take(32).collect();
        let file = tempfile::Builder::new()
            .prefix(&format!("{name}.{random:016x}"))
            .rand_bytes(0)
            .suffix(".part")
            .tempfile_in(folder(path))?;
        // It must not be mistaken for a stale one.
        file.as_file().lock()?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Renames it, replacing a regular file.
    pub(crate) fn replace(self) -> io::Result<()> {
        let (path, file) = self.on_disk()?;
        // It may have become something else meanwhile; a link is replaced then, and still not followed.
        check(&path)?;
        file.persist(&path).map_err(|error| error.error)?;
        sync_name(&path);
        Ok(())
    }

    /// Renames it, or fails with [`ErrorKind::AlreadyExists`].
    pub(crate) fn keep_new(self) -> io::Result<()> {
        let (path, file) = self.on_disk()?;
        file.persist_noclobber(&path).map_err(|error| error.error)?;
        sync_name(&path);
        Ok(())
    }

    /// Renames it, replacing a file if `force` is set.
    pub(crate) fn put(self, replaces: bool) -> io::Result<()> {
        if replaces {
            self.replace()
        } else {
            self.keep_new()
        }
    }

    fn on_disk(self) -> io::Result<(PathBuf, NamedTempFile)> {
        self.file.as_file().sync_all()?;
        Ok((self.path, self.file))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Checks that a file may be written: it must not be protected, must not exist unless `--force` was given, and must have a
/// valid name.
pub(crate) fn refuse_unsafe(
    path: &Path,
    protected: &ProtectedFiles,
    force: bool,
) -> anyhow::Result<()> {
    let name = path.display();
    if let Some(refusal) = protected.refusal(path) {
        return Err(user_error(format!("cannot write {name}: {refusal}")));
    }
    check(path).map_err(|error| cannot_write(path, &error))?;
    if !force && std::fs::symlink_metadata(path).is_ok() {
        return Err(exists(path));
    }
    Ok(())
}

/// The error for a file that already exists.
pub(crate) fn exists(path: &Path) -> anyhow::Error {
    user_error(format!(
        "{} exists, and was not touched\n  hint: name another file, or replace this one with --force",
        path.display()
    ))
}

/// The error for a file that cannot be written.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => user_error(format!("cannot write {}: {error}", path.display())),
    }
}

/// Checks that a name is valid, and not that of a link or anything but a regular file.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let invalid = |cause| Err(io::Error::new(ErrorKind::InvalidInput, cause));
    let text = path.as_os_str().as_encoded_bytes();
    let ends_as_a_folder = text.ends_with(b"/") || text.ends_with(b"/.");
    let known = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if path.file_name().is_none() || ends_as_a_folder {
                return invalid("it is the name of no file\n  hint: name a file");
            }
            return Ok(());
        }
        known => known?.file_type(),
    };
    if known.is_symlink() {
        invalid("it is a symbolic link, and none is written through\n  hint: name the file itself")
    } else if known.is_file() {
        Ok(())
    } else {
        invalid("it is no regular file\n  hint: name a file, or one that is not there yet")
    }
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Flushes the folder, which not every system supports.
fn sync_name(path: &Path) {
    if let Ok(folder) = std::fs::File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn write(path: &Path, text: &str) -> io::Result<OutputFile> {
        let mut file = OutputFile::create(path)?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    }

    #[test]
    fn a_file_is_its_owners_and_appears_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for (round, text) in ["first", "second"].iter().enumerate() {
            let file = write(&path, text).unwrap();
            assert_eq!(path.exists(), round > 0, "not before it is whole");
            file.replace().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), *text);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            // What an earlier version wrote may be readable by all users.
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(&path, open).unwrap();
        }
        drop(write(&path, "given up").unwrap());
        let error = write(&path, "third").unwrap().keep_new().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing is left behind");
    }

    #[test]
    fn a_link_is_never_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("out"), folder.path().join("target"));
        for is_there in [true, false] {
            if is_there {
                std::fs::write(&target, "untouched").unwrap();
            }
            symlink(&target, &path).unwrap();
            let error = OutputFile::create(&path).map(drop).unwrap_err();
            assert!(error.to_string().contains("symbolic link"), "{error}");
            std::fs::remove_file(&path).unwrap();

            // One that is put there while the file is written.
            let (late, new) = (write(&path, "x").unwrap(), write(&path, "y").unwrap());
            symlink(&target, &path).unwrap();
            assert!(late.replace().is_err());
            let error = new.keep_new().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            std::fs::remove_file(&path).unwrap();
            assert_eq!(target.exists(), is_there);
            if is_there {
                assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
                std::fs::remove_file(&target).unwrap();
            }
        }
    }

    #[test]
    fn what_is_no_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), Path::new("/dev/null"), Path::new("/")] {
            let error = OutputFile::create(path).map(drop).unwrap_err();
            assert!(error.to_string().contains("no regular file"), "{error}");
        }
        for name in ["out/", "", "out/."] {
            let path = if name.is_empty() {
                PathBuf::new()
            } else {
                PathBuf::from(format!("{}/{name}", folder.path().display()))
            };
            assert!(OutputFile::create(&path).is_err(), "{name}");
        }
        let nowhere = folder.path().join("nowhere/out");
        let error = OutputFile::create(&nowhere).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
