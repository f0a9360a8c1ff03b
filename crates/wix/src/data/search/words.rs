//! Words, and finding them in an item.
//!
//! A word is letters and digits without anything between them.

use super::super::{Object, Value};

/// Different words, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(expression: &str) -> Self {
        let lower = expression.to_lowercase();
        let mut words: Vec<_> = split(&lower).map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// How many of these words begin a word of the item. Its id and its owner are no text of it.
    pub(super) fn found_in(&self, item: &Object) -> usize {
        let mut left: Vec<_> = self.0.iter().map(String::as_str).collect();
        for (name, value) in item {
            if name != "_id" && name != "_owner" {
                strike(&mut left, value);
            }
        }
        self.0.len() - left.len()
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Strikes out the words that are in a value.
fn strike(left: &mut Vec<&str>, value: &Value) {
    if left.is_empty() {
        return;
    }
    match value {
        Value::String(text) => {
            let lower = text.to_lowercase();
            for word in split(&lower) {
                left.retain(|wanted| !word.starts_with(wanted));
            }
        }
        Value::Array(elements) => {
            for element in elements {
                strike(left, element);
            }
        }
        Value::Object(object) => {
            for value in object.values() {
                strike(left, value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Date(_) => {}
    }
}
