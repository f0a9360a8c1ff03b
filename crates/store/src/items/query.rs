//! Which items are wanted, and in which order.

use backlot_wix::data::filter::Test;
use backlot_wix::data::order::compare_items;
use backlot_wix::data::{Direction, Filter, Object, Sort, Value};
use std::cmp::Ordering;

use crate::collections::Collection;

/// A query, checked and without a page's words.
///
/// Items that sort alike stand in the order of insertion, or against it when the first field is
/// sorted descending: so an index serves both directions.
#[derive(Debug, Clone)]
pub struct ItemQuery {
    /// Which.
    pub filter: Filter,
    /// In which order; that of insertion when empty.
    pub sorts: Vec<Sort>,
    /// In an order that this number makes, instead.
    pub random: Option<u64>,
    /// Only those after this place.
    pub after: Option<Position>,
    /// From the end to the beginning.
    pub backwards: bool,
    /// How many to pass over.
    pub offset: u64,
    /// How many to return.
    pub limit: u32,
}

/// A place in an order: between the item that has these values and the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The values that the item sorts by.
    pub values: Vec<Value>,
    /// Where it stands in the order of insertion.
    pub sequence: i64,
}

/// Pages up to this size are short, if they come straight from a tree.
const SHORT_PAGE: u32 = 101;
/// Items that are passed over in a moment.
const SHORT_OFFSET: u64 = 1000;

impl ItemQuery {
    /// Whether this is over in a moment: a page in the order of insertion, of everything, of what one member owns, or
    /// of what one key of an index finds.
    pub fn is_short(&self, collection: &Collection) -> bool {
        let filter = &self.filter;
        self.sorts.is_empty()
            && self.random.is_none()
            && self.limit <= SHORT_PAGE
            && self.offset <= SHORT_OFFSET
            && (filter.is_all() || column(filter).is_some() || is_one_key(collection, filter))
    }

    /// Everything, in the order of insertion.
    pub const fn all(filter: Filter, limit: u32) -> Self {
        Self {
            filter,
            sorts: Vec::new(),
            random: None,
            after: None,
            backwards: false,
            offset: 0,
            limit,
        }
    }

    /// The fields as they are to be sorted now, `backwards` considered. Not to be asked for the value of
    /// an item: of a list, the element that counts forwards counts backwards, too.
    pub fn effective_sorts(&self) -> Vec<Sort> {
        let mut sorts = self.sorts.clone();
        if self.backwards {
            for sort in &mut sorts {
                sort.direction = sort.direction.reversed();
            }
        }
        sorts
    }

    /// Which way items that sort alike stand.
    pub fn tie(&self) -> Direction {
        let first = self
            .sorts
            .first()
            .map_or(Direction::Ascending, |sort| sort.direction);
        if self.backwards {
            first.reversed()
        } else {
            first
        }
    }

    /// The place of an item.
    pub fn position(&self, item: &Object, sequence: i64) -> Position {
        Position {
            values: self
                .sorts
                .iter()
                .map(|sort| sort.value(item).clone())
                .collect(),
            sequence,
        }
    }

    /// How two items stand to each other; what every database must agree with.
    pub fn compare(&self, left: (&Object, i64), right: (&Object, i64)) -> Ordering {
        let order = compare_items(&self.sorts, left.0, right.0);
        let order = if self.backwards {
            order.reverse()
        } else {
            order
        };
        order.then_with(|| self.tie().apply(left.1.cmp(&right.1)))
    }
}

/// The column in which the database keeps what an equality is about, and the text that it is to hold.
pub(crate) fn column(filter: &Filter) -> Option<(&'static str, &str)> {
    let Filter::Field(path, Test::Equals(Value::String(text))) = filter else {
        return None;
    };
    match path.single()? {
        "_id" => Some(("item_id", text)),
        "_owner" => Some(("owner", text)),
        _ => None,
    }
}

fn is_one_key(collection: &Collection, filter: &Filter) -> bool {
    let Filter::Field(path, Test::Equals(value)) = filter else {
        return false;
    };
    let is_scalar = !matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
    let mut indexes = collection.ready_indexes();
    is_scalar && indexes.any(|index| matches!(&index.sorts[..], [only] if only.path == *path))
}
