//! Files that nobody but their owner reads, and that appear under their name only when they are whole. A link in the
//! place of one that is to appear is not followed.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::ErrorKind;
use std::path::Path;

use crate::StoreError;

/// Makes the folder where it is missing; a folder that exists keeps its rights.
pub(crate) fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file where it is missing. It holds private keys: nobody but its owner reads it.
pub(crate) fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Has a file written beside its place, in one that is there and empty, and puts it there when it is on disk.
pub(crate) fn appear(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let cannot = |error: std::io::Error| StoreError::Open {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    refuse_others(path).map_err(cannot)?;
    let mut unfinished = path.as_os_str().to_owned();
    // Whoever can make files here could otherwise put a link in the place of it.
    let random = RandomState::new().build_hasher().finish();
    unfinished.push(format!(".{random:016x}.part"));
    let unfinished = Path::new(&unfinished);
    // Made by us first, so that nobody but the owner reads it at any moment.
    new_file(unfinished).map_err(cannot)?;
    let written = write(unfinished)
        .and_then(|()| sync(unfinished).map_err(cannot))
        .and_then(|()| refuse_others(path).map_err(cannot))
        .and_then(|()| std::fs::rename(unfinished, path).map_err(cannot));
    if written.is_err() {
        let _ = std::fs::remove_file(unfinished);
        return written;
    }
    // The name, too; not every system can do that with a folder.
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let _ = sync(folder.unwrap_or_else(|| Path::new(".")));
    Ok(())
}

/// Makes a file, which must not be there in any form.
fn new_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Refuses a name that is a link's, or anything's but a regular file's.
fn refuse_others(path: &Path) -> std::io::Result<()> {
    let known = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        known => known?.file_type(),
    };
    let cause = if known.is_symlink() {
        "it is a symbolic link, and none is written through; name the file itself"
    } else if known.is_file() {
        return Ok(());
    } else {
        "it is no regular file; name a file, or one that is not there yet"
    };
    Err(std::io::Error::new(ErrorKind::InvalidInput, cause))
}

fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_file_appears_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("out"), folder.path().join("target"));
        let write = |path: &Path| {
            appear(path, |part| {
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
        std::fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        let error = write(&path).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert!(!target.exists());
        assert!(write(folder.path()).is_err(), "a folder is no file");
        let late = folder.path().join("late");
        let outcome = appear(&late, |_| {
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
