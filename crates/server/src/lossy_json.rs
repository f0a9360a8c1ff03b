//! Parses JSON that [`serde_json::Value`] cannot hold, which JavaScript writes and reads all the same: a text that ends in
//! the middle of an emoji (`"\ud83d"`), a number beyond all doubles (`1e400`), hundreds of nested arrays.
//!
//! Such parts are replaced, and everything else stays readable: half a character becomes U+FFFD, a number its text, what
//! is nested too deep null. Events are stored as they were received; this is only for looking into them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// How deep a value may be nested, as in `serde_json`.
const MAX_DEPTH: usize = 127;

/// Parses a text, replacing what a `Value` cannot hold.
///
/// # Errors
///
/// Fails if the text is not JSON.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|_| {
        let raw: &RawValue = serde_json::from_str(text)?;
        Ok(lossy(raw.get(), MAX_DEPTH))
    })
}

fn lossy(text: &str, depth: usize) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    if depth == 0 {
        return Value::Null;
    }
    match text.as_bytes().first() {
        Some(b'{') => object(text, depth - 1),
        Some(b'[') => array(text, depth - 1),
        Some(b'"') => string(text),
        _ => text
            .parse::<Number>()
            .map_or_else(|_| text.into(), Value::Number),
    }
}

fn array(text: &str, depth: usize) -> Value {
    let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    let elements = elements.into_iter();
    elements.map(|it| lossy(it.get(), depth)).collect()
}

fn object(text: &str, depth: usize) -> Value {
    let Ok(Fields(fields)) = serde_json::from_str(text) else {
        return Value::Null;
    };
    let fields = fields.into_iter();
    let fields = fields.map(|(name, value)| (name, lossy(value.get(), depth)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// A text with half characters: as bytes, `serde_json` lets them pass.
fn string(text: &str) -> Value {
    let bytes: Result<ByteText<'_>, _> = serde_json::from_str(text);
    bytes.map_or(Value::Null, |ByteText(bytes)| {
        String::from_utf8_lossy(&bytes).into_owned().into()
    })
}

struct Fields<'text>(Vec<(String, &'text RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

struct ByteText<'text>(Cow<'text, [u8]>);

impl<'de> Deserialize<'de> for ByteText<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = ByteText<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(ByteText(Cow::Borrowed(bytes)))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(ByteText(Cow::Owned(bytes.to_owned())))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_rest_stays_readable() {
        for (text, expected) in [
            (
                r#"{"slug":"a","x":"\ud83d"}"#,
                json!({ "slug": "a", "x": "\u{fffd}" }),
            ),
            (
                r#"{"slug":"a","x":[1e400,2]}"#,
                json!({ "slug": "a", "x": ["1e400", 2] }),
            ),
            (
                r#"["\ud83d\ude00","\ude00b",-1e999]"#,
                json!(["😀", "\u{fffd}b", "-1e999"]),
            ),
            (r#" {"a":1} "#, json!({ "a": 1 })),
        ] {
            let value = parse(text).unwrap();
            let plain = |value: &Value| {
                value
                    .to_string()
                    .replace("\u{fffd}\u{fffd}\u{fffd}", "\u{fffd}")
            };
            assert_eq!(plain(&value), plain(&expected), "{text}");
        }
        let deep = format!(
            r#"{{"slug":"a","x":{}1{}}}"#,
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        assert_eq!(parse(&deep).unwrap()["slug"], "a");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", r#"{"a":}"#, r#""\ud83""#, "1e", "[1]]", "nul"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
