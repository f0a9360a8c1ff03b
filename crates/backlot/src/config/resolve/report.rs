//! Gathers what is wrong, so that all of it is said at once.

use crate::config::error::{ConfigErrors, Problem};
use crate::config::source::Source;

pub(super) struct Report<'source> {
    pub(super) source: &'source Source,
    errors: ConfigErrors,
    warnings: Vec<String>,
}

impl<'source> Report<'source> {
    pub(super) fn new(source: &'source Source) -> Self {
        Self {
            source,
            errors: ConfigErrors::default(),
            warnings: Vec::new(),
        }
    }

    /// Something is wrong: the key, the cause, and what to do.
    pub(super) fn problem(
        &mut self,
        key: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let key = key.into();
        self.errors.0.push(Problem {
            origin: self.source.origin(&key).cloned(),
            key,
            cause: cause.into(),
            remedy: Some(remedy.into()),
        });
    }

    /// Something is allowed, but should be known.
    pub(super) fn warn(&mut self, key: &str, what: &str) {
        let place = self.source.origin(key).map(|origin| format!("{origin}: "));
        self.warnings
            .push(format!("{}{key}: {what}", place.unwrap_or_default()));
    }

    pub(super) fn finish(self) -> Result<Vec<String>, ConfigErrors> {
        if self.errors.0.is_empty() {
            Ok(self.warnings)
        } else {
            Err(self.errors)
        }
    }
}
