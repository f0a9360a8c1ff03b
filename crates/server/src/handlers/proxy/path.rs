//! The prefixes of entries.

use super::readings::readings;
use crate::policy::{fold, folded};

/// The `path` of an entry: `/` or `/segment/…`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// As written, for stripping; empty for `/`.
    text: String,
    /// Without case.
    folded: String,
}

/// The text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// No slash at its start.
    #[error("a path starts with a slash")]
    NoSlash,
    /// Not a plain path.
    #[error(
        "a path here is plain ASCII: no `.` or `..` segments, no dot and no `+` at the ends of one, no `//`, and none of `%`, `?`, `#`, `;` and `\\`"
    )]
    NotPlain,
}

impl Prefix {
    /// Reads a prefix; one slash at its end is ignored.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        if !text.starts_with('/') {
            return Err(PrefixError::NoSlash);
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        let is_name = |name: &str| {
            !name.ends_with(['.', '+'])
                && !name.starts_with('+')
                && name.bytes().all(|it| it.is_ascii_graphic())
        };
        let is_plain = !text.contains(['%', '?', '#', '\\', ';'])
            && text
                .split('/')
                .skip(1)
                .all(|name| !name.is_empty() && is_name(name));
        if !is_plain || readings(text).is_none() {
            return Err(PrefixError::NotPlain);
        }
        Ok(Self {
            text: text.to_owned(),
            folded: fold(text),
        })
    }

    /// Whether a path lies under it, byte for byte: `/api` holds `/api` and `/api/x`, not `/apix` and `/API`.
    pub fn holds(&self, path: &str) -> bool {
        is_under(path, &self.text)
    }

    /// Whether a path lies under it without regard to case.
    pub(crate) fn holds_folded(&self, path: &str) -> bool {
        let mut rest = folded(path);
        self.folded
            .chars()
            .all(|letter| rest.next() == Some(letter))
            && rest.next().is_none_or(|next| next == '/')
    }

    /// Whether two prefixes are the same to every server.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.folded == other.folded
    }

    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// The path without this prefix. `None` when it does not begin with it, byte for byte.
    pub(crate) fn strip<'path>(&self, path: &'path str) -> Option<&'path str> {
        let rest = path.strip_prefix(&*self.text)?;
        match rest {
            "" => Some("/"),
            _ => rest.starts_with('/').then_some(rest),
        }
    }

    /// The path of the whole that has this path once the prefix is off.
    pub(crate) fn with(&self, rest: &str) -> String {
        format!("{}{rest}", self.text)
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

fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_holds_what_begins_with_it_byte_for_byte() {
        let api = Prefix::parse("/Api/").unwrap();
        for (path, held) in [
            ("/Api", true),
            ("/Api/x", true),
            ("/api/x", false),
            ("/Apix", false),
            ("/Api%2Fx", false),
            ("/Api;x", false),
            ("/Api.", false),
            ("/", false),
        ] {
            assert_eq!(api.holds(path), held, "{path}");
        }
        assert!(api.holds_folded("/api/x") && api.holds_folded("/AP\u{130}"));
        assert!(!api.holds_folded("/apix") && !api.holds_folded("/ap"));
        assert!(api.is_same_as(&Prefix::parse("/api").unwrap()));
    }

    #[test]
    fn a_prefix_is_plain() {
        for text in [
            "/a%20b", "/a b", "/a//b", "/a/../b", "/a;x", "/a?b", "/a#b", "/a\\b", "/a.", "/.",
            "/é", "/c++", "/+x",
        ] {
            assert_eq!(Prefix::parse(text), Err(PrefixError::NotPlain), "{text}");
        }
        assert_eq!(Prefix::parse("api"), Err(PrefixError::NoSlash));
        assert!(Prefix::parse("/.well-known/x").is_ok());
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
        assert_eq!(api.strip("/api/x"), Some("/x"));
        assert_eq!(api.strip("/API/x"), None);
        assert_eq!(api.strip("/%61pi/x"), None);
        assert_eq!(api.strip("/apix"), None);
        assert_eq!(api.strip("/é"), None);
    }
}
