//! The ready file, which reports the addresses of all listeners to scripts.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::output_file::{self, OutputFile};
use crate::protected_files::recognized;
use crate::user_error::user_error;

/// The maximum size of a ready file.
const MAX_BYTES: u64 = 1 << 20;

/// Removes the ready file of an earlier start, so that a failed start does not look like a successful one. Other files are
/// not touched.
pub(super) fn forget(path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    output_file::check(path).map_err(|error| output_file::cannot_write(path, &error))?;
    if let Some(refusal) = recognized(path, false) {
        return Err(user_error(format!(
            "--ready-file: cannot write {}: {refusal}",
            path.display()
        )));
    }
    if !is_one(path)? {
        return Err(user_error(format!(
            "--ready-file: {} exists, and is no ready file of an earlier start\n  hint: name a file that is not \
             there yet",
            path.display()
        )));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context("cannot remove the ready file of an earlier start")
        }
        _ => Ok(()),
    }
}

/// Returns whether the file is missing, empty, or was written by [`write`](fn@write).
fn is_one(path: &Path) -> anyhow::Result<bool> {
    let known = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        known => known.with_context(|| format!("cannot read {}", path.display()))?,
    };
    if known.len() == 0 || known.len() > MAX_BYTES {
        return Ok(known.len() == 0);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let content = serde_json::from_slice::<Value>(&bytes);
    Ok(content.is_ok_and(|it| it["backend"].is_string() && it["admin"].is_string()))
}

/// Writes the file atomically, readable by its owner only, because in `backlot dev` it contains the app's secret.
pub(super) fn write(path: &Path, content: &Value) -> anyhow::Result<()> {
    let result = OutputFile::create(path).and_then(|mut file| {
        file.write_all(content.to_string().as_bytes())?;
        file.replace()
    });
    result.with_context(|| format!("cannot write the ready file {}", path.display()))
}
