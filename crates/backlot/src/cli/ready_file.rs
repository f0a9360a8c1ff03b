//! The file that tells scripts that everything listens, and where.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::output_file::OutputFile;

/// Removes one that an earlier start left: a start that fails must not look like one that did not.
pub(super) fn forget(path: Option<&Path>) -> anyhow::Result<()> {
    match path.map(std::fs::remove_file) {
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("cannot remove the ready file of an earlier start")
        }
        _ => Ok(()),
    }
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
