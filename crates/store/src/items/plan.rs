//! By which index items are found.
//!
//! A plan is a way to the items, never the answer: whatever is found by it is compared with the whole
//! filter. So a plan may find too much, and must not find too little.

use backlot_wix::data::collection::{Index, IndexId, MAX_KEY};
use backlot_wix::data::filter::{Comparison, Test};
use backlot_wix::data::key::{after_prefix, tag};
use backlot_wix::data::{Direction, FieldPath, Filter, Sort, Value};

use super::query::{ItemQuery, Position};
use crate::collections::{Collection, Prepared};

/// Keys from the first (inclusive) to the second (exclusive; `None` is the end).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The least key.
    pub from: Vec<u8>,
    /// The least key that is too great.
    pub to: Option<Vec<u8>>,
}

/// A way to the items.
#[derive(Debug, Clone)]
pub struct Plan<'collection> {
    /// By this index.
    pub index: &'collection Prepared,
    /// Through these keys.
    pub ranges: Vec<Range>,
    /// What every key begins with, where there is one such beginning.
    pub prefix: Vec<u8>,
    /// What the order of the keys is good for.
    pub order: Order,
}

/// What order a plan finds items in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The wanted one, read forwards or backwards.
    AsWanted(Direction),
    /// Each item once and in the order of insertion: one key, and no more.
    Insertion,
    /// None.
    None,
}

/// More operands of a list than this are not worth a range each.
const MAX_RANGES: usize = 100;

/// What is worth more: more fields bound by equality, then a range, then the order.
type Worth = (usize, bool, bool);

/// Whether the best plan hangs on which indexes are inexact: it does for an order, and for a field between
/// bounds.
pub(crate) fn asks_for_exactness(collection: &Collection, find: &ItemQuery) -> bool {
    let is_bound = |part: &&Filter| matches!(part, Filter::Field(_, Test::Compares(..)));
    let has_bounds = || find.filter.conjuncts().iter().any(is_bound);
    collection.ready_indexes().next().is_some() && (!find.sorts.is_empty() || has_bounds())
}

/// The best plan, if any index serves. `inexact` names the indexes in which some item does not sort as
/// its one key does, since it holds a list, say: they find items, but in no order.
pub fn choose<'collection>(
    collection: &'collection Collection,
    find: &ItemQuery,
    inexact: &[IndexId],
) -> Option<Plan<'collection>> {
    let conjuncts = find.filter.conjuncts();
    let mut best: Option<(Worth, Plan<'collection>)> = None;
    for index in collection.ready_indexes() {
        if on_links(collection, index) {
            continue;
        }
        let exact = !inexact.contains(&index.id);
        if let Some((worth, plan)) = consider(index, &conjuncts, find, exact)
            && best.as_ref().is_none_or(|(known, _)| worth > *known)
        {
            best = Some((worth, plan));
        }
    }
    best.map(|(_, plan)| plan)
}

/// Whether an index is of what lies beside the items, so that it knows nothing of it.
fn on_links(collection: &Collection, index: &Prepared) -> bool {
    let definition = &collection.definition;
    let mut paths = index.sorts.iter().map(|sort| sort.path.first());
    paths.any(|field| definition.multi_reference(field).is_some())
}

fn consider<'collection>(
    index: &'collection Prepared,
    conjuncts: &[&Filter],
    find: &ItemQuery,
    exact: bool,
) -> Option<(Worth, Plan<'collection>)> {
    let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bound = 0;
    let mut ranges = None;
    for sort in &index.sorts {
        if let Some(operands) = equalities(index, conjuncts, &sort.path)
            && prefixes.len() * operands.len() <= MAX_RANGES
        {
            prefixes = extended(&index.index, &prefixes, &operands, sort.direction);
            bound += 1;
        } else {
            ranges = between(index, conjuncts, sort, &prefixes, exact);
            break;
        }
    }
    let has_range = ranges.is_some();
    let order = order(index, find, bound, &prefixes, exact);
    // A unique index does not hold what is empty, so it is no way to everything.
    let serves =
        bound > 0 || has_range || (matches!(order, Order::AsWanted(_)) && !index.index.unique);
    if !serves {
        return None;
    }
    let prefix = match &prefixes[..] {
        [one] => one.clone(),
        _ => Vec::new(),
    };
    let ranges = ranges.unwrap_or_else(|| prefixes.into_iter().map(begins_with).collect());
    let worth = (bound, has_range, order != Order::None);
    let mut plan = Plan {
        index,
        ranges,
        prefix,
        order,
    };
    if let (Order::AsWanted(direction), Some(after)) = (order, &find.after) {
        plan.go_on_after(bound, direction, after);
    }
    Some((worth, plan))
}

/// The values that a field must equal one of, if the filter says so.
fn equalities<'filter>(
    index: &Prepared,
    conjuncts: &[&'filter Filter],
    path: &FieldPath,
) -> Option<Vec<&'filter Value>> {
    let usable = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::Null => !index.index.unique,
        _ => true,
    };
    conjuncts.iter().find_map(|conjunct| match conjunct {
        Filter::Field(at, Test::Equals(value)) if at == path && usable(value) => Some(vec![value]),
        Filter::Field(at, Test::AnyOf(operands))
            if at == path && !operands.list().is_empty() && operands.list().iter().all(usable) =>
        {
            Some(operands.list().iter().collect())
        }
        Filter::Field(at, Test::AllOf(operands)) if at == path => operands
            .iter()
            .find(|value| usable(value))
            .map(|value| vec![value]),
        _ => None,
    })
}

