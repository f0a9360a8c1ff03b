//! Collects mistakes, so that all of them are reported at once.

use crate::config::error::{ConfigError, ConfigProblem};
use crate::config::source::Source;

pub(super) struct Report<'source> {
    pub(super) source: &'source Source,
    errors: ConfigError,
    warnings: Vec<String>,
    notes: Vec<String>,
    skipped: Vec<String>,
    skips_app: bool,
}

/// Remarks on a configuration without mistakes.
#[derive(Default)]
pub(super) struct Remarks {
    /// Remarks for every start.
    pub(super) warnings: Vec<String>,
    /// What `backlot check` reports.
    pub(super) notes: Vec<String>,
    /// Values that could not be checked.
    pub(super) skipped: Vec<String>,
}

impl<'source> Report<'source> {
    pub(super) fn new(source: &'source Source) -> Self {
        Self {
            source,
            errors: ConfigError::default(),
            warnings: Vec::new(),
            notes: Vec::new(),
            skipped: Vec::new(),
            skips_app: false,
        }
    }

    /// Accepts missing values of the app, which may be available where the server runs.
    pub(super) const fn skip_missing_app_values(&mut self) {
        self.skips_app = true;
    }

    /// Reports a missing value of the app, unless these are accepted.
    pub(super) fn missing_app_value(
        &mut self,
        key: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.skips_app {
            let (key, cause): (String, String) = (key.into(), cause.into());
            self.skipped.push(self.at(&key, &cause));
        } else {
            self.problem(key, cause, remedy);
        }
    }

    /// Reports a mistake.
    pub(super) fn problem(
        &mut self,
        key: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let key = key.into();
        self.errors.0.push(ConfigProblem {
            origin: self.source.origin(&key).cloned(),
            key,
            cause: cause.into(),
            remedy: Some(remedy.into()),
        });
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, key: &str, what: &str) {
        self.warnings.push(self.at(key, what));
    }

    /// Adds a remark for `backlot check`.
    pub(super) fn note(&mut self, key: &str, what: &str) {
        self.notes.push(self.at(key, what));
    }

    fn at(&self, key: &str, what: &str) -> String {
        let place = self.source.origin(key).map(|origin| format!("{origin}: "));
        format!("{}{key}: {what}", place.unwrap_or_default())
    }

    pub(super) fn finish(self) -> Result<Remarks, ConfigError> {
        if self.errors.0.is_empty() {
            Ok(Remarks {
                warnings: self.warnings,
                notes: self.notes,
                skipped: self.skipped,
            })
        } else {
            Err(self.errors)
        }
    }
}
