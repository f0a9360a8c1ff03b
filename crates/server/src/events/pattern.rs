//! Patterns over the type of an event: a type, a beginning with `*` behind it, or `*`.

use std::fmt;

/// A pattern over the type of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern {
    beginning: String,
    is_prefix: bool,
}

/// The text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventPatternError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// `*` elsewhere than at the end.
    #[error("`*` may only be at its end")]
    StarInside,
    /// White space, which no type has.
    #[error("it contains white space")]
    WhiteSpace,
}

impl EventPattern {
    /// Parses a pattern: `*`, `wix.contacts.v4.contact_*`, `AppInstalled`.
    ///
    /// # Errors
    ///
    /// Fails if the text is empty, or has a `*` elsewhere than at its end.
    pub fn parse(text: &str) -> Result<Self, EventPatternError> {
        if text.is_empty() {
            return Err(EventPatternError::Empty);
        }
        if text.contains(char::is_whitespace) {
            return Err(EventPatternError::WhiteSpace);
        }
        let (beginning, is_prefix) = match text.strip_suffix('*') {
            Some(beginning) => (beginning, true),
            None => (text, false),
        };
        if beginning.contains('*') {
            return Err(EventPatternError::StarInside);
        }
        Ok(Self {
            beginning: beginning.to_owned(),
            is_prefix,
        })
    }

    /// Returns whether the pattern has this type.
    pub fn matches(&self, event_type: &str) -> bool {
        if self.is_prefix {
            event_type.starts_with(&self.beginning)
        } else {
            event_type == self.beginning
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_prefix { "*" } else { "" };
        write!(formatter, "{}{star}", self.beginning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_beginnings() {
        for (pattern, event_type, expected) in [
            ("*", "AppInstalled", true),
            ("stripe/*", "stripe/invoice.paid", true),
            ("stripe/*", "stripes/invoice.paid", false),
            (
                "wix.contacts.v4.contact_*",
                "wix.contacts.v4.contact_created",
                true,
            ),
            (
                "wix.contacts.v4.contact_*",
                "wix.contacts.v4.label_created",
                false,
            ),
            ("AppInstalled", "AppInstalled", true),
            ("AppInstalled", "AppInstalledAgain", false),
        ] {
            let parsed = EventPattern::parse(pattern).unwrap();
            assert_eq!(
                parsed.matches(event_type),
                expected,
                "{pattern} {event_type}"
            );
            assert_eq!(parsed.to_string(), pattern);
        }
        assert_eq!(EventPattern::parse(""), Err(EventPatternError::Empty));
        assert_eq!(
            EventPattern::parse("a*b"),
            Err(EventPatternError::StarInside)
        );
        assert_eq!(
            EventPattern::parse("**"),
            Err(EventPatternError::StarInside)
        );
        assert_eq!(
            EventPattern::parse("a *"),
            Err(EventPatternError::WhiteSpace)
        );
    }
}
