//! What `patch` does to an item: a list of modifications, in their order, all of them or none.
//!
//! Source: Wix Data, "Patch Data Item". Where it is silent: parents of a nested field are made;
//! incrementing what is missing begins at 0, appending to what is missing begins a list; what is of
//! another kind is refused.

mod apply;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::memory::Weigh as _;
use super::value::get;
use super::{DataCode, DataError, FieldPath, Object, Value, limits};

/// One change of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Modification {
    /// Which field.
    pub path: FieldPath,
    /// What happens to it.
    pub action: Action,
}

/// What happens to a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// `SET_FIELD`; without a value, `null`.
    Set(Value),
    /// `REMOVE_FIELD`
    Remove,
    /// `INCREMENT_FIELD`
    Increment(f64),
    /// `APPEND_TO_ARRAY`
    Append(Value),
    /// `REMOVE_FROM_ARRAY`: the first element that equals this.
    RemoveFromArray(Value),
}

/// Modifications of one patch, shared by all items that it is applied to.
pub type Modifications = Arc<[Modification]>;

/// A modification as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireModification {
    field_path: String,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_field_options: Option<Options>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    increment_field_options: Option<Options>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    append_to_array_options: Option<Options>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remove_from_array_options: Option<Options>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Options {
    /// `null` is a value; without one there is nothing here.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    value: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Modification {
    /// Reads a whole list, which may not be empty. Its values move into what is read.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if a modification is not valid.
    pub fn parse_all(list: Vec<WireModification>) -> Result<Modifications, DataError> {
        if list.is_empty() || list.len() > limits::MODIFICATIONS {
            let size = list.len();
            return Err(DataError::invalid(format!(
                "fieldModifications has size {size}, expected 1 or more, at most {}.",
                limits::MODIFICATIONS
            )));
        }
        list.into_iter().map(Self::parse).collect()
    }

    /// How many elements it gives to a list.
    pub fn new_elements(&self) -> usize {
        match &self.action {
            Action::Set(value) => value.as_array().map_or(0, <[Value]>::len),
            Action::Append(_) => 1,
            Action::Remove | Action::Increment(_) | Action::RemoveFromArray(_) => 0,
        }
    }

    /// Whether it succeeds or fails by what the item holds, and so tells of it.
    pub fn depends_on_the_item(&self) -> bool {
        let is_nested = self.path.single().is_none();
        is_nested || !matches!(self.action, Action::Set(_) | Action::Remove)
    }

    /// Units of work that it takes on an item.
    pub fn work_on(&self, item: &Object) -> u64 {
        // As `apply` does, this looks into no list on the way.
        let elements = |path| get(item, path).map_or(0, |value| value.elements().len());
        let work = match &self.action {
            Action::Set(value) | Action::Append(value) => value.weight(),
            Action::Remove => item.len(),
            Action::Increment(_) => 0,
            Action::RemoveFromArray(value) => elements(&self.path) * (20 + value.weight() / 8),
        };
        100 + work as u64
    }

    fn parse(wire: WireModification) -> Result<Self, DataError> {
        let path = FieldPath::parse(&wire.field_path)?;
        if path.first() == "_id" {
            return Err(DataError::invalid("An item's _id cannot be changed."));
        }
        let name = wire.action;
        let value = |options: Option<Options>| options.and_then(|it| it.value);
        let needed = |options: Option<Options>| {
            value(options).ok_or_else(|| DataError::invalid(format!("{name} needs a value.")))
        };
        let action = match name.as_str() {
            "SET_FIELD" => Action::Set(value(wire.set_field_options).unwrap_or(Value::Null)),
            "REMOVE_FIELD" => Action::Remove,
            "INCREMENT_FIELD" => match needed(wire.increment_field_options)? {
                Value::Number(by) => Action::Increment(by),
                _ => return Err(DataError::invalid("INCREMENT_FIELD takes a number.")),
            },
            "APPEND_TO_ARRAY" => Action::Append(needed(wire.append_to_array_options)?),
            "REMOVE_FROM_ARRAY" => Action::RemoveFromArray(needed(wire.remove_from_array_options)?),
            other => {
                let other = super::path::shown(other);
                return Err(DataError::invalid(format!("Unknown action {other}.")));
            }
        };
        Ok(Self { path, action })
    }

    /// `WDE0080`: the field holds something else than the action needs.
    fn misfit(&self, needs: &str) -> DataError {
        let text = format!("The field {} holds no {needs}.", self.path);
        DataError::new(DataCode::Invalid, text)
    }
}

#[cfg(test)]
mod tests;
