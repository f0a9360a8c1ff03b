//! Whether an item keeps to what its collection declares.

use serde::Serialize;

use regex_lite::Regex;

use super::super::order::equal;
use super::super::{Budget, Fault, Object, Value};
use super::{Definition, Field, FieldType};

/// Units of work for a byte of text that a pattern is held against, and for each byte of the pattern.
const PATTERN_BYTE: u64 = 20;
/// Units for a byte of what is checked without a pattern.
const CHECKED_BYTE: u64 = 1;

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

/// The rules of a collection's fields, its patterns compiled once.
#[derive(Debug, Clone)]
pub struct FieldRules {
    /// By the place of the field.
    patterns: Vec<Option<Regex>>,
}

impl FieldRules {
    /// Prepares the rules of a definition. A pattern that cannot be compiled fits no text.
    pub fn new(definition: &Definition) -> Self {
        let compiled = |field: &Field| compile(field.pattern.as_ref()?).ok();
        Self {
            patterns: definition.fields.iter().map(compiled).collect(),
        }
    }

    /// Everything in the item that is not as this definition, whose rules they are, declares.
    pub fn check(
        &self,
        definition: &Definition,
        item: &Object,
        budget: &Budget,
    ) -> Result<Vec<Violation>, Fault> {
        let mut violations = Vec::new();
        for (field, pattern) in definition.fields.iter().zip(&self.patterns) {
            let value = item.get(&field.key);
            budget.work(field.work_of_check(value))?;
            if let Err((rule, description)) = field.check(value, pattern.as_ref()) {
                violations.push(Violation {
                    field: field.key.clone(),
                    description,
                    violated_rule: rule,
                });
            }
        }
        Ok(violations)
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
    fn work_of_check(&self, value: Option<&Value>) -> u64 {
        let Some(value) = value else { return 1 };
        let bytes = |value: &Value| value.as_str().map_or(8, str::len) as u64;
        let bytes: u64 = value.elements().iter().map(bytes).sum();
        let choices = self.choices.as_ref().map_or(0, Vec::len) as u64;
        let pattern = self
            .pattern
            .as_ref()
            .map_or(0, |it| PATTERN_BYTE + it.len() as u64);
        bytes * (CHECKED_BYTE + pattern) + value.elements().len() as u64 * choices
    }

    fn check(&self, value: Option<&Value>, compiled: Option<&Regex>) -> Verdict {
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
            let fits = |text: &str| compiled.is_some_and(|it| it.is_match(text));
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
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())
}
