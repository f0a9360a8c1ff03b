//! The data folder: one place for everything that is kept, with a name for each file in it.

use std::path::{Path, PathBuf};

/// The folder, made or not.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// `data` in the current folder unless `--data` names another.
    pub(crate) fn new(chosen: Option<&Path>) -> Self {
        Self(chosen.unwrap_or(Path::new("data")).to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The make-believe app and its sites.
    pub(crate) fn world(&self) -> PathBuf {
        self.0.join("simulator.json")
    }

    /// What the make-believe sites keep at the simulator's Wix.
    pub(crate) fn site_data(&self) -> PathBuf {
        self.0.join("simulator-data.db")
    }

    /// Wix's own client for the demo app's page, where `scripts/demo-client` has put it.
    pub(crate) fn demo_client(&self) -> PathBuf {
        self.0.join("demo-client.js")
    }

    /// Makes the folder where it is missing, readable by its owner only.
    pub(crate) fn make(&self) -> std::io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0)
    }
}
