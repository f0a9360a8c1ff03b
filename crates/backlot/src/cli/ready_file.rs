//! The file that tells scripts that everything listens, and where.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

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
    let unfinished = path.with_file_name(format!(
        ".{}.unfinished",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let result = options
        .open(&unfinished)
        .and_then(|mut file| file.write_all(content.to_string().as_bytes()))
        .and_then(|()| std::fs::rename(&unfinished, path));
    result.with_context(|| format!("cannot write the ready file {}", path.display()))
}
