//! A set of headers' names, by name or by how they begin.

use http::HeaderName;

/// Names such as `x-request-id`, and beginnings such as `x-ratelimit-*`.
#[derive(Debug, Clone, Default)]
pub struct HeaderNames {
    names: Vec<HeaderName>,
    beginnings: Vec<String>,
}

impl HeaderNames {
    /// Parses them. The error is the invalid text.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let mut set = Self::default();
        for text in texts {
            let (plain, is_beginning) = match text.strip_suffix('*') {
                Some(beginning) => (beginning, true),
                None => (&**text, false),
            };
            // A star is a letter of a name to HTTP, and stands at the end to us.
            let name = Some(plain).filter(|plain| !plain.contains('*'));
            let name = name.and_then(|plain| plain.parse::<HeaderName>().ok());
            let name = name.ok_or_else(|| text.clone())?;
            if is_beginning {
                set.beginnings.push(name.as_str().to_owned());
            } else {
                set.names.push(name);
            }
        }
        Ok(set)
    }

    /// Whether a name is one of them as it is, and not only by how it begins.
    pub fn names(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
    }

    /// Whether a name is one of them.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
            || self
                .beginnings
                .iter()
                .any(|it| name.as_str().starts_with(&**it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings() {
        let texts = ["X-Request-Id".to_owned(), "x-ratelimit-*".to_owned()];
        let set = HeaderNames::parse(&texts).unwrap();
        for (name, is_in) in [
            ("x-request-id", true),
            ("x-request-ids", false),
            ("x-ratelimit-left", true),
            ("x-ratelimi", false),
        ] {
            assert_eq!(
                set.contains(&HeaderName::from_static(name)),
                is_in,
                "{name}"
            );
        }
        for wrong in ["a b", "x-*-y", "*", "**", ""] {
            assert_eq!(HeaderNames::parse(&[wrong.to_owned()]).unwrap_err(), wrong);
        }
    }
}
