//! Search: items with words in them.
//!
//! An item is found when one of the expression's words (`OR`, the default), or each of them (`AND`), is
//! the beginning of a word anywhere in its texts, case disregarded. An expression without words finds
//! every item. With `fuzzy`, a word that is nearly the same is found, too. Items come by the number of words found, and
//! by how many of them were found as they were asked for, unless another sort is asked for; equal ones in the order in
//! which they were added.
//!
//! Source: Wix Data, "Search Data Items" for the request; how Wix takes texts apart and ranks what
//! it finds is not documented.

mod run;
mod wire;
mod words;

use super::{Budget, FieldPath, Filter, Object, Paging, Sort};

pub use run::Run;
pub use wire::WireSearch;
pub use words::Relevance;
use words::Words;

/// A search that can be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    filter: Filter,
    sorts: Vec<Sort>,
    fields: Vec<FieldPath>,
    words: Words,
    needs: Needs,
    paging: Paging,
}

/// How many of the words are to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Any,
    All,
}

impl Search {
    /// Which items are searched. They are to be chosen before they are added to a run.
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The fields of the items that are wanted; none for all of them.
    pub fn fields(&self) -> &[FieldPath] {
        &self.fields
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

    /// Whether the expression finds this item.
    pub fn matches(&self, item: &Object) -> bool {
        self.relevance(item).is_some()
    }

    /// How many different words the item has; `None` if it is not found.
    pub fn relevance(&self, item: &Object) -> Option<Relevance> {
        let relevance = self.words.found_in(item);
        if self.words.is_empty() {
            return Some(relevance);
        }
        let needed = match self.needs {
            Needs::Any => 1,
            Needs::All => self.words.len(),
        };
        (relevance.found >= needed).then_some(relevance)
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
