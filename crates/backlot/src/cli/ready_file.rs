//! The file that tells scripts that everything listens, and where.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// Writes it whole or not at all, readable by its owner only: in `backlot dev` it holds the
/// make-believe app's secret.
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
