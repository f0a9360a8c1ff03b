//! Paths that mean at the other end what they say here.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::MAX_SEGMENTS;
use super::reading::folded;
use crate::policy::fold::compatible;

/// Segments that most paths have room for.
const USUAL_SEGMENTS: usize = 8;

/// A path that means at the other end what it says here.
#[derive(Debug, Clone)]
pub struct PlainPath<'path> {
    text: &'path str,
    segments: Vec<&'path str>,
}

impl<'path> PlainPath<'path> {
    /// Takes `/a/b`. `None` for anything that a server could read in another way.
    pub fn new(path: &'path str) -> Option<Self> {
        Self::with_slash(path)
            .filter(|plain| plain.segments.last().is_some_and(|it| !it.is_empty()))
    }

    /// Takes `/a/b/`, too, and `/`: some APIs have such paths. What follows the last slash is a segment without
    /// letters.
    pub fn with_slash(path: &'path str) -> Option<Self> {
        let inner = path.strip_prefix('/')?;
        let mut segments = Vec::with_capacity(USUAL_SEGMENTS);
        let mut left = inner.split('/').peekable();
        while let Some(segment) = left.next() {
            let is_end = segment.is_empty() && left.peek().is_none();
            if segments.len() == MAX_SEGMENTS || !(is_end || is_plain_segment(segment)) {
                return None;
            }
            segments.push(segment);
        }
        Some(Self {
            text: path,
            segments,
        })
    }

    /// As it came.
    pub const fn as_str(&self) -> &'path str {
        self.text
    }

    /// The segments as servers may read them, and whether that is how they are written.
    pub(in crate::policy) fn folded(&self) -> (Vec<Cow<'path, str>>, bool) {
        let all = self.segments.iter().copied().map(folded);
        let folded: Vec<_> = all.filter(|it| !it.is_empty()).collect();
        let is_borrowed = |it: &Cow<'_, str>| matches!(it, Cow::Borrowed(_));
        let is_plain = folded.len() == self.segments.len() && folded.iter().all(is_borrowed);
        (folded, is_plain)
    }

    pub(crate) fn segments(&self) -> &[&'path str] {
        &self.segments
    }
}

/// Not empty, no dot segment, and only characters of a path segment (RFC 3986); what is encoded must be
/// UTF-8, and stand for nothing that means something in a path.
pub(crate) fn is_plain_segment(segment: &str) -> bool {
    // Most are words.
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !segment.is_empty() && segment.bytes().all(is_word) {
        return true;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@%".contains(&byte);
    if segment.is_empty() || !segment.bytes().all(is_plain) || !is_encoded_well(segment) {
        return false;
    }
    let Ok(meant) = percent_decode_str(segment).decode_utf8() else {
        return false;
    };
    let meant = compatible(&meant);
    let is_special = |it: char| it.is_control() || "/\\%?#;".contains(it);
    let is_dots = meant.contains('.') && meant.chars().all(|it| it == '.' || it.is_whitespace());
    !meant.contains(is_special) && !is_dots
}

/// Each `%` has its two digits.
fn is_encoded_well(segment: &str) -> bool {
    segment.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
