//! Which calls to somebody else's API may be made: a method and a path, with places left open.
//!
//! `GET /apps/v1/instance`, `POST /stores/v1/products/{id}/media`, `POST /stores/**/query`: `*` and
//! `{name}` stand for one segment, `**` and `…` for any number of them.
//!
//! Rules: a pattern is compared with the path as it is sent on, byte for byte. A path that could mean
//! something else at the other end than it says (dot segments, encoded slashes, empty segments) never
//! gets as far as being compared.

use http::Method;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const MOST_SEGMENTS: usize = 64;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPattern {
    method: Method,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Many,
}

/// The text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallPatternError {
    /// Not `METHOD /path`.
    #[error("write a method, a space and a path: GET /apps/v1/instance")]
    NotACall,
    /// An unknown method.
    #[error("the method is one of GET, HEAD, POST, PUT, PATCH and DELETE")]
    UnknownMethod,
    /// A path that no plain call has.
    #[error("the path is plain: no `.` or `..` segments, no `//`, no `?`, no slash at its end")]
    PathNotPlain,
    /// `a*`
    #[error("a wildcard stands for whole segments: *, {{name}} or **")]
    PartOfASegment,
}

impl CallPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, CallPatternError> {
        let (method, path) = text
            .trim()
            .split_once(' ')
            .ok_or(CallPatternError::NotACall)?;
        let path = path.trim_start();
        let method = METHODS
            .into_iter()
            .find(|known| *known == method)
            .and_then(|known| Method::from_bytes(known.as_bytes()).ok())
            .ok_or(CallPatternError::UnknownMethod)?;
        let inner = path.strip_prefix('/').ok_or(CallPatternError::NotACall)?;
        let segments: Vec<Segment> = inner.split('/').map(segment).collect::<Result<_, _>>()?;
        if segments.len() > MOST_SEGMENTS {
            return Err(CallPatternError::PathNotPlain);
        }
        Ok(Self { method, segments })
    }

    /// The method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Whether a call is one of these. `HEAD` is where `GET` is.
    pub fn allows(&self, method: &Method, path: &PlainPath<'_>) -> bool {
        let same = self.method == *method || (self.method == Method::GET && method == Method::HEAD);
        same && self.allows_path(path)
    }

    /// Whether a path is one of these, with any method.
    pub fn allows_path(&self, path: &PlainPath<'_>) -> bool {
        let segments: Vec<&str> = path.segments().collect();
        matches(&self.segments, &segments)
    }
}

fn segment(text: &str) -> Result<Segment, CallPatternError> {
    match text {
        "*" => return Ok(Segment::One),
        "**" | "…" => return Ok(Segment::Many),
        _ => {}
    }
    let inner = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    if inner.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}', '*'])) {
        return Ok(Segment::One);
    }
    if text.contains(['*', '{', '}', '…']) {
        return Err(CallPatternError::PartOfASegment);
    }
    if !is_plain_segment(text) {
        return Err(CallPatternError::PathNotPlain);
    }
    Ok(Segment::Literal(text.to_owned()))
}

/// Segments from the left; a `Many` takes as few as it can and more if the rest does not fit. The
/// classic two-pointer walk: no pattern makes it take more than pattern times path steps.
fn matches(pattern: &[Segment], path: &[&str]) -> bool {
    let (mut at, mut in_path) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while in_path < path.len() {
        match pattern.get(at) {
            Some(Segment::Many) => {
                retry = Some((at, in_path));
                at += 1;
                continue;
            }
            Some(Segment::One) => {}
            Some(Segment::Literal(text)) if text == path[in_path] => {}
            _ => {
                let Some((many, from)) = retry else {
                    return false;
                };
                retry = Some((many, from + 1));
                (at, in_path) = (many + 1, from + 1);
                continue;
            }
        }
        at += 1;
        in_path += 1;
    }
    pattern[at..].iter().all(|it| *it == Segment::Many)
}

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

    fn segments(self) -> impl Iterator<Item = &'path str> {
        self.0.split('/').skip(1)
    }
}

