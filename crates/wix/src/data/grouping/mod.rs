//! Groups of items, and what is computed over each.
//!
//! Items come one at a time and are not stored; only one key and a few accumulators are stored for each group.
//! Groups come out in the order in which their first items came. A missing key is `null`.

mod accumulator;

use std::borrow::Cow;

use indexmap::IndexMap;

use super::memory::{Memory, Weigh, too_much};
use super::order::equality_key;
use super::{DataError, Value, limits, path::shown};

use accumulator::Accumulator;
pub use accumulator::Operation;

/// All the groups of a run.
#[derive(Debug)]
pub struct Groups {
    operations: Vec<Operation>,
    by_key: IndexMap<Vec<u8>, Group>,
}

/// One group: its key's parts, and a result for each operation.
#[derive(Debug)]
struct Group {
    key: Vec<Value>,
    accumulators: Vec<Accumulator>,
}

impl Groups {
    /// None yet. Each group will have these results.
    pub fn new(operations: Vec<Operation>) -> Self {
        Self {
            operations,
            by_key: IndexMap::new(),
        }
    }

    /// Adds an item, by the parts of its key and an operand for each operation.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn add<'item>(
        &mut self,
        memory: &mut Memory,
        key: Vec<Option<Cow<'item, Value>>>,
        operands: impl IntoIterator<Item = Option<Cow<'item, Value>>>,
    ) -> Result<(), DataError> {
        let mut bytes = Vec::new();
        for part in &key {
            bytes.extend(equality_key(part.as_deref().unwrap_or(&Value::Null)));
        }
        let group = if let Some(group) = self.by_key.get_mut(&bytes) {
            group
        } else {
            if self.by_key.len() >= limits::GROUPS {
                return Err(too_much());
            }
            let group = Group::new(key, &self.operations);
            memory.take(bytes.len() + group.weight())?;
            self.by_key.entry(bytes).or_insert(group)
        };
        let accumulators = self.operations.iter().zip(&mut group.accumulators);
        for ((operation, accumulator), operand) in accumulators.zip(operands) {
            let missing = || operation.sees_missing().then_some(Cow::Owned(Value::Null));
            if let Some(operand) = operand.or_else(missing) {
                accumulator.add(memory, operand)?;
            }
        }
        Ok(())
    }

    /// The parts of each group's key, and its results.
    pub fn finish(self) -> impl Iterator<Item = (Vec<Value>, impl Iterator<Item = Value>)> {
        self.by_key.into_values().map(|group| {
            let results = group.accumulators.into_iter().map(Accumulator::finish);
            (group.key, results)
        })
    }
}

impl Group {
    fn new(key: Vec<Option<Cow<'_, Value>>>, operations: &[Operation]) -> Self {
        Self {
            key: key
                .into_iter()
                .map(|part| part.map_or(Value::Null, Cow::into_owned))
                .collect(),
            accumulators: operations.iter().map(|it| it.start()).collect(),
        }
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
            + self.key.iter().map(Weigh::weight).sum::<usize>()
            + self.accumulators.len() * size_of::<Accumulator>()
    }
}

/// Reads the name of a result: it stands beside `_id`, and a dot is part of it.
pub(super) fn result_name(name: Option<&str>) -> Result<String, DataError> {
    let name = name.ok_or_else(|| DataError::invalid("A result needs a resultFieldName."))?;
    if name == "_id" {
        return Err(DataError::invalid(
            "_id is the group, and no name for a result.",
        ));
    }
    key_name(name)
}

/// Reads the name of a part of the key.
pub(super) fn key_name(name: &str) -> Result<String, DataError> {
    if name.is_empty()
        || name.starts_with('$')
        || name.contains('\0')
        || name.len() > limits::FIELD_NAME_BYTES
    {
        let name = shown(name);
        return Err(DataError::invalid(format!("{name} is no name of a field.")));
    }
    Ok(name.to_owned())
}

/// Refuses a name that was there before.
pub(super) fn distinct_names<'name>(
    names: impl IntoIterator<Item = &'name str>,
) -> Result<(), DataError> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let name = shown(name);
            return Err(DataError::invalid(format!(
                "Two results have the name {name}."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
