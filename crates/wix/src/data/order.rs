//! How values sort, and when they are equal.
//!
//! Empty (missing or `null`), numbers, texts, objects, lists, booleans, dates. Texts go by code
//! point. Objects do not sort among themselves, nor do lists inside of lists.
//!
//! Source: Wix Data, "Sort" for empty values, numbers and texts; for values of several kinds the order
//! of `MongoDB`, which Wix Data is built on, is assumed.

use std::cmp::Ordering;

use super::{FieldPath, Object, Value};

/// Which way a field is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// `ASC`
    #[default]
    Ascending,
    /// `DESC`
    Descending,
}

/// A field to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Where the value is.
    pub path: FieldPath,
    /// Which way.
    pub direction: Direction,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// An order in this direction.
    #[must_use]
    pub const fn apply(self, order: Ordering) -> Ordering {
        match self {
            Self::Ascending => order,
            Self::Descending => order.reverse(),
        }
    }
}

impl Sort {
    /// The value that an item is sorted by: of several, the lowest when ascending and the highest when
    /// descending. `Null` when there is none.
    pub fn value<'item>(&self, item: &'item Object) -> &'item Value {
        self.value_counted(item, &mut |_| {})
    }

    /// The same, and tells `visits` how many elements of lists are looked at.
    pub(super) fn value_counted<'item>(
        &self,
        item: &'item Object,
        visits: &mut dyn FnMut(u64),
    ) -> &'item Value {
        let mut best: Option<&Value> = None;
        let mut compared = 0;
        self.path.any_counted(item, visits, &mut |found| {
            compared += found.elements().len() as u64;
            for element in found.elements() {
                let better =
                    best.is_none_or(|best| self.direction.apply(compare(element, best)).is_lt());
                if better {
                    best = Some(element);
                }
            }
            false
        });
        visits(compared);
        best.unwrap_or(&Value::Null)
    }
}

/// Compares two items by several fields.
pub fn compare_items(sorts: &[Sort], left: &Object, right: &Object) -> Ordering {
    sorts.iter().fold(Ordering::Equal, |order, sort| {
        order.then_with(|| {
            let (left, right) = (sort.value(left), sort.value(right));
            sort.direction.apply(compare(left, right))
        })
    })
}

/// Compares two values.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    left.kind()
        .cmp(&right.kind())
        .then_with(|| match (left, right) {
            (Value::Number(left), Value::Number(right)) => left.total_cmp(right),
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Value::Date(left), Value::Date(right)) => left.cmp(right),
            _ => Ordering::Equal,
        })
}

/// Whether two values are the same. The order of an object's fields does not matter.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| equal(value, other)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        _ => left == right,
    }
}

/// Bytes that are the same for equal values, and only for those.
pub fn equality_key(value: &Value) -> Vec<u8> {
    let mut key = Vec::new();
    write_equality_key(value, &mut key);
    key
}

fn write_equality_key(value: &Value, key: &mut Vec<u8>) {
    let length = |key: &mut Vec<u8>, length: usize| key.extend((length as u64).to_be_bytes());
    key.push(value.kind() as u8);
    match value {
        Value::Null => {}
        Value::Bool(it) => key.push(u8::from(*it)),
        Value::Number(number) => key.extend(number.to_bits().to_be_bytes()),
        Value::Date(date) => key.extend(date.milliseconds().to_be_bytes()),
        Value::String(text) => {
            length(key, text.len());
            key.extend(text.as_bytes());
        }
        Value::Array(elements) => {
            length(key, elements.len());
            for element in elements {
                write_equality_key(element, key);
            }
        }
        Value::Object(object) => {
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            length(key, fields.len());
            for (name, value) in fields {
                length(key, name.len());
                key.extend(name.as_bytes());
                write_equality_key(value, key);
            }
        }
    }
}
