//! Whether an item can be kept at all, and what of it cannot.

use std::fmt;

use backlot_wix::data::codec::DATE;
use backlot_wix::data::{DataCode, DataError, Object, Value, limits};

/// Where in an item something stands.
#[derive(Clone, Copy)]
struct ValuePath<'item> {
    inside: Option<&'item ValuePath<'item>>,
    part: Part<'item>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Part<'item> {
    Item,
    Field(&'item str),
    Element(usize),
}

/// No name begins with `$`, nothing holds a NUL, which no database could keep, and nothing stands so deep
/// that it could not be read again.
pub(super) fn check_storable(item: &Object) -> Result<(), DataError> {
    let top = ValuePath {
        inside: None,
        part: Part::Item,
        depth: 0,
    };
    check_object(item, &top)
}

fn check_object(object: &Object, place: &ValuePath<'_>) -> Result<(), DataError> {
    place.check_depth()?;
    if let Some(date) = object.get(DATE) {
        return Err(no_date(place, object, date));
    }
    for (name, value) in object {
        let place = place.with(Part::Field(name));
        if name.starts_with('$') {
            let text = format!("The name of the field {place} begins with $.");
            return Err(DataError::new(DataCode::DollarField, text).with("field", place.path()));
        }
        if name.contains('\0') {
            return Err(place.fault("has a NUL character in its name"));
        }
        check_value(value, &place)?;
    }
    Ok(())
}

fn check_value(value: &Value, place: &ValuePath<'_>) -> Result<(), DataError> {
    match value {
        Value::String(text) if text.contains('\0') => {
            Err(place.fault("holds a text with a NUL character, which cannot be kept"))
        }
        Value::Array(elements) => {
            place.check_depth()?;
            for (number, element) in elements.iter().enumerate() {
                check_value(element, &place.with(Part::Element(number)))?;
            }
            Ok(())
        }
        Value::Object(object) => check_object(object, place),
        _ => Ok(()),
    }
}

fn no_date(place: &ValuePath<'_>, object: &Object, date: &Value) -> DataError {
    let why = match date {
        _ if object.len() > 1 => "there are other fields beside it",
        Value::String(_) => "there is no such point in time",
        _ => "it is no text",
    };
    place.fault(&format!(
        "holds a $date that is not valid: {why}. A date is {{\"$date\":\"2024-02-29T12:00:00.000Z\"}}"
    ))
}

impl<'item> ValuePath<'item> {
    const fn with(&'item self, part: Part<'item>) -> Self {
        Self {
            inside: Some(self),
            part,
            depth: self.depth + 1,
        }
    }

    fn check_depth(&self) -> Result<(), DataError> {
        if self.depth < limits::ITEM_DEPTH {
            return Ok(());
        }
        let most = limits::ITEM_DEPTH;
        Err(DataError::invalid(format!(
            "The item is nested more than {most} deep."
        )))
    }

    fn fault(&self, what: &str) -> DataError {
        let text = match self.part {
            Part::Item => format!("The item {what}."),
            Part::Field(_) | Part::Element(_) => format!("The field {self} {what}."),
        };
        DataError::invalid(text).with("field", self.path())
    }
}

/// `"lines.2.price"`
impl fmt::Display for ValuePath<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.path())
    }
}

impl ValuePath<'_> {
    /// `lines.2.price`, short enough to be repeated.
    fn path(&self) -> String {
        let mut parts = Vec::new();
        let mut place = Some(self);
        while let Some(it) = place {
            match it.part {
                Part::Item => {}
                Part::Field(name) => parts.push(name.to_owned()),
                Part::Element(number) => parts.push(number.to_string()),
            }
            place = it.inside;
        }
        parts.reverse();
        let all = parts.join(".");
        let mut short: String = all.chars().take(60).collect();
        if short.len() < all.len() {
            short.push('…');
        }
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_wrong_with_which_field() {
        for (item, code, says) in [
            (
                r#"{"a":{"$date":5}}"#,
                "WDE0080",
                r#"The field "a" holds a $date that is not valid: it is no text"#,
            ),
            (
                r#"{"a":[1,{"b":{"$date":"2024-02-30T00:00:00.000Z"}}]}"#,
                "WDE0080",
                r#"The field "a.1.b" holds a $date that is not valid: there is no such point in time"#,
            ),
            (
                r#"{"a":{"$date":"2024-02-29T00:00:00.000Z","b":1}}"#,
                "WDE0080",
                r#"The field "a" holds a $date that is not valid: there are other fields beside it"#,
            ),
            (
                r#"{"$date":null,"_id":"x"}"#,
                "WDE0080",
                "The item holds a $date",
            ),
            (
                r#"{"a":{"$b":1}}"#,
                "WDE0134",
                r#"The name of the field "a.$b" begins with $"#,
            ),
            (
                "{\"a\":[\"x\\u0000\"]}",
                "WDE0080",
                r#"The field "a.0" holds a text with a NUL"#,
            ),
            (
                "{\"a\\u0000\":1}",
                "WDE0080",
                r#"The field "a\0" has a NUL"#,
            ),
        ] {
            let item: Object = serde_json::from_str(item).unwrap();
            let fault = check_storable(&item).unwrap_err();
            assert_eq!(fault.code().name(), code, "{fault}");
            assert!(fault.to_string().contains(says), "{fault}");
        }
    }
}
