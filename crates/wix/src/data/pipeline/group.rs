//! `group`: items with the same key become one row.

use super::super::grouping::{Groups, Operation, distinct_names, key_name, result_name};
use super::super::memory::Memory;
use super::super::{DataError, Object, Value, limits};
use super::expression::Expression;
use super::reader::{Reader, list, object, only, text, unknown};

/// How items are grouped, and what is computed over each group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    keys: Vec<(String, Expression)>,
    results: Vec<Computed>,
}

#[derive(Debug, Clone, PartialEq)]
struct Computed {
    name: String,
    operation: Operation,
    of: Expression,
}

impl Reader {
    pub(super) fn group(&mut self, value: &Value) -> Result<Group, DataError> {
        let group = object("A group", value)?;
        // `_id` and what is in it; a list that is pushed to, and what is in it.
        self.deepen(2)?;
        let mut keys = Vec::new();
        for key in list(group, "groupIds")? {
            let key = object("A key of a group", key)?;
            let name = text(key, "key").unwrap_or_default();
            keys.push((key_name(name)?, self.operand(key, "expression", 0)?));
        }
        let most = limits::GROUPING_FIELDS;
        if keys.len() > most {
            return Err(DataError::invalid(format!(
                "Items can be grouped by no more than {most} keys."
            )));
        }
        let accumulators = list(group, "accumulators")?;
        let results = accumulators
            .iter()
            .map(|accumulator| self.accumulator(accumulator))
            .collect::<Result<Vec<_>, _>>()?;
        distinct_names(keys.iter().map(|(name, _)| name.as_str()))?;
        distinct_names(results.iter().map(|result| result.name.as_str()))?;
        Ok(Group { keys, results })
    }

    fn accumulator(&mut self, value: &Value) -> Result<Computed, DataError> {
        let accumulator = object("An accumulator", value)?;
        let (kind, operand) = only("An accumulator", accumulator, &["resultFieldName"])?;
        let operation = match kind {
            "sum" => Operation::Sum,
            "avg" => Operation::Average,
            "min" => Operation::Least,
            "max" => Operation::Greatest,
            "first" => Operation::First,
            "last" => Operation::Last,
            "push" => Operation::Push,
            other => return Err(unknown("accumulator", other)),
        };
        Ok(Computed {
            name: result_name(text(accumulator, "resultFieldName"))?,
            operation,
            of: self.operand(object(kind, operand)?, "expression", 0)?,
        })
    }
}

impl Group {
    pub(super) fn start(&self) -> Groups {
        Groups::new(self.results.iter().map(|result| result.operation).collect())
    }

    pub(super) fn add(
        &self,
        groups: &mut Groups,
        memory: &mut Memory,
        item: &Object,
    ) -> Result<(), DataError> {
        let budget = memory.budget().clone();
        let key = self.keys.iter().map(|(_, key)| key.evaluate(item, &budget));
        let key = key.collect::<Result<_, _>>()?;
        let mut operands = Vec::with_capacity(self.results.len());
        for result in &self.results {
            operands.push(result.of.evaluate(item, &budget)?);
        }
        groups.add(memory, key, operands)
    }

    pub(super) fn row(&self, key: Vec<Value>, results: impl Iterator<Item = Value>) -> Object {
        let mut row = Object::with_capacity(1 + self.results.len());
        let names = self.keys.iter().map(|(name, _)| name.clone());
        row.insert("_id".to_owned(), Value::Object(names.zip(key).collect()));
        let names = self.results.iter().map(|result| result.name.clone());
        row.extend(names.zip(results));
        row
    }
}
