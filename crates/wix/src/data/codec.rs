//! JSON text to [`Value`] and back, in one pass.
//!
//! `{"$date":"…"}` with a date that can be read is a [`Value::Date`]; any other object stays one. Of
//! two fields with one name the last counts, as in JavaScript.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{Date, Object, Value};

/// The name under which a date stands.
pub const DATE: &str = "$date";

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers are doubles, as in JavaScript"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers are doubles, as in JavaScript"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Value::number(number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            object.insert(name, value);
        }
        Ok(date_of(&object).map_or(Value::Object(object), Value::Date))
    }
}

fn date_of(object: &Object) -> Option<Date> {
    match (object.len(), object.get(DATE)) {
        (1, Some(Value::String(text))) => Date::parse(text),
        _ => None,
    }
}

/// Reads only these fields of an item, and passes over the others.
///
/// # Errors
///
/// Fails if the text is not a JSON object.
pub fn read_fields(json: &str, names: &[String]) -> serde_json::Result<Object> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Wanted { names })
}

struct Wanted<'names> {
    names: &'names [String],
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Object;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object = Object::new();
        while let Some(name) = map.next_key::<Name<'_>>()? {
            if self.names.iter().any(|wanted| *wanted == *name.0) {
                object.insert(name.0.into_owned(), map.next_value()?);
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        Ok(object)
    }
}

/// A field's name, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
struct Name<'json>(#[serde(borrow)] std::borrow::Cow<'json, str>);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(it) => serializer.serialize_bool(*it),
            Self::Number(number) => serialize_number(*number, serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Date(date) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(DATE, &format_args!("{date}"))?;
                map.end()
            }
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(object) => serializer.collect_map(object),
        }
    }
}

/// Whole numbers without a point, as JavaScript writes them.
///
/// # Errors
///
/// Fails if the serializer fails.
pub fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and within 2^53"
    )]
    if number.abs() <= EXACT && number.fract() == 0.0 {
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(json: &str) -> String {
        let value: Value = serde_json::from_str(json).unwrap();
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn what_comes_in_goes_out() {
        for json in [
            r#"{"b":1,"a":[null,true,{"x":-0.5}],"":"","é":"\u2028"}"#,
            r#"{"d":{"$date":"2024-01-02T03:04:05.678Z"}}"#,
            r#"{"$date":"not a date"}"#,
            r#"{"$date":5}"#,
            r#"{"$date":"2024-01-02T03:04:05.678Z","more":1}"#,
            r#"{"__proto__":{"x":1},"constructor":null}"#,
            "[9007199254740994.0,5e-324,1e308,9007199254740992,0.30000000000000004]",
        ] {
            let written = again(json);
            let same: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(
                same,
                serde_json::from_str::<serde_json::Value>(json).unwrap()
            );
        }
    }

    #[test]
    fn numbers_are_those_of_javascript() {
        for (json, written) in [
            ("1.0", "1"),
            ("-0.0", "0"),
            ("9007199254740993", "9007199254740992"),
            ("1e2", "100"),
            ("18446744073709551615", "1.8446744073709552e+19"),
        ] {
            assert_eq!(again(json), written);
        }
        for json in ["1e999", "NaN", "01", r#""\ud800""#, "{\"a\":1"] {
            assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_last_of_two_fields_counts_and_depth_is_capped() {
        assert_eq!(again(r#"{"a":1,"a":2}"#), r#"{"a":2}"#);
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert!(serde_json::from_str::<Value>(&deep).is_err());
    }
}
