//! What is expected: items as a plain list of JSON objects, in the order of insertion.
//!
//! Written from the rules, apart from the code under test: [`values`] knows how values compare and what a
//! path finds, [`condition`] what a filter means.

pub(crate) mod condition;
pub(crate) mod values;

use std::cmp::Ordering;

use serde_json::Value as Json;

use condition::Condition;
use values::{at_path, elements, order};

/// A field to sort by, and whether the highest comes first.
pub(crate) type SortBy = (String, bool);

/// What an item is sorted by: the lowest of several ascending, the highest descending; nothing is `null`.
pub(crate) fn sort_value(item: &Json, (path, descending): &SortBy) -> Json {
    let mut best: Option<&Json> = None;
    for value in at_path(item, path).into_iter().flat_map(elements) {
        let better = match best.map(|best| order(value, best)) {
            None => true,
            Some(Ordering::Less) => !descending,
            Some(Ordering::Greater) => *descending,
            Some(Ordering::Equal) => false,
        };
        if better {
            best = Some(value);
        }
    }
    best.cloned().unwrap_or(Json::Null)
}

/// The places of all items in an order. Those that sort alike stand as they were inserted, or the other way
/// round when the first field is descending.
pub(crate) fn sorted(items: &[Json], sorts: &[SortBy]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..items.len()).collect();
    if sorts.first().is_some_and(|(_, descending)| *descending) {
        places.reverse();
    }
    places.sort_by(|one, other| {
        let mut verdict = Ordering::Equal;
        for sort in sorts {
            let (one, other) = (
                sort_value(&items[*one], sort),
                sort_value(&items[*other], sort),
            );
            let by_this = order(&one, &other);
            verdict = verdict.then(if sort.1 { by_this.reverse() } else { by_this });
        }
        verdict
    });
    places
}

/// A page: what matches, in its order, after or before a place.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) condition: Condition,
    pub(crate) sorts: Vec<SortBy>,
    /// Only what comes after this item, or before it when backwards.
    pub(crate) after: Option<usize>,
    pub(crate) backwards: bool,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl Question {
    /// The places of the items on the page.
    pub(crate) fn answer(&self, items: &[Json]) -> Vec<usize> {
        let mut places = sorted(items, &self.sorts);
        if self.backwards {
            places.reverse();
        }
        let skipped = match self.after {
            Some(after) => 1 + places.iter().position(|it| *it == after).unwrap_or(0),
            None => 0,
        };
        let beyond = places.into_iter().skip(skipped);
        let matching = beyond.filter(|place| self.condition.holds(&items[*place]));
        matching.skip(self.offset).take(self.limit).collect()
    }
}
