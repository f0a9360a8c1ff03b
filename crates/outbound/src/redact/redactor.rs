//! The search through one stream.

use std::ops::Range;

use bytes::Bytes;
use zeroize::{Zeroize as _, Zeroizing};

use super::SecretPatterns;

/// Searches one stream for patterns and puts `*` in their place.
pub struct Redactor {
    patterns: SecretPatterns,
    /// The last bytes that came, as they came, while they could be the prefix of a pattern.
    begun: Zeroizing<Vec<u8>>,
    /// How many of them were handed on already: as `*`, since they also belonged to another pattern.
    handed_on: usize,
    found: u64,
}

impl Redactor {
    /// A search for `patterns` in a stream that begins now.
    pub fn new(patterns: SecretPatterns) -> Self {
        Self {
            patterns,
            begun: Zeroizing::default(),
            handed_on: 0,
            found: 0,
        }
    }

    /// How many patterns were found so far.
    pub const fn found(&self) -> u64 {
        self.found
    }

    /// Takes the next piece and hands on all that is certain by now, which may be nothing. Where no
    /// pattern was and none may have begun, that is the piece itself.
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        if piece.is_empty() || self.patterns.is_empty() {
            return piece;
        }
        if !self.begun.is_empty() {
            let mut text = Vec::with_capacity(self.begun.len() + piece.len());
            text.extend_from_slice(&self.begun);
            text.extend_from_slice(&piece);
            let found = self.patterns.find_all(&text);
            return self.hand_on(text, &found);
        }
        let found = self.patterns.find_all(&piece);
        if !found.is_empty() {
            return self.hand_on(piece.into(), &found);
        }
        let certain = piece.len() - self.patterns.partial_match_at_end(&piece);
        if certain < piece.len() {
            self.begun.extend_from_slice(&piece[certain..]);
        }
        piece.slice(..certain)
    }

    /// Takes the last piece and hands on all that is left.
    pub fn push_last(&mut self, piece: Bytes) -> Bytes {
        if self.begun.is_empty() {
            let found = self.patterns.find_all(&piece);
            self.found += found.len() as u64;
            if found.is_empty() {
                return piece;
            }
            let mut text = Vec::from(piece);
            cover(&mut text, &found);
            return text.into();
        }
        let certain = self.push(piece);
        let rest = self.finish();
        if rest.is_empty() {
            return certain;
        }
        [&certain[..], &rest[..]].concat().into()
    }

    /// The stream has ended: what was held back is no pattern.
    pub fn finish(&mut self) -> Bytes {
        let mut rest = std::mem::take(&mut *self.begun);
        let found = self.patterns.find_all(&rest);
        cover(&mut rest, &found);
        Bytes::from(rest).slice(std::mem::take(&mut self.handed_on)..)
    }

    /// How many bytes wait for what comes next.
    pub(super) fn held_back(&self) -> u64 {
        (self.begun.len() - self.handed_on) as u64
    }

    /// `text` is what was held back and what came now.
    fn hand_on(&mut self, mut text: Vec<u8>, found: &[Range<usize>]) -> Bytes {
        let held = self.begun.len();
        self.found += found.iter().filter(|it| it.end > held).count() as u64;

        let begun = text.len() - self.patterns.partial_match_at_end(&text);
        self.begun.zeroize();
        self.begun.extend_from_slice(&text[begun..]);
        cover(&mut text, found);

        let from = self.handed_on;
        // What is a `*` already need not wait.
        let to = found.iter().fold(begun.max(from), |to, it| {
            if it.start <= to { to.max(it.end) } else { to }
        });
        self.handed_on = to - begun;
        text[to..].zeroize();
        text.truncate(to);
        Bytes::from(text).slice(from..)
    }
}

pub(super) fn cover(text: &mut [u8], found: &[Range<usize>]) {
    for place in found {
        text[place.clone()].fill(b'*');
    }
}

#[cfg(test)]
mod tests;