fn extended(
    index: &Index,
    prefixes: &[Vec<u8>],
    operands: &[&Value],
    direction: Direction,
) -> Vec<Vec<u8>> {
    let mut extended: Vec<Vec<u8>> = prefixes
        .iter()
        .flat_map(|prefix| {
            operands.iter().map(|value| {
                let mut key = prefix.clone();
                index.push(&mut key, value, direction);
                key
            })
        })
        .collect();
    extended.sort_unstable();
    extended.dedup();
    extended
}

/// The keys between the bounds that the filter sets on a field, after each prefix.
fn between(
    index: &Prepared,
    conjuncts: &[&Filter],
    sort: &Sort,
    prefixes: &[Vec<u8>],
    exact: bool,
) -> Option<Vec<Range>> {
    let bounds: Vec<(Comparison, &Value)> = conjuncts
        .iter()
        .filter_map(|conjunct| match conjunct {
            Filter::Field(at, Test::Compares(comparison, value)) if *at == sort.path => {
                Some((*comparison, value))
            }
            _ => None,
        })
        .collect();
    // Of a list each bound may be met by another element, so only one of them may be used.
    let used = if exact {
        bounds.len()
    } else {
        bounds.len().min(1)
    };
    let (first, others) = bounds[..used].split_first()?;
    let through = |prefix: &Vec<u8>| {
        let one = |(comparison, value): &(Comparison, &Value)| {
            bounded(&index.index, prefix, sort.direction, *comparison, value)
        };
        others.iter().map(one).fold(one(first), Range::within)
    };
    Some(prefixes.iter().map(through).collect())
}

impl Plan<'_> {
    /// Leaves out what comes before a position. What sorts as the position does is left in.
    fn go_on_after(&mut self, bound: usize, direction: Direction, after: &Position) {
        let mut key = self.prefix.clone();
        for (sort, value) in self.index.sorts[bound..].iter().zip(&after.values) {
            self.index.index.push(&mut key, value, sort.direction);
        }
        let at = begins_with(key);
        let rest = match direction {
            Direction::Ascending => Range {
                from: at.from,
                to: None,
            },
            Direction::Descending => Range {
                from: Vec::new(),
                to: at.to,
            },
        };
        let ranges = std::mem::take(&mut self.ranges);
        self.ranges = ranges
            .into_iter()
            .map(|range| range.within(rest.clone()))
            .collect();
    }
}

impl Range {
    /// What both hold.
    fn within(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: match (self.to, other.to) {
                (Some(one), Some(another)) => Some(one.min(another)),
                (one, another) => one.or(another),
            },
        }
    }
}

fn bounded(
    index: &Index,
    prefix: &[u8],
    direction: Direction,
    comparison: Comparison,
    value: &Value,
) -> Range {
    let mut kind = prefix.to_vec();
    let byte = tag(value.kind());
    kind.push(if direction == Direction::Ascending {
        byte
    } else {
        !byte
    });
    let of_its_kind = begins_with(kind);
    if index.case_insensitive && value.as_str().is_some() {
        // Folded texts stand in another order than the texts themselves.
        return of_its_kind;
    }
    let mut key = prefix.to_vec();
    index.push(&mut key, value, direction);
    let at = begins_with(key);
    let less = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    // Equal keys are left in on both sides: the filter itself sorts them out, and a cut key says no more.
    if less == (direction == Direction::Ascending) {
        Range {
            from: of_its_kind.from,
            to: at.to,
        }
    } else {
        Range {
            from: at.from,
            to: of_its_kind.to,
        }
    }
}

fn begins_with(mut prefix: Vec<u8>) -> Range {
    prefix.truncate(MAX_KEY);
    Range {
        to: after_prefix(&prefix),
        from: prefix,
    }
}

/// What the order of the keys is good for.
fn order(
    index: &Prepared,
    find: &ItemQuery,
    bound: usize,
    prefixes: &[Vec<u8>],
    exact: bool,
) -> Order {
    if find.random.is_some() {
        return Order::None;
    }
    let sorts = find.effective_sorts();
    if sorts.is_empty() {
        // What was cut stands for several keys, and an item may have two of them.
        let one_key =
            bound == index.sorts.len() && matches!(prefixes, [prefix] if prefix.len() <= MAX_KEY);
        return if one_key {
            Order::Insertion
        } else {
            Order::None
        };
    }
    // After one bound prefix the keys are sorted by the fields that follow.
    if prefixes.len() != 1 || index.sorts.len() < bound + sorts.len() || !exact {
        return Order::None;
    }
    let following = &index.sorts[bound..bound + sorts.len()];
    // All of the key must be told, or items that sort alike are not in the order of insertion.
    let complete = bound + sorts.len() == index.sorts.len();
    let runs = |turned: bool| {
        following.iter().zip(&sorts).all(|(kept, wanted)| {
            let direction = if turned {
                kept.direction.reversed()
            } else {
                kept.direction
            };
            kept.path == wanted.path && direction == wanted.direction
        })
    };
    let tie = find.tie();
    match tie {
        Direction::Ascending if complete && runs(false) => Order::AsWanted(tie),
        Direction::Descending if complete && runs(true) => Order::AsWanted(tie),
        _ => Order::None,
    }
}

#[cfg(test)]
mod tests;
