//! Which calls to somebody else's API may be made: a method and a path, with places left open.
//!
//! `GET /apps/v1/instance`, `POST /stores/v1/products/{id}/media`, `POST /stores/**/query`: `*` and
//! `{name}` stand for one segment, `**` and `…` for any number of them.
//!
//! Rules: a pattern is compared with the path as it is sent on, byte for byte. A path that could mean
//! something else at the other end than it says (dot segments, encoded slashes, empty segments) never
//! gets as far as being compared.

mod plain_path;
mod walk;

#[cfg(test)]
mod tests;

use http::Method;

pub use plain_path::PlainPath;
use plain_path::is_plain_segment;
use walk::matches;

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

    /// The path of a call that reads, if nothing in it is left open.
    pub(crate) fn plain_get(&self) -> Option<String> {
        if self.method != Method::GET {
            return None;
        }
        let parts = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => Some(text.as_str()),
            Segment::One | Segment::Many => None,
        });
        let parts: Vec<&str> = parts.collect::<Option<_>>()?;
        Some(format!("/{}", parts.join("/")))
    }

    /// Whether a call is one of these. `HEAD` is where `GET` is.
    pub fn allows(&self, method: &Method, path: &PlainPath<'_>) -> bool {
        let same = self.method == *method || (self.method == Method::GET && method == Method::HEAD);
        same && self.allows_path(path)
    }

    /// Whether a path is one of these, with any method.
    pub fn allows_path(&self, path: &PlainPath<'_>) -> bool {
        matches(&self.segments, path.segments())
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
