//! Where a value is in a request: `/data/id` in its content, `header:X-Event-Id`, or `query:id`.

use std::str::FromStr;

use http::HeaderName;
use serde_json::Value;

use super::WebhookRequest;
use super::facts::{self, text_of};

/// The place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldPath {
    /// A JSON pointer (RFC 6901) into the event's content.
    Pointer(Box<str>),
    /// A header of the request.
    Header(HeaderName),
    /// A parameter of the query.
    Query(Box<str>),
}

/// The text is not the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is neither a JSON pointer, nor header:NAME, nor query:NAME")]
pub struct FieldPathError;

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, FieldPathError> {
        if let Some(name) = text.strip_prefix("header:") {
            let name = name.trim().parse();
            return name.map(Self::Header).map_err(|_| FieldPathError);
        }
        if let Some(name) = text.strip_prefix("query:") {
            let is_named = !name.is_empty();
            return is_named
                .then(|| Self::Query(name.into()))
                .ok_or(FieldPathError);
        }
        let has_valid_escapes = |text: &str| {
            let mut escapes = text.split('~').skip(1);
            escapes.all(|rest| rest.starts_with(['0', '1']))
        };
        if text.len() > 1 && text.starts_with('/') && has_valid_escapes(text) {
            return Ok(Self::Pointer(text.into()));
        }
        Err(FieldPathError)
    }
}

impl FieldPath {
    /// Returns the text or number there. `None` if there is nothing of the kind.
    pub fn find(&self, request: &WebhookRequest<'_>, data: &Value) -> Option<String> {
        match self {
            Self::Pointer(pointer) => facts::text(data, pointer),
            Self::Header(name) => {
                let value = request.headers.get(name)?.to_str().ok()?;
                text_of(&Value::from(value.trim()))
            }
            Self::Query(name) => request.query(name).filter(|value| !value.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_parsed() {
        assert_eq!("/a/~0b".parse(), Ok(FieldPath::Pointer("/a/~0b".into())));
        assert_eq!(
            "header:X-Event-Id".parse(),
            Ok(FieldPath::Header(HeaderName::from_static("x-event-id")))
        );
        assert_eq!("query:id".parse(), Ok(FieldPath::Query("id".into())));
        for text in ["", "/", "a/b", "/a/~2", "header:", "header:a b", "query:"] {
            assert_eq!(text.parse::<FieldPath>(), Err(FieldPathError), "{text}");
        }
    }
}
