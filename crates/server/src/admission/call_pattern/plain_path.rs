//! Paths that mean at the other end what they say here.

use percent_encoding::percent_decode_str;

use super::MOST_SEGMENTS;

/// A path that means at the other end what it says here.
#[derive(Debug, Clone, Copy)]
pub struct PlainPath<'path>(&'path str);

impl<'path> PlainPath<'path> {
    /// Takes `/a/b`. `None` for anything that a server could read in another way.
    pub fn new(path: &'path str) -> Option<Self> {
        let inner = path.strip_prefix('/')?;
        let is_plain = inner.split('/').all(is_plain_segment)
            && inner.bytes().filter(|byte| *byte == b'/').count() < MOST_SEGMENTS;
        is_plain.then_some(Self(path))
    }

    /// As it came.
    pub const fn as_str(&self) -> &'path str {
        self.0
    }

    pub(super) fn segments(self) -> impl Iterator<Item = &'path str> {
        self.0.split('/').skip(1)
    }
}

/// Not empty, no dot segment, and only characters of a path segment (RFC 3986); what is encoded must be
/// UTF-8, and stand for nothing that means something in a path.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@%".contains(&byte);
    if segment.is_empty() || !segment.bytes().all(is_plain) || !is_encoded_well(segment) {
        return false;
    }
    let Ok(meant) = percent_decode_str(segment).decode_utf8() else {
        return false;
    };
    let is_special = |it: char| it.is_control() || "/\\%?#;".contains(it);
    !meant.contains(is_special) && !meant.bytes().all(|byte| byte == b'.')
}

/// Each `%` has its two digits.
fn is_encoded_well(segment: &str) -> bool {
    segment.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
