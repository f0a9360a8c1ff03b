//! Which entry a path belongs to.
//!
//! A rule for `/api/admin` is only worth something if no other spelling of that path reaches the
//! upstream under another rule. So paths are compared in a canonical form in which servers that
//! decode, fold case, join slashes or take backslashes for slashes all agree; and a path with dot
//! segments, which some resolve and some do not, is refused. The upstream is sent the path as it
//! came.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The `path` of an entry: `/` or `/segment/…`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// As written, for stripping; empty for `/`.
    text: String,
    canonical: String,
}

/// The text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// No slash at its start.
    #[error("a path starts with a slash")]
    NoSlash,
    /// Not a plain path.
    #[error("a path here is plain: no `.` or `..` segments, no `//`, no `?`, no `%`")]
    NotPlain,
}

impl Prefix {
    /// Reads a prefix; one slash at its end is ignored.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        if !text.starts_with('/') {
            return Err(PrefixError::NoSlash);
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        let plain = !text.contains(['%', '?', '#', '\\', ' ']) && !text.contains("//");
        let canonical = canonical(text).ok_or(PrefixError::NotPlain)?;
        if !plain {
            return Err(PrefixError::NotPlain);
        }
        Ok(Self {
            text: text.to_owned(),
            canonical: canonical.into_owned(),
        })
    }

    /// Whether a canonical path lies under it: `/api` holds `/api` and `/api/x`, not `/apix`.
    pub fn holds(&self, canonical_path: &str) -> bool {
        canonical_path
            .strip_prefix(&*self.canonical)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether two prefixes are the same to every server.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    pub(super) fn length(&self) -> usize {
        self.canonical.len()
    }

    /// The raw path without this prefix. `None` when it is spelled in another way.
    pub(super) fn strip<'path>(&self, path: &'path str) -> Option<&'path str> {
        let (start, rest) = path.split_at_checked(self.text.len())?;
        let stripped =
            start.eq_ignore_ascii_case(&self.text) && (rest.is_empty() || rest.starts_with('/'));
        stripped.then_some(if rest.is_empty() { "/" } else { rest })
    }

    /// As written in the configuration.
    pub fn as_str(&self) -> &str {
        if self.text.is_empty() {
            "/"
        } else {
            &self.text
        }
    }
}

/// The canonical form: percent-decoded once, lower case, single forward slashes, without path
/// parameters (`;x=1`), an encoded query, or spaces and dots at a segment's end. `None` for a path
/// that servers read in different ways.
pub(crate) fn canonical(path: &str) -> Option<Cow<'_, str>> {
    if is_canonical(path) {
        return Some(Cow::Borrowed(path));
    }
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    if decoded.contains(char::is_control) || is_encoded_twice(&decoded) {
        return None;
    }
    // Some servers decode before they look for the query.
    let before_query = decoded.split(['?', '#']).next().unwrap_or_default();
    let mut canonical = String::with_capacity(decoded.len());
    for segment in before_query.split(['/', '\\']) {
        let name = segment.split(';').next().unwrap_or_default();
        if matches!(name, "." | "..") {
            return None;
        }
        let name = name.trim_end_matches([' ', '.']);
        if !name.is_empty() {
            canonical.push('/');
            canonical.extend(name.chars().map(|it| it.to_ascii_lowercase()));
        }
    }
    Some(Cow::Owned(canonical))
}

/// A `%xx` that is left after decoding: a server that decodes twice sees another path.
fn is_encoded_twice(decoded: &str) -> bool {
    decoded.split('%').skip(1).any(|rest| {
        let mut hex = rest.bytes().take(2).filter(u8::is_ascii_hexdigit);
        hex.by_ref().count() == 2
    })
}

/// Most paths are canonical as they come: lower case, and nothing that needs a second look.
fn is_canonical(path: &str) -> bool {
    let mut before = 0;
    for byte in path.bytes() {
        let plain = match byte {
            b'/' => !matches!(before, b'/' | b'.'),
            b'.' => before != b'/',
            b'%' | b'\\' | b';' | b'A'..=b'Z' => false,
            byte => byte.is_ascii_graphic(),
        };
        if !plain {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_meet_in_one_rule() {
        let admin = Prefix::parse("/api/admin").unwrap();
        for same in [
            "/api/admin",
            "/api/admin/x",
            "/API/Admin",
            "/api//admin",
            "/api/%61dmin",
            "/api%2fadmin",
            "/api%2Fadmin/",
            "/api\\admin",
            "/api%5cadmin",
            "//api///admin",
            "/api/admin;x=1",
            "/api;a=b/admin;c/x",
            "/api/admin%3Bx",
            "/api/admin%3fx=1",
            "/api/admin%23",
            "/api/admin%20",
            "/api/admin.",
            "/api/admin./x",
        ] {
            assert!(admin.holds(&canonical(same).unwrap()), "{same}");
        }
        for other in ["/api/administrator", "/api", "/", "/x/api/admin"] {
            assert!(!admin.holds(&canonical(other).unwrap()), "{other}");
        }
        for ambiguous in [
            "/api/../admin",
            "/api/./admin",
            "/api/%2e%2e/admin",
            "/api/.%2E/admin",
            "/api/..;/admin",
            "/api/..;x=1/admin",
            "/api/..%2fadmin",
            "/api/x/..",
            "/.",
            "/api/%00admin",
            "/api/\\..\\admin",
            "/api/%0d%0a",
            "/api/%2561dmin",
        ] {
            assert_eq!(canonical(ambiguous), None, "{ambiguous}");
        }
        assert!(
            canonical("/api/.well-known/...").is_some(),
            "a dot alone is no harm"
        );
    }

    #[test]
    fn the_root_holds_everything() {
        let root = Prefix::parse("/").unwrap();
        assert!(root.holds("/") && root.holds("/anything"));
        assert_eq!(root.as_str(), "/");
        assert_eq!(root.strip("/x"), Some("/x"));
    }

    #[test]
    fn stripping_takes_the_prefix_as_written() {
        let api = Prefix::parse("/api/").unwrap();
        assert_eq!(api.strip("/api"), Some("/"));
        assert_eq!(api.strip("/API/x"), Some("/x"));
        assert_eq!(api.strip("/%61pi/x"), None);
        assert_eq!(api.strip("/apix"), None);
        assert_eq!(api.strip("/é"), None);
    }

    proptest::proptest! {
        /// Whatever an upstream does to a path, it does not leave the rule that it came in by.
        #[test]
        fn the_canonical_form_is_a_fixed_point(path in "/[a-zA-Z.%/\\\\;0-9]{0,30}") {
            if let Some(once) = canonical(&path) {
                let has_percent = once.contains('%');
                let twice = canonical(&once);
                proptest::prop_assert!(has_percent || twice.as_deref().map(|it| it.trim_end_matches('/')) == Some(once.trim_end_matches('/')));
                proptest::prop_assert!(!once.contains("//") && !once.contains('\\'));
                proptest::prop_assert!(once.split('/').all(|part| part != ".."));
            }
        }
    }
}
