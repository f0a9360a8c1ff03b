//! Doing an aggregation, an item at a time.

use super::super::access::take;
use super::super::grouping::Groups;
use super::super::memory::Memory;
use super::super::order::compare_items;
use super::super::page::{Collector, Page};
use super::super::top::Top;
use super::super::{Budget, DataError, Object, Value};
use super::Aggregation;

/// Units of work for a field that is taken from an item and counted.
const FIELD: u64 = 100;

/// An aggregation on its way.
#[derive(Debug)]
pub struct Run<'request> {
    request: &'request Aggregation,
    groups: Groups,
    memory: Memory,
}

impl<'request> Run<'request> {
    pub(super) fn new(request: &'request Aggregation, budget: Budget) -> Self {
        let operations = request.results.iter().map(|result| result.operation);
        Self {
            request,
            groups: Groups::new(operations.collect()),
            memory: Memory::within(budget),
        }
    }

    /// Adds an item that the initial filter matches.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn add(&mut self, item: &Object) -> Result<(), DataError> {
        let request = self.request;
        let fields = (request.grouping.len() + request.results.len()) as u64;
        let budget = self.memory.budget();
        budget.work(FIELD * (1 + fields))?;
        let key = request.grouping.iter();
        let key = key.map(|(_, path)| take(item, path, budget));
        let key = key.collect::<Result<_, _>>()?;
        let mut operands = Vec::with_capacity(request.results.len());
        for result in &request.results {
            operands.push(match &result.of {
                Some(path) => take(item, path, budget)?,
                None => None,
            });
        }
        self.groups.add(&mut self.memory, key, operands)
    }

    /// The page asked for.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn finish(self) -> Result<Page<Object>, DataError> {
        let (request, mut memory) = (self.request, self.memory);
        let mut page = Collector::new(request.paging, request.wants_total);
        let mut top = Top::new(
            request.paging.decisive(),
            |left: &Object, right: &Object| compare_items(&request.sorts, left, right),
        );
        let groups = self.groups.finish();
        for row in groups.map(|(key, results)| request.row(key, results)) {
            if request.last.matches_within(&row, memory.budget())? {
                top.add(&mut memory, row)?;
            }
        }
        let came = top.came();
        for row in top.finish(&mut memory) {
            page.add(&mut memory, || row)?;
        }
        let mut page = page.finish();
        page.total = request.wants_total.then_some(came);
        Ok(page)
    }
}

impl Aggregation {
    fn row(&self, key: Vec<Value>, results: impl Iterator<Item = Value>) -> Object {
        let names = self.grouping.iter().map(|(name, _)| name.clone());
        let key: Object = names.zip(key).collect();
        let mut row = Object::with_capacity(1 + key.len() + self.results.len());
        row.insert("_id".to_owned(), Value::Null);
        // A field that is itself named `_id` stands in the key only.
        for (name, value) in key.iter().filter(|(name, _)| *name != "_id") {
            row.insert(name.clone(), value.clone());
        }
        row.insert("_id".to_owned(), Value::Object(key));
        let names = self.results.iter().map(|result| result.name.clone());
        row.extend(names.zip(results));
        row
    }
}