/// Not empty, no dot segment, and only characters of a path segment (RFC 3986), of which an encoded
/// one must not stand for anything that means something in a path.
fn is_plain_segment(segment: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pattern: &str, path: &str) -> bool {
        let pattern = CallPattern::parse(pattern).unwrap();
        PlainPath::new(path).is_some_and(|path| pattern.allows(pattern.method(), &path))
    }

    #[test]
    fn literals_and_wildcards() {
        for (pattern, path, expected) in [
            ("GET /apps/v1/instance", "/apps/v1/instance", true),
            ("GET /apps/v1/instance", "/apps/v1/instances", false),
            ("GET /apps/v1/instance", "/apps/v1/instance/x", false),
            ("GET /apps/v1/instance", "/apps/v1", false),
            ("GET /apps/v1/instance", "/Apps/v1/instance", false),
            ("GET /apps/v1/instance", "/%61pps/v1/instance", false),
            ("GET /a/*/c", "/a/b/c", true),
            ("GET /a/{id}/c", "/a/b%20b/c", true),
            ("GET /a/*/c", "/a/b/b/c", false),
            ("GET /a/*/c", "/a/c", false),
            ("POST /stores/…/query", "/stores/v1/products/query", true),
            ("POST /stores/**/query", "/stores/query", true),
            ("POST /stores/**/query", "/stores/a/query/b/query", true),
            ("POST /stores/**/query", "/stores/a/query/b", false),
            ("POST /stores/**/query", "/store/query", false),
            ("POST /**", "/anything/at/all", true),
            ("POST /a/**/b/**/c", "/a/b/x/b/c/c", true),
            ("POST /a/**/b/**/c", "/a/c/b", false),
        ] {
            assert_eq!(allows(pattern, path), expected, "{pattern} {path}");
        }
        let get = CallPattern::parse("GET /a").unwrap();
        let path = PlainPath::new("/a").unwrap();
        assert!(get.allows(&Method::HEAD, &path));
        assert!(!get.allows(&Method::POST, &path));
    }

    #[test]
    fn paths_that_could_mean_something_else() {
        for path in [
            "",
            "a",
            "/",
            "//",
            "/a//b",
            "/a/",
            "/a/../b",
            "/a/./b",
            "/..",
            "/a/%2e%2e/b",
            "/a/.%2E/b",
            "/a/..;/b",
            "/a;x=1/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%25b",
            "/a%3fb",
            "/a%23b",
            "/a%3bb",
            "/a%00b",
            "/a%0d%0ab",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a b",
            "/a?b",
            "/a#b",
            "/é",
            "/...",
        ] {
            assert!(PlainPath::new(path).is_none(), "{path}");
        }
        for path in ["/a", "/a.b/c..d", "/a%20b", "/a%C3%A9", "/a:b@c", "/a,b=c"] {
            assert!(PlainPath::new(path).is_some(), "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for (text, error) in [
            ("", CallPatternError::NotACall),
            ("/a", CallPatternError::NotACall),
            ("GET a", CallPatternError::NotACall),
            ("get /a", CallPatternError::UnknownMethod),
            ("* /a", CallPatternError::UnknownMethod),
            ("GET /a//b", CallPatternError::PathNotPlain),
            ("GET /a/../b", CallPatternError::PathNotPlain),
            ("GET /a/", CallPatternError::PathNotPlain),
            ("GET /a?b", CallPatternError::PathNotPlain),
            ("GET https://example.com/a", CallPatternError::NotACall),
            ("GET /a*", CallPatternError::PartOfASegment),
            ("GET /{}", CallPatternError::PartOfASegment),
            ("GET /a/{b", CallPatternError::PartOfASegment),
        ] {
            assert_eq!(CallPattern::parse(text), Err(error), "{text}");
        }
    }

    proptest::proptest! {
        /// The walk finds what the plain recursive definition says.
        #[test]
        fn the_walk_agrees_with_the_definition(pattern in "(/(a|b|\\*|\\*\\*)){1,6}", path in "(/(a|b)){1,7}") {
            fn define(pattern: &[Segment], path: &[&str]) -> bool {
                match (pattern.split_first(), path.split_first()) {
                    (None, None) => true,
                    (Some((Segment::Many, rest)), _) => {
                        define(rest, path) || (!path.is_empty() && define(pattern, &path[1..]))
                    }
                    (Some((Segment::One, rest)), Some((_, more))) => define(rest, more),
                    (Some((Segment::Literal(text), rest)), Some((first, more))) => {
                        text == first && define(rest, more)
                    }
                    _ => false,
                }
            }
            let parsed = CallPattern::parse(&format!("GET {pattern}")).unwrap();
            let plain = PlainPath::new(&path).unwrap();
            let segments: Vec<&str> = plain.segments().collect();
            proptest::prop_assert_eq!(parsed.allows_path(&plain), define(&parsed.segments, &segments));
        }

        /// Whatever is plain means the same to a server that decodes and resolves it.
        #[test]
        fn a_plain_path_survives_decoding(path in "/[a-c./%25e\\\\;?#F]{0,24}") {
            if PlainPath::new(&path).is_some() {
                let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy();
                let count = |text: &str| text.split(['/', '\\']).count();
                proptest::prop_assert_eq!(count(&path), count(&decoded));
                proptest::prop_assert!(decoded.split('/').skip(1).all(|it| !it.is_empty() && it != "." && it != ".."));
            }
        }
    }
}
