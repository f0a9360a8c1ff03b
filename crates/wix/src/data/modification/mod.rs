//! What `patch` does to an item: a list of modifications, in their order, all of them or none.
//!
//! Source: Wix Data, "Patch Data Item". Where it is silent: parents of a nested field are made;
//! incrementing what is missing begins at 0, appending to what is missing begins a list; what is of
//! another kind is refused.

mod apply;

use serde::Deserialize;

use super::memory::Weigh as _;
use super::{DataCode, Fault, FieldPath, Object, Value, limits};

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

/// A modification as it is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireModification {
    field_path: String,
    action: String,
    #[serde(default)]
    set_field_options: Option<Options>,
    #[serde(default)]
    increment_field_options: Option<Options>,
    #[serde(default)]
    append_to_array_options: Option<Options>,
    #[serde(default)]
    remove_from_array_options: Option<Options>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Options {
    #[serde(default)]
    value: Option<Value>,
}

impl Modification {
    /// Reads a whole list, which may not be empty.
    pub fn parse_all(list: &[WireModification]) -> Result<Vec<Self>, Fault> {
        if list.is_empty() || list.len() > limits::MODIFICATIONS {
            let size = list.len();
            return Err(Fault::invalid(format!(
                "fieldModifications has size {size}, expected 1 or more, at most {}.",
                limits::MODIFICATIONS
            )));
        }
        list.iter().map(Self::parse).collect()
    }

    /// Units of work that it takes on an item.
    pub fn work_on(&self, item: &Object) -> u64 {
        let elements = |path: &FieldPath| {
            let values = path.find(item);
            values.iter().map(|it| it.elements().len()).sum::<usize>()
        };
        let work = match &self.action {
            Action::Set(value) | Action::Append(value) => value.weight(),
            Action::Remove => item.len(),
            Action::Increment(_) => 0,
            Action::RemoveFromArray(value) => elements(&self.path) * (20 + value.weight() / 8),
        };
        100 + work as u64
    }

    fn parse(wire: &WireModification) -> Result<Self, Fault> {
        let path = FieldPath::parse(&wire.field_path)?;
        if path.first() == "_id" {
            return Err(Fault::invalid("An item's _id cannot be changed."));
        }
        let value = |options: &Option<Options>| options.as_ref().and_then(|it| it.value.clone());
        let needed = |options: &Option<Options>| {
            value(options).ok_or_else(|| Fault::invalid(format!("{} needs a value.", wire.action)))
        };
        let action = match wire.action.as_str() {
            "SET_FIELD" => Action::Set(value(&wire.set_field_options).unwrap_or(Value::Null)),
            "REMOVE_FIELD" => Action::Remove,
            "INCREMENT_FIELD" => match needed(&wire.increment_field_options)? {
                Value::Number(by) => Action::Increment(by),
                _ => return Err(Fault::invalid("INCREMENT_FIELD takes a number.")),
            },
            "APPEND_TO_ARRAY" => Action::Append(needed(&wire.append_to_array_options)?),
            "REMOVE_FROM_ARRAY" => {
                Action::RemoveFromArray(needed(&wire.remove_from_array_options)?)
            }
            other => {
                let other = super::path::shown(other);
                return Err(Fault::invalid(format!("Unknown action {other}.")));
            }
        };
        Ok(Self { path, action })
    }

    /// `WDE0080`: the field holds something else than the action needs.
    fn misfit(&self, needs: &str) -> Fault {
        let text = format!("The field {} holds no {needs}.", self.path);
        Fault::new(DataCode::Invalid, text)
    }
}

#[cfg(test)]
mod tests;
