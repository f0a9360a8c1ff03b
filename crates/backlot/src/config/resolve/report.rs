//! Gathers what is wrong, so that all of it is said at once.

use crate::config::error::{ConfigErrors, Problem};
use crate::config::source::Source;

pub(super) struct Report<'source> {
    pub(super) source: &'source Source,
    errors: ConfigErrors,
    warnings: Vec<String>,
    notes: Vec<String>,
}

/// What is allowed, and said all the same.
#[derive(Default)]
pub(super) struct Remarks {
    /// What should be known at every start.
    pub(super) warnings: Vec<String>,
    /// What is told by `backlot check`.
    pub(super) notes: Vec<String>,
}

impl<'source> Report<'source> {
    pub(super) fn new(source: &'source Source) -> Self {
        Self {
            source,
            errors: ConfigErrors::default(),
            warnings: Vec::new(),
            notes: Vec::new(),
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
        self.warnings.push(self.at(key, what));
    }

    /// Something is meant as it is written, most likely, and worth a look.
    pub(super) fn note(&mut self, key: &str, what: &str) {
        self.notes.push(self.at(key, what));
    }

    fn at(&self, key: &str, what: &str) -> String {
        let place = self.source.origin(key).map(|origin| format!("{origin}: "));
        format!("{}{key}: {what}", place.unwrap_or_default())
    }

    pub(super) fn finish(self) -> Result<Remarks, ConfigErrors> {
        if self.errors.0.is_empty() {
            Ok(Remarks {
                warnings: self.warnings,
                notes: self.notes,
            })
        } else {
            Err(self.errors)
        }
    }
}
