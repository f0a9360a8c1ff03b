//! The file that tells scripts that everything listens, and where.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::output_file::{self, OutputFile};
use crate::protected_files::recognized;
use crate::user_error::user_error;

/// The most that one holds, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Removes one that an earlier start left: a start that fails must not look like one that did not. What is no ready
/// file is not touched.
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

/// Whether there is nothing, an empty file, or what [`write`](fn@write) writes.
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

/// Writes it whole or not at all, readable by its owner only: in `backlot dev` it holds the app's
/// secret.
pub(super) fn write(path: &Path, content: &Value) -> anyhow::Result<()> {
    let result = OutputFile::create(path).and_then(|mut file| {
        file.write_all(content.to_string().as_bytes())?;
        file.replace()
    });
    result.with_context(|| format!("cannot write the ready file {}", path.display()))
}
