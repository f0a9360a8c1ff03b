//! The aggregate builder: filter, group, compute, filter again, sort, one page.
//!
//! A row is `{"_id":{"city":"Oslo"},"city":"Oslo","total":3}`: the grouping fields stand in `_id` and
//! once more beside it, unless a result has the name. Names are those that were sent, even with dots in
//! them: `"address.city"` is one name. The final filter and the sort mean such a name where there is one,
//! and else a path into the row.
//!
//! Without grouping fields there is one group; without items there is none, as in `MongoDB`.
//! Without a sort, groups come in the order of their first items.
//!
//! Source: Wix Data, "Aggregate Data Items"; what is missing from it is as in `MongoDB`.

mod names;
mod run;
mod wire;

use super::grouping::Operation;
use super::{Budget, FieldPath, Filter, Paging, Sort};

pub use run::Run;
pub use wire::WireAggregation;

/// An aggregation that can be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    initial: Filter,
    grouping: Vec<(String, FieldPath)>,
    results: Vec<Computed>,
    last: Filter,
    sorts: Vec<Sort>,
    paging: Paging,
    wants_total: bool,
}

/// A result of each group.
#[derive(Debug, Clone, PartialEq)]
struct Computed {
    name: String,
    operation: Operation,
    /// The operand's path; a count has none.
    of: Option<FieldPath>,
}

impl Aggregation {
    /// Which items are aggregated. They are to be chosen before they are added to a run.
    pub const fn initial_filter(&self) -> &Filter {
        &self.initial
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
        Run::new(self, budget)
    }
}

#[cfg(test)]
mod tests;
