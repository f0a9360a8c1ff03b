//! The form in which items are kept: as on the wire, but a date is `{"$date":milliseconds}`, so that dates
//! compare as the numbers that they are.
//!
//! No other object has a field `$date`: names that begin with `$` are refused before they get here.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use backlot_wix::data::codec::{DATE, serialize_number};
use backlot_wix::data::{Date, Object, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use tokio_postgres::types::{FromSql, Type};

use super::field_order::FieldOrder;

/// A value to store, or to compare with a stored one.
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
    /// The item as it goes over the wire, its fields in the order in which they were written. Without that order (an
    /// item of an earlier program), its `_id` comes first.
    pub(super) fn to_wire(&self, order: Option<&[u8]>) -> serde_json::Result<String> {
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        let mut wire = String::with_capacity(self.0.len() + 32);
        let mut order = order.map(FieldOrder::new);
        let printer = Printer {
            wire: &mut wire,
            order: &mut order,
            is_item: true,
        };
        printer.deserialize(&mut deserializer)?;
        Ok(wire)
    }
}

/// Prints what it reads, dates as on the wire.
struct Printer<'wire, 'row> {
    wire: &'wire mut String,
    order: &'wire mut Option<FieldOrder<'row>>,
    is_item: bool,
}

impl<'row> Printer<'_, 'row> {
    fn inner(&mut self) -> Printer<'_, 'row> {
        Printer {
            wire: self.wire,
            order: self.order,
            is_item: false,
        }
    }

    fn scalar<E: Error>(self, value: &impl Serialize) -> Result<(), E> {
        self.wire
            .push_str(&serde_json::to_string(value).map_err(E::custom)?);
        Ok(())
    }

    /// Puts the fields that were printed, each with its range of the text, into the order in which they were written.
    fn arrange(&mut self, fields: &[Range<usize>]) {
        let Some(order) = self.order.as_mut().and_then(|it| it.next(fields.len())) else {
            return;
        };
        let Some(start) = fields.first().map(|field| field.start) else {
            return;
        };
        let printed = self.wire.split_off(start);
        for (number, place) in order.into_iter().enumerate() {
            if number > 0 {
                self.wire.push(',');
            }
            let Range { start: from, end } = fields[place];
            self.wire.push_str(&printed[from - start..end - start]);
        }
    }
}

struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

impl<'de> DeserializeSeed<'de> for Printer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Printer<'_, '_> {
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
        let mut fields = Vec::new();
        let is_ordered = self.order.is_some();
        self.wire.push('{');
        let start = self.wire.len();
        while let Some(Name(name)) = map.next_key::<Name<'_>>()? {
            if self.is_item && !is_ordered && name == "_id" {
                id = Some(map.next_value::<String>()?);
                continue;
            }
            if self.wire.len() > start {
                self.wire.push(',');
            }
            let from = self.wire.len();
            self.inner().scalar(&name)?;
            self.wire.push(':');
            if name == DATE {
                let date = Date::from_milliseconds(map.next_value()?)
                    .ok_or_else(|| A::Error::custom("a date is out of range"))?;
                self.inner().scalar(&date.to_string())?;
            } else {
                map.next_value_seed(self.inner())?;
            }
            if is_ordered {
                fields.push(from..self.wire.len());
            }
        }
        self.arrange(&fields);
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
                serde_json::from_str(&JsonText(&written).to_wire(None).unwrap()).unwrap();
            assert_eq!(again, object);
        }
    }

    #[test]
    fn the_id_comes_first_and_inner_ones_stay() {
        let kept = JsonText(r#"{"a":{"b":1,"_id":"x"},"_id":"y"}"#);
        let wire = kept.to_wire(None).unwrap();
        assert_eq!(wire, r#"{"_id":"y","a":{"b":1,"_id":"x"}}"#);
        assert!(JsonText(r#"{"a":{"$date":1e300}}"#).to_wire(None).is_err());
    }

    /// As jsonb has it: by the length of the names, then by their bytes.
    fn as_jsonb_has_it(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut fields: Vec<_> = object.iter().collect();
                fields.sort_by_key(|(name, _)| (name.len(), *name));
                let sorted = fields.into_iter();
                Value::Object(
                    sorted
                        .map(|(name, it)| (name.clone(), as_jsonb_has_it(it)))
                        .collect(),
                )
            }
            Value::Array(elements) => Value::Array(elements.iter().map(as_jsonb_has_it).collect()),
            other => other.clone(),
        }
    }

    #[test]
    fn fields_keep_the_order_in_which_they_were_written() {
        let many: Vec<String> = (0..300)
            .rev()
            .map(|it| format!(r#""f{it}":{it}"#))
            .collect();
        let many = format!("{{{}}}", many.join(","));
        for wire in [
            r#"{"_id":"a","title":"x","b":1,"a":2}"#,
            r#"{"z":1,"_id":"a","y":{"b":1,"a":[{"d":1,"c":{"f":{"$date":"2024-01-02T03:04:05.678Z"},"e":[]}},{"c":1,"d":2}]}}"#,
            r#"{"bb":{"y":1,"x":2},"a":{"x":1,"y":2},"é":{},"zz":[]}"#,
            "{}",
            &many,
        ] {
            let object: Object = serde_json::from_str(wire).unwrap();
            let order = crate::postgres::field_order::encode(&object);
            let jsonb = as_jsonb_has_it(&Value::Object(object));
            let kept = serde_json::to_string(&Stored(jsonb)).unwrap();
            assert_eq!(JsonText(&kept).to_wire(Some(&order)).unwrap(), wire);
        }
    }
}
