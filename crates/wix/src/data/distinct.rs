//! The values that a field has: each once, sorted.
//!
//! Of a list its elements are taken. What is missing or `null` is no value. Values are the same when they
//! are deeply equal; those that do not sort among themselves stay in the order in which they came.
//!
//! Source: Wix Data, "Query Distinct Values"; what it does with lists and empty values is assumed.

use indexmap::IndexMap;
use serde::Deserialize;

use super::memory::{Memory, Weigh as _};
use super::order::{compare, equality_key};
use super::page::{Collector, WireCursorPaging, WirePaging};
use super::path::VISIT;
use super::{Budget, DataError, Direction, FieldPath, Filter, Object, Page, Paging, Value};

/// The body of the request. What is not named here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireDistinct {
    #[serde(default)]
    field_name: Option<String>,
    #[serde(default)]
    filter: Option<Value>,
    #[serde(default)]
    order: Option<Value>,
    #[serde(default)]
    paging: Option<WirePaging>,
    #[serde(default)]
    cursor_paging: Option<WireCursorPaging>,
    #[serde(default)]
    return_total_count: Option<bool>,
}

/// A question for the values of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    field: FieldPath,
    filter: Filter,
    direction: Direction,
    paging: Paging,
    wants_total: bool,
}

impl Distinct {
    /// Reads and checks a request.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the request is not valid.
    pub fn read(wire: &WireDistinct) -> Result<Self, DataError> {
        let field = wire.field_name.as_deref();
        let field = field.ok_or_else(|| DataError::invalid("A fieldName is needed."))?;
        Ok(Self {
            field: FieldPath::parse(field)?,
            filter: Filter::parse_optional(wire.filter.as_ref())?,
            direction: Direction::parse(wire.order.as_ref())?,
            paging: Paging::read(wire.paging.as_ref(), wire.cursor_paging.as_ref())?,
            wants_total: wire.return_total_count == Some(true),
        })
    }

    /// Which items are asked. They are to be chosen before they are added to a run.
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Which field is asked for.
    pub const fn field(&self) -> &FieldPath {
        &self.field
    }

    /// Which page is asked for.
    pub const fn paging(&self) -> Paging {
        self.paging
    }

    /// The same, with another page asked for.
    #[must_use]
    pub const fn with_paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// A run without any items yet.
    pub fn start(&self) -> Run<'_> {
        self.start_within(Budget::unlimited())
    }

    /// The same, with its work counted against a budget.
    pub fn start_within(&self, budget: Budget) -> Run<'_> {
        Run {
            request: self,
            values: IndexMap::new(),
            memory: Memory::within(budget),
        }
    }
}

/// The values gathered so far.
#[derive(Debug)]
pub struct Run<'request> {
    request: &'request Distinct,
    values: IndexMap<Vec<u8>, Value>,
    memory: Memory,
}

impl Run<'_> {
    /// Adds an item that the filter matches.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn add(&mut self, item: &Object) -> Result<(), DataError> {
        let mut result = Ok(());
        let mut visited = 0;
        let mut visits = |elements: u64| visited += elements;
        self.request
            .field
            .any_counted(item, &mut visits, &mut |found| {
                for value in found.elements() {
                    result = keep(&mut self.values, &mut self.memory, value);
                    if result.is_err() {
                        return true;
                    }
                }
                false
            });
        self.memory.budget().work(visited * VISIT)?;
        result
    }

    /// The page asked for.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn finish(self) -> Result<Page<Value>, DataError> {
        let (request, mut memory) = (self.request, self.memory);
        let mut values: Vec<_> = self.values.into_iter().collect();
        values.sort_by(|(one, left), (other, right)| {
            let order = compare(left, right).then_with(|| one.cmp(other));
            request.direction.apply(order)
        });
        let mut page = Collector::new(request.paging, request.wants_total);
        for (_, value) in values {
            memory.release(value.weight());
            page.add(&mut memory, || value)?;
        }
        Ok(page.finish())
    }
}

fn keep(
    values: &mut IndexMap<Vec<u8>, Value>,
    memory: &mut Memory,
    value: &Value,
) -> Result<(), DataError> {
    if *value == Value::Null {
        return Ok(());
    }
    memory.work(value)?;
    let key = equality_key(value);
    if !values.contains_key(&key) {
        memory.take(key.len() + size_of::<Vec<u8>>() + value.weight())?;
        values.insert(key, value.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
