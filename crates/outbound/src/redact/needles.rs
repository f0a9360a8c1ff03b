//! What is searched for.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use zeroize::Zeroizing;

use super::borders::walk;
use super::patience::Patience;
use super::spellings::{self, Spelling};

/// The bytes of the shortest that is searched for: shorter ones would be found everywhere.
pub const SHORTEST: usize = 6;
/// How much of each needle the automaton knows. It cannot be wiped, so it must not know more.
const BEGINNING: usize = 4;

/// Credentials to search for, in their spellings. Made once for each credential and kept with it;
/// clones share it. Wiped from memory with the last of them.
#[derive(Clone, Default)]
pub struct Needles(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The bytes of the shortest.
    shortest: usize,
    /// In order, so that those with one beginning stand together.
    needles: Vec<Spelling>,
    /// Finds the beginnings. `None` when there is nothing to search for.
    beginnings: Option<AhoCorasick>,
    /// The needles with each beginning.
    with_beginning: Vec<Range<usize>>,
}

impl fmt::Debug for Needles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Needles({})", self.0.needles.len())
    }
}

impl Needles {
    /// `secret` in all of its spellings. What is shorter than six bytes is left out.
    pub fn of(secret: &[u8]) -> Self {
        Self::from_spellings(spellings::of(secret))
    }

    /// A password in all of its spellings, and `user:password` as `Authorization: Basic` has it.
    pub fn of_basic(user: &str, password: &str) -> Self {
        let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
        pair.extend_from_slice(user.as_bytes());
        pair.push(b':');
        pair.extend_from_slice(password.as_bytes());
        let mut all = spellings::of(password.as_bytes());
        all.extend(spellings::in_base64(&pair));
        Self::from_spellings(all)
    }

    /// These bytes and no other spellings of them.
    pub fn exactly(needles: &[&[u8]]) -> Self {
        let copy = |needle: &&[u8]| Zeroizing::new(needle.to_vec());
        Self::from_spellings(needles.iter().map(copy).collect())
    }

    /// Those of both.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let both = self.0.needles.iter().chain(&others.0.needles);
        Self::from_spellings(both.cloned().collect())
    }

    fn from_spellings(mut needles: Vec<Spelling>) -> Self {
        needles.retain(|needle| needle.len() >= SHORTEST);
        needles.sort_unstable_by(|one, other| one.as_slice().cmp(other));
        needles.dedup();
        let mut with_beginning = Vec::new();
        let mut start = 0;
        for same in needles.chunk_by(|one, next| one[..BEGINNING] == next[..BEGINNING]) {
            with_beginning.push(start..start + same.len());
            start += same.len();
        }
        let first = |range: &Range<usize>| &needles[range.start][..BEGINNING];
        let beginnings = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(with_beginning.iter().map(first))
            .ok()
            .filter(|_| !needles.is_empty());
        Self(Arc::new(Inner {
            shortest: needles.iter().map(|it| it.len()).min().unwrap_or(0),
            needles,
            beginnings,
            with_beginning,
        }))
    }

    /// True when there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.0.needles.is_empty()
    }

    /// Where needles stand in `text`, by their starts; of those that start together, the longest.
    pub(super) fn find_all(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let Some(beginnings) = &self.0.beginnings else {
            return found;
        };
        if text.len() < self.0.shortest {
            return found;
        }
        let mut patience = Patience::with(text);
        let mut from = 0;
        while let Some(beginning) = beginnings.find(Input::new(text).range(from..)) {
            let start = beginning.start();
            let candidates = self.0.with_beginning[beginning.pattern().as_usize()].clone();
            let rest = &text[start..];
            let here = self.0.needles[candidates].iter();
            let here = here.filter(|needle| patience.compare(rest, needle));
            if let Some(length) = here.map(|needle| needle.len()).max() {
                found.push(start..start + length);
            }
            from = start + 1;
            if patience.is_over() {
                return self.find_all_steadily(text);
            }
        }
        found
    }

    /// The same, in a time that no needle and no text can stretch.
    fn find_all_steadily(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for needle in &self.0.needles {
            // Those that touch are one, so that there are never many.
            let mut last: Option<Range<usize>> = None;
            walk(text, needle, |start| match &mut last {
                Some(last) if start <= last.end => last.end = start + needle.len(),
                _ => found.extend(last.replace(start..start + needle.len())),
            });
            found.extend(last);
        }
        found.sort_unstable_by_key(|range| (range.start, range.end));
        found
    }

    /// How many bytes at the end of `text` could be the beginning of a needle whose rest is still to
    /// come.
    pub(super) fn begun_at_end(&self, text: &[u8]) -> usize {
        let mut longest = 0;
        let mut patience = Patience::with(text);
        for needle in &self.0.needles {
            let window = &text[text.len().saturating_sub(needle.len() - 1)..];
            if patience.is_over() {
                longest = longest.max(walk(window, needle, |_| {}));
                continue;
            }
            let begun = memchr::memchr_iter(needle[0], window)
                .map(|start| window.len() - start)
                .take_while(|length| *length > longest)
                .find(|length| {
                    let end = &window[window.len() - length..];
                    patience.compare(needle, end) || patience.is_over()
                });
            longest = if patience.is_over() {
                longest.max(walk(window, needle, |_| {}))
            } else {
                begun.unwrap_or(longest)
            };
        }
        longest
    }
}

#[cfg(test)]
mod tests;
