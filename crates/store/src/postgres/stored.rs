//! The form in which items are kept: as on the wire, but a date is `{"$date":milliseconds}`, so that dates
//! compare as the numbers that they are.
//!
//! No other object has a field `$date`: names that begin with `$` are refused before they get here.

use std::borrow::Cow;
use std::fmt;

use backlot_wix::data::codec::{DATE, serialize_number};
use backlot_wix::data::{Date, Object, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use tokio_postgres::types::{FromSql, Type};

/// A value to be kept, or to be compared with what is kept.
#[derive(Debug)]
pub(super) struct Stored<V>(pub(super) V);

impl Serialize for Stored<&Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(it) => serializer.serialize_bool(*it),
            Value::Number(number) => serialize_number(*number, serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Date(date) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(DATE, &date.milliseconds())?;
                map.end()
            }
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(Stored)),
            Value::Object(object) => Stored(object).serialize(serializer),
        }
    }
}

impl Serialize for Stored<&Object> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Stored(value))))
    }
}

impl Serialize for Stored<Object> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored(&self.0).serialize(serializer)
    }
}

impl Serialize for Stored<Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored(&self.0).serialize(serializer)
    }
}

/// `jsonb` as its text.
pub(super) struct JsonText<'row>(&'row str);

impl<'row> FromSql<'row> for JsonText<'row> {
    fn from_sql(
        _: &Type,
        raw: &'row [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match raw.split_first() {
            Some((1, text)) => Ok(Self(std::str::from_utf8(text)?)),
            _ => Err("jsonb of an unknown version".into()),
        }
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::JSONB
    }
}

impl JsonText<'_> {
    /// The item as it goes over the wire, its `_id` first.
    pub(super) fn to_wire(&self) -> serde_json::Result<String> {
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        let mut wire = String::with_capacity(self.0.len() + 32);
        let printer = Printer {
            wire: &mut wire,
            is_item: true,
        };
        printer.deserialize(&mut deserializer)?;
        Ok(wire)
    }
}

/// Prints what it reads, dates as on the wire.
struct Printer<'wire> {
    wire: &'wire mut String,
    is_item: bool,
}

impl Printer<'_> {
    fn inner(&mut self) -> Printer<'_> {
        Printer {
            wire: self.wire,
            is_item: false,
        }
    }

    fn scalar<E: Error>(self, value: &impl Serialize) -> Result<(), E> {
        self.wire
            .push_str(&serde_json::to_string(value).map_err(E::custom)?);
        Ok(())
    }
}

struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

impl<'de> DeserializeSeed<'de> for Printer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Printer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.wire.push_str("null");
        Ok(())
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<(), E> {
        self.wire.push_str(if it { "true" } else { "false" });
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers are doubles, as in JavaScript"
    )]
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.scalar(&Number(number as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers are doubles, as in JavaScript"
    )]
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.scalar(&Number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.scalar(&Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.scalar(&text)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.wire.push('[');
        let start = self.wire.len();
        while list.next_element_seed(self.inner())?.is_some() {
            self.wire.push(',');
        }
        if self.wire.len() > start {
            self.wire.pop();
        }
        self.wire.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut id = None;
        self.wire.push('{');
        let start = self.wire.len();
        while let Some(Name(name)) = map.next_key::<Name<'_>>()? {
            if self.is_item && name == "_id" {
                id = Some(map.next_value::<String>()?);
                continue;
            }
            if self.wire.len() > start {
                self.wire.push(',');
            }
            self.inner().scalar(&name)?;
            self.wire.push(':');
            if name == DATE {
                let date = Date::from_milliseconds(map.next_value()?)
                    .ok_or_else(|| A::Error::custom("a date is out of range"))?;
                self.inner().scalar(&date.to_string())?;
            } else {
                map.next_value_seed(self.inner())?;
            }
        }
        if let Some(id) = id {
            let comma = if self.wire.len() > start { "," } else { "" };
            let id = serde_json::to_string(&id).map_err(A::Error::custom)?;
            self.wire.insert_str(start, &format!("\"_id\":{id}{comma}"));
        }
        self.wire.push('}');
        Ok(())
    }
}

/// A field's name, borrowed where it holds no escapes.
#[derive(serde::Deserialize)]
struct Name<'json>(#[serde(borrow)] Cow<'json, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        for (wire, kept) in [
            (r#"{"_id":"a"}"#, r#"{"_id":"a"}"#),
            ("{}", "{}"),
            (
                r#"{"_id":"a\"b","a":[],"b":[1,[2.5],{"x":null}],"é":"\u0001"}"#,
                r#"{"_id":"a\"b","a":[],"b":[1,[2.5],{"x":null}],"é":"\u0001"}"#,
            ),
            (
                r#"{"d":[{"$date":"1969-12-31T23:59:59.999Z"},{"x":{"$date":"2024-01-02T03:04:05.678Z"}}]}"#,
                r#"{"d":[{"$date":-1},{"x":{"$date":1704164645678}}]}"#,
            ),
            (
                r#"{"n":[1e308,5e-324,9007199254740993,true,false]}"#,
                r#"{"n":[1e+308,5e-324,9007199254740992,true,false]}"#,
            ),
        ] {
            let object: Object = serde_json::from_str(wire).unwrap();
            let written = serde_json::to_string(&Stored(&object)).unwrap();
            assert_eq!(written, kept);
            let again: Object =
                serde_json::from_str(&JsonText(&written).to_wire().unwrap()).unwrap();
            assert_eq!(again, object);
        }
    }

    #[test]
    fn the_id_comes_first_and_inner_ones_stay() {
        let kept = JsonText(r#"{"a":{"b":1,"_id":"x"},"_id":"y"}"#);
        let wire = kept.to_wire().unwrap();
        assert_eq!(wire, r#"{"_id":"y","a":{"b":1,"_id":"x"}}"#);
        assert!(JsonText(r#"{"a":{"$date":1e300}}"#).to_wire().is_err());
    }
}
