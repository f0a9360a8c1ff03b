//! Whether an item keeps to what its collection declares.

use serde::Serialize;

use super::super::order::equal;
use super::super::{Fault, Object, Value};
use super::{Definition, Field, FieldType};

/// One field that holds what it may not: Wix's `fieldViolation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// Which field.
    pub field: String,
    /// What is wrong, for people.
    pub description: String,
    /// Which kind of rule: `REQUIRED_FIELD`, `TYPE`, `MIN`, `MAX`, `ENUM`, `PATTERN`.
    pub violated_rule: &'static str,
}

impl Definition {
    /// Everything in the item that is not as declared.
    pub fn check(&self, item: &Object) -> Vec<Violation> {
        let mut violations = Vec::new();
        for field in &self.fields {
            if let Err((rule, description)) = field.check(item.get(&field.key)) {
                violations.push(Violation {
                    field: field.key.clone(),
                    description,
                    violated_rule: rule,
                });
            }
        }
        violations
    }
}

/// `WDE0080` with every violation.
pub fn violations_fault(violations: &[Violation]) -> Fault {
    let sentences: Vec<String> = violations
        .iter()
        .map(|it| format!("{} {}", it.field, it.description))
        .collect();
    let list = serde_json::to_value(violations).unwrap_or_default();
    Fault::invalid(format!("{}.", sentences.join("; "))).with("fieldViolations", list)
}

type Verdict = Result<(), (&'static str, String)>;

impl Field {
    fn check(&self, value: Option<&Value>) -> Verdict {
        let value = value.filter(|value| **value != Value::Null);
        let Some(value) = value else {
            // References to several items lie beside the item, and may come later.
            if self.required && self.field_type != FieldType::MultiReference {
                return Err(("REQUIRED_FIELD", "must have a value".to_owned()));
            }
            return Ok(());
        };
        if !self.field_type.admits(value) {
            let expected = self.field_type.expectation();
            return Err(("TYPE", format!("must be {expected}")));
        }
        self.check_ranges(value)?;
        if let Some(choices) = &self.choices {
            let one = |value: &Value| choices.iter().any(|choice| equal(choice, value));
            if !value.elements().iter().all(one) && !one(value) {
                return Err((
                    "ENUM",
                    "must be one of the values to choose from".to_owned(),
                ));
            }
        }
        if let Some(pattern) = &self.pattern {
            let fits = |text: &str| compile(pattern).is_ok_and(|it| it.is_match(text));
            if !value.elements().iter().filter_map(Value::as_str).all(fits) {
                return Err(("PATTERN", format!("must match {pattern}")));
            }
        }
        Ok(())
    }

    fn check_ranges(&self, value: &Value) -> Verdict {
        match value {
            Value::Number(number) => {
                let range = self.number_range.unwrap_or_default();
                within(*number, range.min, range.max, "")
            }
            Value::String(text) => {
                let range = self.string_length_range.unwrap_or_default();
                // As JavaScript counts: UTF-16 units.
                let length = text.encode_utf16().count();
                within(
                    count(length),
                    range.min_length,
                    range.max_length,
                    " characters long",
                )
            }
            Value::Array(elements) => {
                let range = self.array_size_range.unwrap_or_default();
                within(
                    count(elements.len()),
                    range.min_size,
                    range.max_size,
                    " elements long",
                )
            }
            _ => Ok(()),
        }
    }
}

fn within(number: f64, min: Option<f64>, max: Option<f64>, unit: &str) -> Verdict {
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(("MIN", format!("must be at least {min}{unit}")));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(("MAX", format!("must be at most {max}{unit}")));
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an item has far less than 2^53 of anything"
)]
const fn count(length: usize) -> f64 {
    length as f64
}

/// A pattern, anchored at both ends. The engine runs in linear time, whatever the pattern.
pub(super) fn compile(pattern: &str) -> Result<regex_lite::Regex, String> {
    regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())
}
