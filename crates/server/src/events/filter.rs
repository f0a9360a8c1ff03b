//! Conditions on the fields of an event's body.

use serde_json::Value;

/// Conditions that all have to hold. Empty: every event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldFilter(Vec<FieldCondition>);

/// A field, and the values of which it has to have one.
#[derive(Debug, Clone, PartialEq)]
struct FieldCondition {
    /// A JSON pointer (RFC 6901).
    pointer: String,
    values: Vec<Value>,
}

/// The text does not name a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is neither a JSON pointer (`/data/slug`) nor a field (`data.slug`)")]
pub struct FieldFilterError;

impl FieldFilter {
    /// Adds a condition: the field, as a JSON pointer or with dots, has one of these values.
    ///
    /// # Errors
    ///
    /// Fails if the text does not name a field.
    pub fn with(mut self, field: &str, values: Vec<Value>) -> Result<Self, FieldFilterError> {
        let pointer = if field.starts_with('/') {
            field.to_owned()
        } else if field.is_empty() || field.split('.').any(str::is_empty) {
            return Err(FieldFilterError);
        } else {
            let escaped = field.replace('~', "~0").replace('/', "~1");
            format!("/{}", escaped.replace('.', "/"))
        };
        self.0.push(FieldCondition { pointer, values });
        Ok(self)
    }

    /// Returns whether there are no conditions.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a condition is about `echo`.
    pub(super) fn depends_on_echo(&self) -> bool {
        self.0.iter().any(|condition| condition.pointer == "/echo")
    }

    /// Returns whether the body meets all conditions. An absent field is null.
    pub(super) fn matches(&self, body: &Value) -> bool {
        self.0.iter().all(|condition| {
            let found = body.pointer(&condition.pointer).unwrap_or(&Value::Null);
            condition.values.iter().any(|value| is_equal(value, found))
        })
    }
}

/// Numbers are compared by their value: TOML and JSON write them in different ways.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one == other,
        _ => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
            _ => one == other,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_have_one_of_the_values() {
        let filter = |field: &str, values: Value| {
            let values = values.as_array().unwrap().clone();
            FieldFilter::default().with(field, values).unwrap()
        };
        let body = json!({ "data": { "slug": "created", "n": 1, "a/b": [true] } });
        assert!(FieldFilter::default().matches(&body));
        assert!(filter("data.slug", json!(["updated", "created"])).matches(&body));
        assert!(filter("/data/slug", json!(["created"])).matches(&body));
        assert!(filter("/data/a~1b/0", json!([true])).matches(&body));
        assert!(filter("data.n", json!([1.0])).matches(&body));
        assert!(!filter("data.n", json!(["1"])).matches(&body));
        assert!(!filter("data.other", json!(["created"])).matches(&body));
        assert!(filter("data.other", json!([null])).matches(&body));
        let both = filter("data.n", json!([1])).with("data.slug", vec![json!("x")]);
        assert!(!both.unwrap().matches(&body));
        for wrong in ["", ".", "a..b", "a."] {
            assert!(
                FieldFilter::default().with(wrong, Vec::new()).is_err(),
                "{wrong}"
            );
        }
    }
}
