//! Doing a search, an item at a time.

use std::cmp::Ordering;

use super::super::memory::{Memory, Weigh};
use super::super::order::compare_items;
use super::super::page::{Collector, Page};
use super::super::top::Top;
use super::super::{Budget, DataError, Object};
use super::{Relevance, Search};

/// A search on its way.
pub struct Run<'request> {
    request: &'request Search,
    found: Top<Found, Compare<'request>>,
    memory: Memory,
}

type Compare<'request> = Box<dyn Fn(&Found, &Found) -> Ordering + Send + 'request>;

struct Found {
    item: Object,
    relevance: Relevance,
}

impl Weigh for Found {
    fn weight(&self) -> usize {
        self.item.weight()
    }
}

impl<'request> Run<'request> {
    pub(super) fn new(request: &'request Search, budget: Budget) -> Self {
        let compare: Compare<'request> = if request.sorts.is_empty() {
            Box::new(|left, right| right.relevance.cmp(&left.relevance))
        } else {
            Box::new(|left, right| compare_items(&request.sorts, &left.item, &right.item))
        };
        Self {
            request,
            found: Top::new(request.paging.decisive(), compare),
            memory: Memory::within(budget),
        }
    }

    /// Looks at an item that the filter matches.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn add(&mut self, item: &Object) -> Result<(), DataError> {
        // Texts are folded and taken apart, and each word is held against those that are looked for.
        let each = self.request.words.work_of_byte();
        self.memory.budget().work(item.weight() as u64 * each)?;
        let Some(relevance) = self.request.relevance(item) else {
            return Ok(());
        };
        let item = item.clone();
        self.found.add(&mut self.memory, Found { item, relevance })
    }

    /// The page asked for, with the total.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn finish(mut self) -> Result<Page<Object>, DataError> {
        let mut page = Collector::new(self.request.paging, true);
        let came = self.found.came();
        for found in self.found.finish(&mut self.memory) {
            page.add(&mut self.memory, || found.item)?;
        }
        let mut page = page.finish();
        page.total = Some(came);
        Ok(page)
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Run")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
