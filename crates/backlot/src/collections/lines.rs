//! Where in a file each of its words stands.

use std::collections::BTreeMap;

use crate::config;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What it is about: `fields[0].min`.
    pub(super) key: String,
    /// What is wrong.
    pub(super) cause: String,
}

impl Finding {
    pub(super) fn new(key: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            cause: cause.into(),
        }
    }
}

/// The lines of a file, counted from one.
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(config::lines(text).unwrap_or_default())
    }

    /// The line of a key, or of what holds it.
    pub(super) fn line(&self, key: &str) -> usize {
        let mut key = key;
        loop {
            if let Some(line) = self.0.get(key) {
                return *line;
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = &key[..end],
                None => return 1,
            }
        }
    }
}
