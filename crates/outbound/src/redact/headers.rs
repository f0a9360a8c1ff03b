//! Credentials in headers, those of a response and those after its body.

use http::{HeaderMap, HeaderValue};

use super::SecretPatterns;
use super::redactor::cover;

impl SecretPatterns {
    /// Whether a text has any.
    pub fn occur_in(&self, text: &[u8]) -> bool {
        !self.find_all(text).is_empty()
    }

    /// The value with `*` in place of patterns; `None` where it has none.
    pub fn redact_value(&self, value: &HeaderValue) -> Option<HeaderValue> {
        let found = self.find_all(value.as_bytes());
        if found.is_empty() {
            return None;
        }
        let mut text = value.as_bytes().to_vec();
        cover(&mut text, &found);
        let mut covered = HeaderValue::from_bytes(&text).ok()?;
        covered.set_sensitive(value.is_sensitive());
        Some(covered)
    }

    /// Puts `*` in place of patterns in all values. How many values had some.
    pub fn redact_headers(&self, headers: &mut HeaderMap) -> u64 {
        let mut changed = 0;
        for value in headers.values_mut() {
            if let Some(covered) = self.redact_value(value) {
                *value = covered;
                changed += 1;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_covered() {
        let mut headers = HeaderMap::new();
        headers.append(
            "x-echo",
            HeaderValue::from_static("Bearer sk_live_12345678!"),
        );
        headers.append("x-echo", HeaderValue::from_static("nothing"));
        headers.append(
            "location",
            HeaderValue::from_static("/?key=sk_live_12345678&a=b"),
        );
        let patterns = SecretPatterns::new(b"sk_live_12345678");
        assert_eq!(patterns.redact_headers(&mut headers), 2);
        let values: Vec<_> = headers.get_all("x-echo").iter().collect();
        assert_eq!(values, ["Bearer ****************!", "nothing"]);
        assert_eq!(headers["location"], "/?key=****************&a=b");
        assert_eq!(patterns.redact_headers(&mut headers), 0);
    }
}
