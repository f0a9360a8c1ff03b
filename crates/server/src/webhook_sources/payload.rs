//! The content of a request: JSON as it was received, or a form as JSON.
//!
//! A name with brackets in a form (`data[merges][EMAIL]`) is a path into objects, a repeated name an array. A form whose
//! only field is `payload` holds JSON there, as GitHub and Slack send it.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::WebhookRequest;
use crate::lossy_json;

/// How deep brackets may lead.
const MAX_DEPTH: usize = 8;

/// The content of a request.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) value: Value,
    /// The same as JSON; spelled as it was received if it is JSON.
    pub(super) json: String,
}

/// The content is neither JSON nor a form.
#[derive(Debug, thiserror::Error)]
#[error("the body is neither JSON nor a form")]
pub(super) struct PayloadError(#[source] Option<serde_json::Error>);

impl Payload {
    /// Reads the body of a request. An empty one is `null`.
    pub(super) fn read(request: &WebhookRequest<'_>) -> Result<Self, PayloadError> {
        let text = str::from_utf8(request.body).map_err(|_| PayloadError(None))?;
        if text.trim().is_empty() {
            return Self::parse("null");
        }
        if !request.is_form() {
            return Self::parse(text);
        }
        let form = form(text);
        if let Some(json) = form.get("payload").and_then(Value::as_str)
            && form.len() == 1
        {
            return Self::parse(json);
        }
        let value = Value::Object(form);
        Ok(Self {
            json: value.to_string(),
            value,
        })
    }

    fn parse(text: &str) -> Result<Self, PayloadError> {
        let value = lossy_json::parse(text);
        Ok(Self {
            value: value.map_err(|error| PayloadError(Some(error)))?,
            json: text.trim().to_owned(),
        })
    }

    /// Returns the elements of an array, or the whole.
    pub(super) fn split(self) -> Vec<Self> {
        let Value::Array(values) = self.value else {
            return vec![self];
        };
        let texts: Vec<Box<RawValue>> = serde_json::from_str(&self.json).unwrap_or_default();
        let both = values.into_iter().zip(texts);
        let elements = both.map(|(value, text)| Self {
            value,
            json: text.get().to_owned(),
        });
        elements.collect()
    }
}

/// A form as an object.
fn form(text: &str) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = Value::String(value.into_owned());
        let path = path(&name);
        if insert(&mut object, &path, &value).is_none() {
            // Another field has taken a part of the path for a text.
            add(&mut object, &name, value);
        }
    }
    object
}

/// `data[merges][EMAIL]` as its three parts. A name that is written in another way is one part.
fn path(name: &str) -> Vec<&str> {
    let whole = vec![name];
    let Some((first, rest)) = name.split_once('[') else {
        return whole;
    };
    let Some(rest) = rest.strip_suffix(']').filter(|_| !first.is_empty()) else {
        return whole;
    };
    let parts: Vec<&str> = std::iter::once(first).chain(rest.split("][")).collect();
    let is_clean = |part: &str| !part.contains(['[', ']']);
    if parts.len() > MAX_DEPTH || !parts.iter().all(|part| is_clean(part)) {
        return whole;
    }
    parts
}

/// Inserts a value at a path. `None` if the path leads through a text.
fn insert(object: &mut Map<String, Value>, path: &[&str], value: &Value) -> Option<()> {
    match path {
        // `list[]` is an element of `list`.
        [name] | [name, ""] => {
            add(object, name, value.clone());
            Some(())
        }
        [name, rest @ ..] => {
            let inner = object.entry(*name).or_insert_with(|| Map::new().into());
            insert(inner.as_object_mut()?, rest, value)
        }
        [] => None,
    }
}

fn add(object: &mut Map<String, Value>, name: &str, value: Value) {
    match object.get_mut(name) {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::presets::tests::Received;
    use super::*;

    fn read(kind: &str, body: &str) -> Result<Payload, PayloadError> {
        let received = Received::at(0, ("", "/"), body).with("content-type", kind);
        Payload::read(&received.request())
    }

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

    #[test]
    fn forms_become_objects() {
        for (body, expected) in [
            ("a=1&b=x+y", json!({ "a": "1", "b": "x y" })),
            ("a=1&a=2&a=3", json!({ "a": ["1", "2", "3"] })),
            ("l[]=1&l[]=2", json!({ "l": ["1", "2"] })),
            (
                "type=subscribe&data%5Bid%5D=8a&data[merges][EMAIL]=a%40b.c",
                json!({ "type": "subscribe", "data": { "id": "8a", "merges": { "EMAIL": "a@b.c" } } }),
            ),
            ("a=1&a[b]=2", json!({ "a": "1", "a[b]": "2" })),
            (
                "a]=1&[b]=2&c[=3",
                json!({ "a]": "1", "[b]": "2", "c[": "3" }),
            ),
            ("payload=x&more=y", json!({ "payload": "x", "more": "y" })),
            ("payload=%7B%22a%22%3A1%7D", json!({ "a": 1 })),
        ] {
            assert_eq!(read(FORM, body).unwrap().value, expected, "{body}");
        }
        let deep = format!("a{}=1", "[b]".repeat(5000));
        assert_eq!(
            read(FORM, &deep).unwrap().value.as_object().unwrap().len(),
            1
        );
        assert!(read(FORM, "payload=no+json").is_err());
    }

    #[test]
    fn json_is_kept_as_it_was_received() {
        let body = r#" {"b": 1.50, "a": 12345678901234567890123 } "#;
        assert_eq!(read("application/json", body).unwrap().json, body.trim());
        let list = read("text/plain", r#"[{"n": 1.0}, 2]"#).unwrap();
        let elements = list.split();
        let elements: Vec<&str> = elements.iter().map(|one| &*one.json).collect();
        assert_eq!(elements, [r#"{"n": 1.0}"#, "2"]);
        assert_eq!(read("application/json", "").unwrap().json, "null");
        for body in [r#"{"a":"\ud83d"}"#, r#"{"a":1e400}"#] {
            assert_eq!(read("application/json", body).unwrap().json, body);
        }
        for body in ["{", "hello", "\u{feff}{}"] {
            assert!(read("application/json", body).is_err(), "{body}");
        }
    }
}
