//! Files that nobody but their owner reads, and that appear under their name only when they are whole.

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
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.part", std::process::id()));
    let unfinished = Path::new(&unfinished);
    // Made by us first, so that nobody but the owner reads it at any moment.
    let _ = std::fs::remove_file(unfinished);
    private_file(unfinished).map_err(cannot)?;
    let written = write(unfinished)
        .and_then(|()| sync(unfinished).map_err(cannot))
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

fn sync(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()
}
