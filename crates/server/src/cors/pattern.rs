//! One entry of the list of origins.

use std::borrow::Cow;

use super::Origin;

/// One entry of the list: an exact origin, or one with a wildcard for a single label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `https://admin.example.com`
    Exact(String),
    /// `https://*.wixsite.com`: what stands before and after the label.
    OneLabel {
        /// Up to the label: `https://`
        before: String,
        /// After the label, from its dot on: `.wixsite.com`
        after: String,
    },
}

/// The text is no pattern of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `*`
    #[error("`*` would let every page on the web in; name the origins")]
    Everything,
    /// A wildcard elsewhere than as the first label, or above a public suffix.
    #[error(
        "a wildcard stands for one whole label before a domain of at least two: \
         https://*.example.com"
    )]
    BadWildcard,
    /// Not an origin.
    #[error(
        "not an origin as browsers write it: scheme://host or scheme://host:port, lower case, without a path"
    )]
    NotAnOrigin,
}

impl Pattern {
    /// Reads one entry.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Err(PatternError::Everything);
        }
        let text = &*in_ascii(text).ok_or(PatternError::NotAnOrigin)?;
        if !text.contains('*') {
            Origin::parse(text).ok_or(PatternError::NotAnOrigin)?;
            return Ok(Self::Exact(text.to_owned()));
        }
        let (before, after) = text.split_once('*').unwrap_or_default();
        let sample = format!("{before}label{after}");
        let origin = Origin::parse(&sample).ok_or(PatternError::BadWildcard)?;
        let first_label = before == format!("{}://", origin.scheme) && after.starts_with('.');
        if !first_label || origin.host.split('.').count() < 3 {
            return Err(PatternError::BadWildcard);
        }
        Ok(Self::OneLabel {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Whether it allows plain `http`, which can be changed in transit.
    pub fn is_plain_http(&self) -> bool {
        let (Self::Exact(text) | Self::OneLabel { before: text, .. }) = self;
        text.starts_with("http://")
    }
}

/// With letters of other alphabets in Punycode, as browsers write them. `None` if that cannot be.
fn in_ascii(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    let (scheme, authority) = text.split_once("://")?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, format!(":{port}")),
        None => (authority, String::new()),
    };
    let host = url::Host::parse(host).ok()?;
    Some(Cow::Owned(format!("{scheme}://{host}{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_other_alphabets_become_what_browsers_send() {
        let exact = |text: &str| Ok(Pattern::Exact(text.to_owned()));
        assert_eq!(
            Pattern::parse("https://bäckerei.example"),
            exact("https://xn--bckerei-5wa.example")
        );
        assert_eq!(
            Pattern::parse("https://Bäckerei.example:8443"),
            exact("https://xn--bckerei-5wa.example:8443")
        );
        let pattern = Pattern::parse("https://*.bäckerei.example").unwrap();
        let after = ".xn--bckerei-5wa.example".to_owned();
        let before = "https://".to_owned();
        assert_eq!(pattern, Pattern::OneLabel { before, after });
        for wrong in [
            "https://bäckerei.example/x",
            "bäckerei.example",
            "https://bä ck.example",
        ] {
            assert_eq!(
                Pattern::parse(wrong),
                Err(PatternError::NotAnOrigin),
                "{wrong}"
            );
        }
    }

    #[test]
    fn bad_patterns_say_what_is_wrong() {
        for (text, error) in [
            ("*", PatternError::Everything),
            ("https://*", PatternError::BadWildcard),
            ("https://*.com", PatternError::BadWildcard),
            ("https://a.*.example.com", PatternError::BadWildcard),
            ("https://*a.example.com", PatternError::BadWildcard),
            ("https://*.*.example.com", PatternError::BadWildcard),
            ("*://example.com", PatternError::BadWildcard),
            ("example.com", PatternError::NotAnOrigin),
            ("https://example.com/", PatternError::NotAnOrigin),
        ] {
            assert_eq!(Pattern::parse(text), Err(error), "{text}");
        }
    }
}
