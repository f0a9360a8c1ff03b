//! The source of the master key.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::values::Value;
use super::{Origin, Source};

/// The source of the master key.
pub(crate) struct MasterKeyPlace {
    pub(crate) configured: Option<Configured>,
    /// The file, if no source is configured or the source is a file.
    pub(crate) file: Option<PathBuf>,
}

pub(crate) struct Configured {
    /// `secrets.master_key (backlot.toml:12)`
    pub(crate) name: String,
    /// The key as text, or the reason why it cannot be read.
    pub(crate) text: Result<Zeroizing<String>, String>,
}

impl MasterKeyPlace {
    /// Reads the configured source. Defaults to a file in the data folder.
    pub(crate) fn find(
        source: &Source,
        value: Option<&Value>,
        data: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let Some(value) = value else {
            return Self {
                configured: None,
                file: Some(data.join("master.key")),
            };
        };
        let key = "secrets.master_key";
        let place = source.origin(key).map(|origin| format!(" ({origin})"));
        let in_file = matches!(source.origin(key), Some(Origin::Line(..)));
        let text = match value {
            Value::Plain(_) if in_file => Err(
                "the key is in the file itself, where it can be read\n  hint: write \
                 { env = \"NAME\" } or { file = \"…\" }, or to keep it there, { inline = \"…\" }"
                    .to_owned(),
            ),
            // It opens the secrets, so it is none of them.
            Value::Secret(_) | Value::InstanceSecret(_) => Err(
                "the master key cannot be one of the secrets that it decrypts\n  hint: write \
                 { env = \"NAME\" }, { file = \"…\" } or { command = [\"program\"] }"
                    .to_owned(),
            ),
            other => other
                .read(source, environment)
                .map_err(|error| error.to_string()),
        };
        Self {
            configured: Some(Configured {
                name: format!("{key}{}", place.unwrap_or_default()),
                text: text.map(Zeroizing::new),
            }),
            file: match value {
                Value::File(name) => Some(source.folder().join(name)),
                _ => None,
            },
        }
    }

    pub(crate) const fn is_configured(&self) -> bool {
        self.configured.is_some()
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether the key exists. Otherwise it is created when it is read.
    pub(crate) fn is_present(&self) -> bool {
        self.is_configured() || self.file().is_some_and(Path::exists)
    }
}
