//! Which entry a path belongs to.
//!
//! A rule holds for a path that begins with its prefix, byte for byte, followed by a slash or the end. A path that
//! servers read in more than one way ([`readings`]) belongs to the strictest of the entries that it could mean, and
//! is refused if there is none that is as strict as all the others. If a reading belongs to no entry, the path is
//! not served. The upstream is sent the path as it came; where an entry takes its prefix off, what remains is read in
//! every way, too.

use super::path::Prefix;
use super::readings::{is_plain, readings};
use super::route::{Entry, EntrySettings};
use crate::error::ErrorCode;

/// All entries, longest prefix first.
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    pub(crate) fn new(settings: Vec<EntrySettings>) -> Self {
        let mut entries: Vec<Entry> = settings.into_iter().map(Entry::new).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.settings.path.length()));
        Self(entries)
    }

    /// The entry whose rule holds for a path.
    pub(crate) fn find(&self, path: &str) -> Result<&Entry, ErrorCode> {
        let exact = self.longest(|prefix| prefix.holds(path));
        if is_plain(path) {
            return exact.ok_or(ErrorCode::RouteNotFound);
        }
        let meant = self.meant(path)?;
        let is_strictest = |entry: &&&Entry| meant.iter().all(|other| entry.is_as_strict_as(other));
        let mut strictest = meant.iter().filter(is_strictest);
        let is_exact = |entry: &&&Entry| exact.is_some_and(|exact| std::ptr::eq(exact, **entry));
        // Of several that are equally strict, the one that the path names byte for byte.
        let found = strictest
            .clone()
            .find(is_exact)
            .or_else(|| strictest.next());
        found.copied().ok_or(ErrorCode::PathNotAllowed)
    }

    /// Every entry that a path could mean.
    fn meant(&self, path: &str) -> Result<Vec<&Entry>, ErrorCode> {
        let mut meant: Vec<&Entry> = Vec::new();
        self.add_meant(
            &readings(path).ok_or(ErrorCode::PathNotAllowed)?,
            &mut meant,
        )?;
        let mut looked_at = 0;
        while let Some(entry) = meant.get(looked_at) {
            looked_at += 1;
            // The prefix is stripped only if the path begins with its exact spelling.
            if entry.settings.path.holds(path) {
                let sent = entry.readings_when_stripped(path);
                self.add_meant(&sent.ok_or(ErrorCode::PathNotAllowed)?, &mut meant)?;
            }
        }
        Ok(meant)
    }

    fn add_meant<'entries>(
        &'entries self,
        readings: &[String],
        meant: &mut Vec<&'entries Entry>,
    ) -> Result<(), ErrorCode> {
        for reading in readings {
            for entry in [
                self.longest(|prefix| prefix.holds(reading)),
                self.longest(|prefix| prefix.holds_folded(reading)),
            ] {
                let entry = entry.ok_or(ErrorCode::RouteNotFound)?;
                if !meant.iter().any(|other| std::ptr::eq(*other, entry)) {
                    meant.push(entry);
                }
            }
        }
        Ok(())
    }

    fn longest(&self, holds: impl Fn(&Prefix) -> bool) -> Option<&Entry> {
        self.0.iter().find(|entry| holds(&entry.settings.path))
    }

    pub(crate) fn forget_idle(&self) {
        for limiter in self.0.iter().filter_map(|entry| entry.limiter.as_ref()) {
            limiter.forget_idle();
        }
    }
}

#[cfg(test)]
mod tests;
