//! A JSON object whose values stay text, so that numbers and the order of fields remain as they were received.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;

/// The fields of an object, each with its value as JSON text.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonObject<'text>(IndexMap<String, Cow<'text, str>>);

impl<'text> JsonObject<'text> {
    /// Parses the text of an object. `None` if it is not one. Of two fields with one name, the last counts.
    pub(crate) fn parse(text: &'text str) -> Option<Self> {
        let fields: IndexMap<String, &'text RawValue> = serde_json::from_str(text).ok()?;
        let fields = fields.into_iter();
        Some(Self(
            fields
                .map(|(name, value)| (name, Cow::Borrowed(value.get())))
                .collect(),
        ))
    }

    /// Returns the JSON text of a field. `None` if it is absent or null.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let value: &str = self.0.get(name)?;
        (value != "null").then_some(value)
    }

    /// Returns the text of a field that is a JSON string.
    pub(crate) fn find_text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.find(name)?).ok()
    }

    /// Removes a field, and returns its JSON text. `None` if it is absent or null.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Cow<'text, str>> {
        let value = self.0.shift_remove(name)?;
        (value != "null").then_some(value)
    }

    /// Replaces a field by another at the same position. The name may be the same.
    pub(crate) fn replace(&mut self, name: &str, by: &str, value: String) {
        if let Some((index, _, _)) = self.0.shift_remove_full(name) {
            self.0.shift_insert(index, by.to_owned(), Cow::Owned(value));
        }
    }

    /// Returns whether it has this field.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the text of the object.
    pub(crate) fn to_json(&self) -> String {
        let values = self.0.iter();
        let bytes: usize = values
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut text = String::with_capacity(bytes + 2);
        text.push('{');
        for (name, value) in &self.0 {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&quote(name));
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        text
    }
}

/// Returns the text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Opens a JSON value that is an object, or a string with the text of an object. `None` for any other value.
pub(crate) fn open_object(json: &str) -> Option<Cow<'_, str>> {
    let is_object = |text: &str| text.trim_start().starts_with('{');
    if is_object(json) {
        return Some(Cow::Borrowed(json));
    }
    let text: String = serde_json::from_str(json).ok()?;
    let is_valid = is_object(&text) && serde_json::from_str::<&RawValue>(&text).is_ok();
    is_valid.then_some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_order_stay() {
        let text = r#"{"z":1e400,"a\n":[12345678901234567890123],"n":null}"#;
        let mut object = JsonObject::parse(text).unwrap();
        assert_eq!(object.to_json(), text);
        assert_eq!(object.find("n"), None);
        assert!(object.contains("n"));
        object.replace("z", "y", "2".to_owned());
        assert_eq!(object.to_json(), text.replace(r#""z":1e400"#, r#""y":2"#));
        assert!(JsonObject::parse("[]").is_none());
    }

    #[test]
    fn objects_are_opened_and_other_values_are_not() {
        assert_eq!(open_object(r#"{"a":1}"#).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(open_object(r#""{\"a\":1}""#).as_deref(), Some(r#"{"a":1}"#));
        for other in ["1", "null", "[]", r#""text""#, r#""{\"a\":""#, r#""[]""#] {
            assert_eq!(open_object(other), None, "{other}");
        }
    }
}
