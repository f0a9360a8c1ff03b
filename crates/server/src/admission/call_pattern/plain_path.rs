//! Paths that mean at the other end what they say here.

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

/// Not empty, no dot segment, and only characters of a path segment (RFC 3986), of which an encoded
/// one must not stand for anything that means something in a path.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    if segment.is_empty() {
        return false;
    }
    let mut bytes = segment.bytes();
    let mut only_dots = true;
    while let Some(byte) = bytes.next() {
        let meant = match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
                    _ => return false,
                }
            }
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            | b',' | b'=' | b':' | b'@' => byte,
            _ if byte.is_ascii_alphanumeric() => byte,
            _ => return false,
        };
        if meant.is_ascii_control() || b"/\\%?#;".contains(&meant) {
            return false;
        }
        only_dots &= meant == b'.';
    }
    !only_dots
}
