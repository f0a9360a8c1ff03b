//! Reading a call and creating its record.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::redact::Redactor;
use super::{Recorded, Seen};

/// The most of a body, and of a path and a query, that is kept.
const MAX_BODY: usize = 16 * 1024;
const MAX_LINE: usize = 2 * 1024;
const MAX_VALUE: usize = 512;

/// A call, taken off the wire whole.
pub(crate) struct Arrived {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Arrived {
    /// Returns the record of the call. `secret` is the app's, which must not be in it under any name.
    pub(crate) fn record(&self, at: Timestamp, secret: &str) -> Recorded {
        let redactor = Redactor { secret };
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            if let Some(value) = redactor.header(name.as_str(), &value) {
                headers.insert(name.to_string(), cut(value, MAX_VALUE).into());
            }
        }
        Recorded {
            at: format!("{at:.3}"),
            method: self.method.to_string(),
            path: cut(redactor.text(self.uri.path()), MAX_LINE),
            query: cut(redactor.pairs(self.uri.query().unwrap_or("")), MAX_LINE),
            status: None,
            seen: Seen::default(),
            headers,
            body: cut(self.body_text(&redactor), MAX_BODY),
        }
    }

    fn body_text(&self, redactor: &Redactor<'_>) -> String {
        let Ok(text) = std::str::from_utf8(&self.body) else {
            return format!("({} bytes that are no text)", self.body.len());
        };
        let Ok(mut json) = serde_json::from_str::<Value>(text) else {
            return if self.is_form() {
                redactor.pairs(text)
            } else {
                redactor.unknown(text)
            };
        };
        // Names are text as well.
        if redactor.json(&mut json) {
            redactor.text(&json.to_string())
        } else {
            redactor.text(text)
        }
    }

    /// Whether the body says that it is a form.
    pub(crate) fn is_form(&self) -> bool {
        let media_type = self.headers.get("content-type");
        media_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
    }
}

fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}
