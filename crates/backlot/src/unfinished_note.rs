//! Notes of files that commands write outside of the data folder, so that the next start finds what a killed one has
//! left.
//!
//! A command leaves a note in the data folder before it begins its file, and takes it away when that is whole. The note
//! holds the folder that the file is in. It is locked as long as the command lives, so a note that is not locked is of
//! one that was killed; the files themselves are locked, too ([`remove_unfinished`]).
//!
//! Caveat: without a data folder there is no note, since no start would look for it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use backlot_store::remove_unfinished;

use crate::data_folder::DataFolder;

/// How the names of notes begin and end.
const BEGINNING: &str = "unfinished.";
const ENDING: &str = ".note";
/// The longest path of a folder.
const MAX_PATH_BYTES: u64 = 64 * 1024;

/// A note, which goes with this value.
#[derive(Debug)]
pub(crate) struct UnfinishedNote {
    path: PathBuf,
    _lock: File,
}

impl UnfinishedNote {
    /// Leaves a note of a file that is about to be written. `None` without a data folder.
    pub(crate) fn leave(data: &DataFolder, file: &Path) -> std::io::Result<Option<Self>> {
        if !data.path().is_dir() {
            return Ok(None);
        }
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = std::path::absolute(folder.unwrap_or(Path::new(".")))?;
        loop {
            let name = format!("{BEGINNING}{:016x}{ENDING}", fastrand::u64(..));
            let path = data.path().join(name);
            let mut note = new_file(&path)?;
            note.lock()?;
            // A start may have taken it for one that was left, before it was locked.
            if path.exists() {
                note.write_all(folder.as_os_str().as_encoded_bytes())?;
                note.sync_all()?;
                return Ok(Some(Self { path, _lock: note }));
            }
        }
    }
}

impl Drop for UnfinishedNote {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes what killed commands have left, by their notes. Returns the files.
pub(crate) fn remove_noted(data: &DataFolder) -> Vec<PathBuf> {
    let mut removed = Vec::new();
    let Ok(entries) = std::fs::read_dir(data.path()) else {
        return removed;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_note = name.starts_with(BEGINNING) && name.ends_with(ENDING);
        if !is_note || !entry.file_type().is_ok_and(|it| it.is_file()) {
            continue;
        }
        if let Some(folder) = left_behind(&entry.path()) {
            removed.extend(remove_unfinished(&folder));
            let _ = std::fs::remove_file(entry.path());
        }
    }
    removed
}

/// The folder that a note holds, if no process holds the note any more.
fn left_behind(note: &Path) -> Option<PathBuf> {
    let file = File::open(note).ok()?;
    file.try_lock().ok()?;
    let mut bytes = Vec::new();
    (&file).take(MAX_PATH_BYTES).read_to_end(&mut bytes).ok()?;
    path_of(bytes)
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere not all bytes are a path"
)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Makes a file that must not be there, readable by its owner only.
fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_command_has_left_is_found_by_its_note() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::of_serve(Some(&folder.path().join("data")));
        let elsewhere = folder.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let target = elsewhere.join("bb.bak");
        let without = UnfinishedNote::leave(&data, &target).unwrap();
        assert!(without.is_none(), "there is no data folder");
        data.make().unwrap();
        let notes = || std::fs::read_dir(data.path()).unwrap().count();
        let (part, journal) = (
            elsewhere.join("bb.bak.0123456789abcdef.part"),
            elsewhere.join("bb.bak.0123456789abcdef.part-journal"),
        );
        std::fs::write(&part, "x").unwrap();
        std::fs::write(&journal, "x").unwrap();

        // While the command lives, and when it ends well, nothing is removed.
        let note = UnfinishedNote::leave(&data, &target).unwrap().unwrap();
        assert_eq!((remove_noted(&data), notes()), (Vec::new(), 1));
        // What stays of it if it is killed.
        let left = std::fs::read(&note.path).unwrap();
        drop(note);
        assert_eq!((remove_noted(&data), notes()), (Vec::new(), 0));

        std::fs::write(data.path().join("unfinished.1.note"), left).unwrap();
        let writer = File::open(&part).unwrap();
        writer.lock().unwrap();
        assert_eq!(
            remove_noted(&data),
            [""; 0].map(PathBuf::from),
            "another writes there"
        );
        assert!(part.exists() && journal.exists());
        drop(writer);
        std::fs::write(
            data.path().join("unfinished.2.note"),
            elsewhere.as_os_str().as_encoded_bytes(),
        )
        .unwrap();
        let mut removed = remove_noted(&data);
        removed.sort_unstable();
        assert_eq!(removed, [part, journal]);
        assert_eq!(notes(), 0);
        // A note that says nothing, and one of a folder that is gone.
        for said in ["", "/nowhere/at/all"] {
            std::fs::write(data.path().join("unfinished.3.note"), said).unwrap();
            assert_eq!((remove_noted(&data), notes()), (Vec::new(), 0));
        }
    }
}
