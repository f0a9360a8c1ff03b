//! Whether an item keeps to what its collection declares.

use std::sync::{Arc, OnceLock};

use regex_lite::Regex;
use serde::Serialize;

use super::super::order::equal;
use super::super::{Budget, DataError, Object, Value};
use super::{Definition, Field, FieldType};

/// Units of work for a byte of text that a pattern is held against, and for each byte of the pattern.
const PATTERN_BYTE: u64 = 20;
/// Units for a pattern that is compiled.
const COMPILED_PATTERN: u64 = 300_000;
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

/// The rules of a collection's fields, each of its patterns compiled once, when it is needed first.
#[derive(Debug, Clone)]
pub struct FieldRules {
    /// By the place of the field.
    patterns: Arc<[Pattern]>,
}

/// A pattern, once it is compiled. One that cannot be compiled fits no text.
type Pattern = OnceLock<Option<Regex>>;

impl FieldRules {
    /// Prepares the rules of a definition.
    pub fn new(definition: &Definition) -> Self {
        let patterns = definition.fields.iter().map(|_| Pattern::new());
        Self {
            patterns: patterns.collect(),
        }
    }

    /// Everything in the item that is not as this definition, whose rules they are, declares.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if a value violates the definition, and with `QUERY_TOO_COSTLY` if the budget is exhausted.
    pub fn check(
        &self,
        definition: &Definition,
        item: &Object,
        budget: &Budget,
    ) -> Result<Vec<Violation>, DataError> {
        let mut violations = Vec::new();
        for (field, pattern) in definition.fields.iter().zip(&*self.patterns) {
            let value = item.get(&field.key);
            budget.work(field.work_of_check(value))?;
            let compiled = match (value, &field.pattern) {
                (Some(_), Some(text)) => compiled(pattern, text, budget)?,
                _ => None,
            };
            if let Err((rule, description)) = field.check(value, compiled) {
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

/// The pattern, compiled if it is not yet: that is more than a thread that serves connections has time for.
fn compiled<'pattern>(
    pattern: &'pattern Pattern,
    text: &str,
    budget: &Budget,
) -> Result<Option<&'pattern Regex>, DataError> {
    if pattern.get().is_none() {
        budget.work(COMPILED_PATTERN)?;
    }
    Ok(pattern.get_or_init(|| compile(text).ok()).as_ref())
}

/// `WDE0080` with every violation.
pub fn violations_fault(violations: &[Violation]) -> DataError {
    let sentences: Vec<String> = violations
        .iter()
        .map(|it| format!("{} {}", it.field, it.description))
        .collect();
    let list = serde_json::to_value(violations).unwrap_or_default();
    DataError::invalid(format!("{}.", sentences.join("; "))).with("fieldViolations", list)
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
fn compile(pattern: &str) -> Result<Regex, String> {
    compile_within(pattern, LARGEST)
}

fn compile_within(pattern: &str, bytes: usize) -> Result<Regex, String> {
    regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(bytes)
        .build()
        .map_err(|error| error.to_string())
}

/// The size classes of compiled patterns, in bytes. No pattern may be larger than the last one.
const SIZES: [usize; 4] = [8 << 10, 64 << 10, 256 << 10, LARGEST];
const LARGEST: usize = 1 << 20;

/// The most bytes that a pattern takes up when it is compiled, or why it cannot be.
pub(super) fn compiled_size(pattern: &str) -> Result<usize, String> {
    let mut outcome = Err(String::new());
    for bytes in SIZES {
        outcome = compile_within(pattern, bytes).map(|_| bytes);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::super::super::DataCode;
    use super::super::super::budget::Limits;
    use super::*;

    const DEFINITION: &str = r#"{"id":"c","permissions":
        {"insert":"ADMIN","update":"ADMIN","remove":"ADMIN","read":"ADMIN"}}"#;

    /// A definition is read anew from time to time, on a thread that serves connections.
    #[test]
    fn patterns_are_compiled_when_they_are_needed_and_that_is_counted() {
        let field = |key: &str| {
            let mut field = Field::new(key, FieldType::Text);
            field.pattern = Some("(a{1,200}b?){1,20}".to_owned());
            field
        };
        let definition = Definition {
            fields: vec![field("one"), field("two")],
            ..serde_json::from_str(DEFINITION).unwrap()
        };
        let rules = FieldRules::new(&definition);
        let limits = Limits {
            work: COMPILED_PATTERN,
            memory: 0,
        };
        let item = Object::from_iter([("one".to_owned(), Value::from("aab"))]);
        let fault = rules
            .clone()
            .check(&definition, &item, &Budget::new(limits))
            .unwrap_err();
        assert_eq!(fault.code(), DataCode::TooCostly);
        assert!(rules.patterns.iter().all(|it| it.get().is_none()));
        let violations = rules.check(&definition, &item, &Budget::unlimited());
        assert!(violations.unwrap().is_empty());
        let compiled: Vec<bool> = rules.patterns.iter().map(|it| it.get().is_some()).collect();
        assert_eq!(compiled, [true, false]);
        // Once is enough.
        let again = rules.check(&definition, &item, &Budget::new(limits));
        assert!(again.unwrap().is_empty());
    }

    #[test]
    fn the_patterns_of_a_collection_are_no_larger_than_they_may_be() {
        assert_eq!(compiled_size("[0-9]+").unwrap(), SIZES[0]);
        assert!(compiled_size("(a{1,1000}){1,1000}").is_err());
        let of = |count: usize| {
            let fields = (0..count).map(|number| {
                let mut field = Field::new(&format!("f{number}"), FieldType::Text);
                field.pattern = Some("(a{1,200}b?){1,20}".to_owned());
                field
            });
            Definition {
                fields: fields.collect(),
                ..serde_json::from_str(DEFINITION).unwrap()
            }
        };
        of(4).validate().unwrap();
        let fault = of(1_000).validate().unwrap_err();
        assert!(fault.to_string().contains("patterns"), "{fault}");
    }
}
