//! The byte strings that a response is searched for.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use zeroize::Zeroizing;

use super::encodings::{self, EncodedSecret};
use super::kmp::walk;
use super::search_budget::SearchBudget;

/// The length of the shortest secret that is searched for. Shorter ones would be found everywhere.
pub const MIN_SECRET_BYTES: usize = 6;
/// The bytes of each pattern that the automaton holds. It cannot be wiped, so it must not hold more.
const PREFIX_BYTES: usize = 4;

/// Credentials to search for, in their encodings. Built once for each credential. Clones share the patterns, which are
/// wiped from memory with the last clone.
#[derive(Clone, Default)]
pub struct SecretPatterns(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The length of the shortest pattern.
    shortest: usize,
    /// Sorted, so that patterns with the same prefix are adjacent.
    patterns: Vec<EncodedSecret>,
    /// Finds the prefixes. `None` if there are no patterns.
    prefixes: Option<AhoCorasick>,
    /// The patterns of each prefix.
    with_prefix: Vec<Range<usize>>,
}

impl fmt::Debug for SecretPatterns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretPatterns({})", self.0.patterns.len())
    }
}

impl SecretPatterns {
    /// Builds the patterns of all encodings of `secret`. Encodings shorter than [`MIN_SECRET_BYTES`] are left out.
    pub fn new(secret: &[u8]) -> Self {
        Self::from_encodings(encodings::of_secret(secret))
    }

    /// Builds the patterns of a password, and of `user:password` in base64 as `Authorization: Basic` has it.
    pub fn for_basic_auth(user: &str, password: &str) -> Self {
        let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
        pair.extend_from_slice(user.as_bytes());
        pair.push(b':');
        pair.extend_from_slice(password.as_bytes());
        let mut all = encodings::of_secret(password.as_bytes());
        all.extend(encodings::in_base64(&pair));
        Self::from_encodings(all)
    }

    /// Builds patterns of exactly these bytes, without other encodings.
    pub fn exactly(patterns: &[&[u8]]) -> Self {
        let copy = |pattern: &&[u8]| Zeroizing::new(pattern.to_vec());
        Self::from_encodings(patterns.iter().map(copy).collect())
    }

    /// Returns the patterns of both.
    #[must_use]
    pub fn union(&self, others: &Self) -> Self {
        let both = self.0.patterns.iter().chain(&others.0.patterns);
        Self::from_encodings(both.cloned().collect())
    }

    fn from_encodings(mut patterns: Vec<EncodedSecret>) -> Self {
        patterns.retain(|pattern| pattern.len() >= MIN_SECRET_BYTES);
        patterns.sort_unstable_by(|one, other| one.as_slice().cmp(other));
        patterns.dedup();
        let mut with_prefix = Vec::new();
        let mut start = 0;
        for same in patterns.chunk_by(|one, next| one[..PREFIX_BYTES] == next[..PREFIX_BYTES]) {
            with_prefix.push(start..start + same.len());
            start += same.len();
        }
        let first = |range: &Range<usize>| &patterns[range.start][..PREFIX_BYTES];
        let prefixes = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(with_prefix.iter().map(first))
            .ok()
            .filter(|_| !patterns.is_empty());
        Self(Arc::new(Inner {
            shortest: patterns.iter().map(|it| it.len()).min().unwrap_or(0),
            patterns,
            prefixes,
            with_prefix,
        }))
    }

    /// Returns whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.0.patterns.is_empty()
    }

    /// Finds patterns in `text`, ordered by their starts. Of those that start together, the longest is returned.
    pub(super) fn find_all(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let Some(prefixes) = &self.0.prefixes else {
            return found;
        };
        if text.len() < self.0.shortest {
            return found;
        }
        let mut budget = SearchBudget::with(text);
        let mut from = 0;
        while let Some(prefix) = prefixes.find(Input::new(text).range(from..)) {
            let start = prefix.start();
            let candidates = self.0.with_prefix[prefix.pattern().as_usize()].clone();
            let rest = &text[start..];
            let here = self.0.patterns[candidates].iter();
            let here = here.filter(|pattern| budget.compare(rest, pattern));
            if let Some(length) = here.map(|pattern| pattern.len()).max() {
                found.push(start..start + length);
            }
            from = start + 1;
            if budget.is_over() {
                return self.find_all_linear(text);
            }
        }
        found
    }

    /// Does the same in linear time, whatever the patterns and the text.
    fn find_all_linear(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for pattern in &self.0.patterns {
            // Adjacent ranges are merged, which bounds their number.
            let mut last: Option<Range<usize>> = None;
            walk(text, pattern, |start| match &mut last {
                Some(last) if start <= last.end => last.end = start + pattern.len(),
                _ => found.extend(last.replace(start..start + pattern.len())),
            });
            found.extend(last);
        }
        found.sort_unstable_by_key(|range| (range.start, range.end));
        found
    }

    /// Returns the number of bytes at the end of `text` that could begin a pattern.
    pub(super) fn partial_match_at_end(&self, text: &[u8]) -> usize {
        let mut longest = 0;
        let mut budget = SearchBudget::with(text);
        for pattern in &self.0.patterns {
            let window = &text[text.len().saturating_sub(pattern.len() - 1)..];
            if budget.is_over() {
                longest = longest.max(walk(window, pattern, |_| {}));
                continue;
            }
            let begun = memchr::memchr_iter(pattern[0], window)
                .map(|start| window.len() - start)
                .take_while(|length| *length > longest)
                .find(|length| {
                    let end = &window[window.len() - length..];
                    budget.compare(pattern, end) || budget.is_over()
                });
            longest = if budget.is_over() {
                longest.max(walk(window, pattern, |_| {}))
            } else {
                begun.unwrap_or(longest)
            };
        }
        longest
    }
}

#[cfg(test)]
mod tests;
