//! What a filter means, and how it is written for the wire.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::values::{at_path, elements, folded, kind, order, same};

/// A filter.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// `{"a":…,"b":…}`
    Fields(BTreeMap<String, Field>),
    And(Vec<Self>),
    Or(Vec<Self>),
    /// None of them.
    Not(Vec<Self>),
    NotOne(Box<Self>),
    Nor(Vec<Self>),
}

/// What is asked of one field.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    Equals(Json),
    /// Operators by name, each with its operand.
    Operators(BTreeMap<&'static str, Json>),
    Not(Box<Self>),
}

impl Condition {
    pub(crate) fn json(&self) -> Json {
        let all = |parts: &[Self]| Json::Array(parts.iter().map(Self::json).collect());
        match self {
            Self::Fields(fields) => {
                let one = |(path, field): (&String, &Field)| (path.clone(), field.json());
                Json::Object(fields.iter().map(one).collect())
            }
            Self::And(parts) => json!({ "$and": all(parts) }),
            Self::Or(parts) => json!({ "$or": all(parts) }),
            Self::Not(parts) => json!({ "$not": all(parts) }),
            Self::NotOne(part) => json!({ "$not": part.json() }),
            Self::Nor(parts) => json!({ "$nor": all(parts) }),
        }
    }

    pub(crate) fn holds(&self, item: &Json) -> bool {
        let holds = |part: &Self| part.holds(item);
        match self {
            Self::Fields(fields) => fields
                .iter()
                .all(|(path, field)| field.holds(&at_path(item, path))),
            Self::And(parts) => parts.iter().all(holds),
            Self::Or(parts) => parts.iter().any(holds),
            Self::Not(parts) | Self::Nor(parts) => !parts.iter().any(holds),
            Self::NotOne(part) => !part.holds(item),
        }
    }
}

impl Field {
    fn json(&self) -> Json {
        match self {
            Self::Equals(operand) => operand.clone(),
            Self::Operators(operators) => {
                let one = |(name, operand): (&&str, &Json)| ((*name).to_owned(), operand.clone());
                Json::Object(operators.iter().map(one).collect::<Map<_, _>>())
            }
            Self::Not(field) => json!({ "$not": field.json() }),
        }
    }

    fn holds(&self, found: &[&Json]) -> bool {
        match self {
            Self::Equals(operand) => equals(found, operand),
            Self::Operators(operators) => operators
                .iter()
                .all(|(name, operand)| operator(name, found, operand)),
            Self::Not(field) => !field.holds(found),
        }
    }
}

fn operator(name: &str, found: &[&Json], operand: &Json) -> bool {
    let listed = || operand.as_array().unwrap().iter();
    match name {
        "$eq" => equals(found, operand),
        "$ne" => !equals(found, operand),
        "$lt" => any_compares(found, operand, Ordering::is_lt),
        "$lte" | "$le" => any_compares(found, operand, Ordering::is_le),
        "$gt" => any_compares(found, operand, Ordering::is_gt),
        "$gte" | "$ge" => any_compares(found, operand, Ordering::is_ge),
        "$contains" => any_text(found, operand, |text, part| text.contains(part)),
        "$startsWith" => any_text(found, operand, |text, part| text.starts_with(part)),
        "$endsWith" => any_text(found, operand, |text, part| text.ends_with(part)),
        "$in" | "$hasSome" => listed().any(|one| equals(found, one)),
        "$nin" => !listed().any(|one| equals(found, one)),
        "$hasAll" | "$all" => listed().all(|one| equals(found, one)),
        "$exists" => *operand == json!(!found.is_empty()),
        "$isEmpty" => *operand == json!(equals(found, &Json::Null)),
        _ => unreachable!("no operator is called {name}"),
    }
}

/// A value, or an element of one, is the operand. `null` is also what is missing.
fn equals(found: &[&Json], operand: &Json) -> bool {
    let is = |value: &&Json| {
        same(value, operand)
            || value.is_array() && elements(value).iter().any(|it| same(it, operand))
    };
    found.iter().any(is) || (operand.is_null() && found.is_empty())
}

fn any_compares(found: &[&Json], operand: &Json, wanted: fn(Ordering) -> bool) -> bool {
    let mut all = found.iter().flat_map(|value| elements(value));
    all.any(|value| kind(value) == kind(operand) && wanted(order(value, operand)))
}

fn any_text(found: &[&Json], operand: &Json, fits: fn(&str, &str) -> bool) -> bool {
    let part = folded(operand.as_str().unwrap());
    let mut all = found.iter().flat_map(|value| elements(value));
    all.any(|value| value.as_str().is_some_and(|it| fits(&folded(it), &part)))
}
