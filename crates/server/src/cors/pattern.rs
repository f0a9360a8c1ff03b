//! One entry of the list of origins.

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

    /// True when it lets plain `http` in, which anybody on the way can change.
    pub fn is_plain_http(&self) -> bool {
        let (Self::Exact(text) | Self::OneLabel { before: text, .. }) = self;
        text.starts_with("http://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
