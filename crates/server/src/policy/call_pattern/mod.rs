//! Patterns of allowed calls: a method and a path with placeholders.
//!
//! `GET /apps/v1/instance`, `POST /stores/v1/products/{id}/media`, `POST /stores/**/query`: `*` and
//! `{name}` stand for one segment, `{id}.json` and `*:verb` for one with that end, `**` and `…` for any number of them.
//!
//! Rules: a pattern is compared with the path as it is sent on, byte for byte. A path that could mean
//! something else at the other end than it says (dot segments, encoded slashes, empty segments) never
//! gets as far as being compared.

mod compare;
mod matching;
mod reading;

#[cfg(test)]
mod tests;
mod unambiguous_path;

use std::borrow::Cow;

use http::Method;

pub use compare::Overlap;
use matching::{is_before, matches};
use reading::{could_end_with, folded};
pub use unambiguous_path::PlainPath;
use unambiguous_path::is_plain_segment;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const MAX_SEGMENTS: usize = 64;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPattern {
    method: Method,
    segments: Vec<Segment>,
    /// The same as servers may read it.
    folded: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    /// One with something before this end, which begins with a mark such as `.` or `:`.
    Before(String),
    Many,
}

/// The text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallPatternError {
    /// Not `METHOD /path`.
    #[error("write a method, a space and a path")]
    NotACall,
    /// An unknown method.
    #[error("the method is one of GET, HEAD, POST, PUT, PATCH and DELETE")]
    UnknownMethod,
    /// A path that no plain call has.
    #[error(
        "the path is plain: no `.` or `..` segments, no `//`, no `?`, nothing encoded that means something in a path, and for Wix no slash at its end"
    )]
    PathNotPlain,
    /// `a*`
    #[error(
        "a wildcard stands for whole segments, *, {{name}} or **, or for what is before an end that begins with a mark: {{id}}.json, {{id}}:cancel"
    )]
    PartOfASegment,
}

impl CallPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, CallPatternError> {
        Self::read(text, false)
    }

    /// Reads a pattern of an API whose paths may end in a slash.
    pub fn parse_with_slash(text: &str) -> Result<Self, CallPatternError> {
        Self::read(text, true)
    }

    fn read(text: &str, with_slash: bool) -> Result<Self, CallPatternError> {
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
        let (inner, ends_in_slash) = match inner.strip_suffix('/') {
            Some(before) if with_slash => (Some(before), true),
            _ => (
                Some(inner).filter(|it| !(with_slash && it.is_empty())),
                false,
            ),
        };
        let named = inner.into_iter().flat_map(|inner| inner.split('/'));
        let mut segments: Vec<Segment> = named.map(segment).collect::<Result<_, _>>()?;
        if ends_in_slash || inner.is_none() {
            segments.push(Segment::Literal(String::new()));
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(CallPatternError::PathNotPlain);
        }
        Ok(Self {
            method,
            folded: folded_pattern(&segments),
            segments,
        })
    }

    /// The method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path with wildcards: `*` for one segment or its beginning, `**` for any number of them.
    pub(crate) fn path(&self) -> String {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::One => "/*".to_owned(),
            Segment::Before(end) => format!("/*{end}"),
            Segment::Many => "/**".to_owned(),
        });
        segments.collect()
    }

    /// The path of a call that reads, if nothing in it is left open.
    pub(crate) fn plain_get(&self) -> Option<String> {
        if self.method != Method::GET {
            return None;
        }
        let parts = self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => Some(text.as_str()),
            Segment::One | Segment::Before(_) | Segment::Many => None,
        });
        let parts: Vec<&str> = parts.collect::<Option<_>>()?;
        Some(format!("/{}", parts.join("/")))
    }

    /// Whether a call is one of these. `HEAD` is where `GET` is.
    pub fn allows(&self, method: &Method, path: &PlainPath<'_>) -> bool {
        self.takes(method) && self.allows_path(path)
    }

    /// Whether a call could be one of these to a server that reads its path in another spelling.
    pub(crate) fn could_mean(&self, method: &Method, folded: &[Cow<'_, str>]) -> bool {
        self.takes(method) && matches(&self.folded, folded, could_end_with)
    }

    /// Whether its own spelling is the one that stands for all others.
    pub(crate) fn is_folded(&self) -> bool {
        let is_folded = |segment: &Segment| match segment {
            Segment::Literal(text) | Segment::Before(text) => {
                !text.is_empty()
                    && folded(text.trim_start_matches(':')) == text.trim_start_matches(':')
            }
            Segment::One | Segment::Many => true,
        };
        self.segments.iter().all(is_folded)
    }

    fn takes(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && method == Method::HEAD)
    }

    /// Whether a path is one of these, with any method.
    pub fn allows_path(&self, path: &PlainPath<'_>) -> bool {
        matches(&self.segments, path.segments(), is_before)
    }
}

/// The segments as servers may read them: folded, without empty ones, and what is left open in one order.
fn folded_pattern(segments: &[Segment]) -> Vec<Segment> {
    let mut pattern: Vec<Segment> = Vec::with_capacity(segments.len());
    for segment in segments {
        let segment = match segment {
            Segment::Literal(text) => Segment::Literal(folded(text).into_owned()),
            Segment::Before(end) => Segment::Before(folded(end).into_owned()),
            other => other.clone(),
        };
        match (&segment, pattern.last()) {
            (Segment::Literal(text), _) if text.is_empty() => {}
            (Segment::Many, Some(Segment::Many)) => {}
            // `**/*` is `*/**`.
            (Segment::One, Some(Segment::Many)) => pattern.insert(pattern.len() - 1, segment),
            _ => pattern.push(segment),
        }
    }
    pattern
}

/// `*` or `{name}`
fn is_one(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    let is_name = |name: &str| !name.is_empty() && !name.contains(['{', '}', '*']);
    text == "*" || inner.is_some_and(is_name)
}

/// What follows a wildcard: a mark, and letters after it. Without the mark it would not be told where the name ends, and
/// without letters some servers would pass over it.
fn end_of(text: &str) -> Option<&str> {
    let after_name = text.strip_prefix('*').or_else(|| {
        let (name, end) = text.strip_prefix('{')?.split_once('}')?;
        let is_name = !name.is_empty() && !name.contains(['{', '*']);
        is_name.then_some(end)
    });
    let end =
        after_name.filter(|end| end.starts_with(|mark: char| ".:-_~@!$'(),=".contains(mark)))?;
    let has_letters = end
        .ends_with(|last: char| last.is_ascii_alphanumeric() || "-_~)'".contains(last))
        && end.contains(|letter: char| letter.is_ascii_alphanumeric());
    let is_plain = is_plain_segment(end) && !end.contains(['*', '{', '}', '%']);
    (has_letters && is_plain).then_some(end)
}

fn segment(text: &str) -> Result<Segment, CallPatternError> {
    if matches!(text, "**" | "…") {
        return Ok(Segment::Many);
    }
    if is_one(text) {
        return Ok(Segment::One);
    }
    if let Some(end) = end_of(text) {
        return Ok(Segment::Before(end.to_owned()));
    }
    if text.contains(['*', '{', '}', '…']) {
        return Err(CallPatternError::PartOfASegment);
    }
    if !is_plain_segment(text) {
        return Err(CallPatternError::PathNotPlain);
    }
    Ok(Segment::Literal(text.to_owned()))
}
