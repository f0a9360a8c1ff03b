//! The data folder: one place for everything that is kept, with a name for each file in it.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::lock_holder::Holder;

/// The configuration where no flag names another, if it is there.
pub(crate) const CONFIGURATION: &str = "backlot.toml";
/// Of `backlot serve`, where no flag names another.
const SERVE: &str = "data";
/// Of `backlot dev`: what is tried on a developer's machine is not in production's way.
const DEV: &str = "data/dev";

/// The folder, made or not.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// That of `backlot serve`.
    pub(crate) fn of_serve(chosen: Option<&Path>) -> Self {
        Self(chosen.unwrap_or(Path::new(SERVE)).to_owned())
    }

    /// That of `backlot dev`.
    pub(crate) fn of_dev(chosen: Option<&Path>) -> Self {
        Self(chosen.unwrap_or(Path::new(DEV)).to_owned())
    }

    /// That of all other commands: of the server that runs, or else the one that is there; of `backlot serve` where
    /// both are, or none.
    pub(crate) fn present(chosen: Option<&Path>) -> Self {
        if let Some(chosen) = chosen {
            return Self(chosen.to_owned());
        }
        let (serve, dev) = (Self(SERVE.into()), Self(DEV.into()));
        let (serve_runs, dev_runs) = (serve.holder().is_some(), dev.holder().is_some());
        if (dev_runs && !serve_runs) || (!serve_runs && !serve.is_used() && dev.is_used()) {
            dev
        } else {
            serve
        }
    }

    /// The same, but rather one that has the simulator's app.
    pub(crate) fn with_world(chosen: Option<&Path>) -> Self {
        let present = Self::present(chosen);
        let dev = Self::of_dev(chosen);
        if !present.world().exists() && dev.world().exists() {
            dev
        } else {
            present
        }
    }

    /// The flags with which any command finds this folder and this configuration, with a space before each. Nothing
    /// where a command finds them by itself.
    pub(crate) fn command_flags(&self, configuration: Option<&Path>) -> String {
        let mut flags = String::new();
        let configuration = configuration.filter(|it| *it != Path::new(CONFIGURATION));
        if let Some(file) = configuration {
            let _ = write!(flags, " --config {}", quoted(file));
        }
        let is_found = self.is_of_serve() && Self::present(None).is_of_serve();
        if !is_found {
            let _ = write!(flags, " --data {}", quoted(&self.0));
        }
        flags
    }

    /// The other one that commands may mean where no flag names one: that of `backlot dev` beside that of `backlot
    /// serve`, and the reverse. With the command that has it.
    pub(crate) fn other(&self) -> Option<(&'static str, Self)> {
        if self.is_of_serve() {
            Some(("dev", Self::of_dev(None)))
        } else if self.0 == Path::new(DEV) {
            Some(("serve", Self::of_serve(None)))
        } else {
            None
        }
    }

    /// Whether it is the one that `backlot serve` takes by itself.
    pub(crate) fn is_of_serve(&self) -> bool {
        self.0 == Path::new(SERVE)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The server that runs on this folder, if one does.
    pub(crate) fn holder(&self) -> Option<Holder> {
        Holder::find(&self.lock())
    }

    /// The lock of the server that runs on it.
    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("backlot.lock")
    }

    /// Whether an earlier `backlot dev`, which had another folder, left its app here and none is where it is now.
    pub(crate) fn earlier_dev(&self) -> Option<PathBuf> {
        let earlier = Self(SERVE.into());
        let is_default = self.0 == Path::new(DEV);
        (is_default && !self.world().exists() && earlier.world().exists()).then_some(earlier.0)
    }

    /// Whether anything is kept in it.
    pub(crate) fn is_used(&self) -> bool {
        let names = ["backlot.db", "master.key", "simulator.json"];
        names.iter().any(|name| self.0.join(name).exists())
    }

    /// The file of this name in a folder, if it is one of a data folder's: of any, whatever the configuration says.
    pub(crate) fn file_of_any(folder: &Path, name: &str) -> Option<&'static str> {
        let marks = ["backlot.db", "backlot.lock", "master.key", "simulator.json"];
        let is_data_folder = marks.iter().any(|mark| folder.join(mark).exists());
        if !is_data_folder {
            return None;
        }
        let is_of = |database: &str| {
            let end = name.strip_prefix(database);
            end.is_some_and(|end| ["", "-wal", "-shm", "-journal", ".lock"].contains(&end))
        };
        if is_of("backlot.db") {
            Some("the database of a data folder")
        } else if is_of("simulator-data.db") || ["simulator.json", "simulator-url"].contains(&name)
        {
            Some("a file of the simulator")
        } else if name == "backlot.lock" {
            Some("the lock of a server")
        } else if name.starts_with("master.key") {
            Some("the master key of a data folder")
        } else {
            None
        }
    }

    /// The make-believe app and its sites.
    pub(crate) fn world(&self) -> PathBuf {
        self.0.join("simulator.json")
    }

    /// The address of the simulator, while `backlot dev` runs.
    pub(crate) fn simulator_url(&self) -> PathBuf {
        self.0.join("simulator-url")
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
        make_private(&self.0)
    }
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:+@".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// `path` with something behind its name.
pub(crate) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// Makes a folder where it is missing, readable by its owner only.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_what_a_shell_reads() {
        for (folder, configuration, flags) in [
            ("data/dev", None, " --data data/dev"),
            ("data/dev", Some("backlot.toml"), " --data data/dev"),
            ("x y", Some("a.toml"), " --config a.toml --data 'x y'"),
            ("it's", None, " --data 'it'\\''s'"),
        ] {
            let data = DataFolder::of_dev(Some(Path::new(folder)));
            assert_eq!(data.command_flags(configuration.map(Path::new)), flags);
        }
    }
}
