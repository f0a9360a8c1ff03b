//! Queries: one page of items in an order, and the way to the next.

use backlot_store::items::{Item, ItemQuery};
use backlot_wix::data::collection::Operation;
use backlot_wix::data::{DataError, Direction, FieldPath, Filter, Object, Sort, Value, limits};

use super::cursor::Cursor;
use super::{DataSession, OpenCollection, OperationError};

/// A query as it is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// The collection.
    pub(crate) collection: String,
    /// `{"price":{"$gt":5}}`
    pub(crate) filter: Option<Value>,
    /// `[{"fieldName":"price","order":"ASC"}]`
    pub(crate) sort: Option<Value>,
    /// Which page.
    pub(crate) paging: Paging,
    /// In an order made of this number.
    pub(crate) random: Option<u64>,
    /// Whether to count everything that matches.
    pub(crate) with_total: bool,
}

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paging {
    /// By number.
    Offset {
        /// How many items; the default when none is named.
        limit: Option<u32>,
        /// How many to pass over.
        offset: u64,
    },
    /// By a cursor.
    Cursor {
        /// How many items; as before when none is named.
        limit: Option<u32>,
        /// The cursor.
        cursor: String,
    },
}

impl Default for Paging {
    fn default() -> Self {
        Self::Offset {
            limit: None,
            offset: 0,
        }
    }
}

/// One page.
pub(crate) struct Page {
    pub(crate) opened: OpenCollection,
    pub(crate) items: Vec<Item>,
    pub(crate) offset: u64,
    pub(crate) has_next: bool,
    pub(crate) total: Option<u64>,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
}

/// A query whose words are checked.
struct Checked {
    /// What is sent again with the cursor.
    words: (Option<Value>, Option<Value>),
    limit: u32,
    find: ItemQuery,
}

impl DataSession {
    pub(crate) async fn query(&self, mut query: Query) -> Result<Page, OperationError> {
        let opened = self.open(&query.collection, Operation::Read).await?;
        let Checked {
            words,
            limit,
            mut find,
        } = self.check(&mut query)?;
        find.filter = opened.visible(find.filter)?;
        // One more than wanted, to see whether there is more.
        find.limit = limit + 1;
        if query.with_total || !find.is_short(&opened.of.collection) {
            self.may_take_long()?;
        }
        let mut items = self
            .data
            .store
            .query_items(&opened.of, find.clone())
            .await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        if find.backwards {
            items.reverse();
        }
        let total = if query.with_total {
            Some(
                self.data
                    .store
                    .count_items(&opened.of, &find.filter)
                    .await?,
            )
        } else {
            None
        };
        let has_next = find.backwards || more;
        let has_previous = match (find.backwards, &find.after) {
            (true, _) => more,
            (false, Some(_)) => true,
            (false, None) => find.offset > 0 && !items.is_empty(),
        };
        let cursor = |item: Option<&Item>,
                      backwards: bool|
         -> Result<Option<String>, OperationError> {
            let Some(item) = item.filter(|_| find.random.is_none()) else {
                return Ok(None);
            };
            // What sorts by nothing need not be looked into.
            let object = match &find.sorts[..] {
                [] => Object::new(),
                _ => item.object()?,
            };
            let position = find.position(&object, item.sequence);
            let cursor = Cursor::new(&query.collection, words.clone(), position, backwards, limit);
            Ok(Some(self.data.cursors.seal(self.who.instance_id, &cursor)))
        };
        Ok(Page {
            next: if has_next {
                cursor(items.last(), false)?
            } else {
                None
            },
            previous: if has_previous {
                cursor(items.first(), true)?
            } else {
                None
            },
            opened,
            offset: find.offset,
            has_next,
            total,
            items,
        })
    }

    /// Checks the words of a query, and takes them out of it.
    fn check(&self, query: &mut Query) -> Result<Checked, DataError> {
        let (words, limit, after, backwards, offset) = match &query.paging {
            Paging::Offset { limit, offset } => {
                let words = (query.filter.take(), query.sort.take());
                (words, *limit, None, false, *offset)
            }
            Paging::Cursor { limit, cursor } => {
                let cursors = &self.data.cursors;
                let cursor: Cursor = cursors.open(self.who.instance_id, cursor)?;
                if cursor.collection != query.collection {
                    return Err(DataError::invalid(
                        "The cursor is one of another collection.",
                    ));
                }
                let (after, backwards) = (cursor.position(), cursor.backwards);
                let limit = limit.unwrap_or(cursor.limit);
                (
                    (cursor.filter, cursor.sort),
                    Some(limit),
                    Some(after),
                    backwards,
                    0,
                )
            }
        };
        let limit = limit.unwrap_or(limits::DEFAULT_PAGE);
        check_limit(limit)?;
        let (filter, sort) = words;
        let sorts = parse_sorts(sort.as_ref())?;
        // A cursor holds no more of the order than was understood.
        let sort = (!sorts.is_empty()).then(|| written_sorts(&sorts));
        let words = (filter, sort);
        let find = ItemQuery {
            filter: Filter::parse_optional(words.0.as_ref())?,
            sorts,
            random: query.random,
            after,
            backwards,
            offset,
            limit,
        };
        Ok(Checked { words, limit, find })
    }
}

/// A page holds 1 to 1000.
pub(crate) fn check_limit(limit: u32) -> Result<(), DataError> {
    let most = limits::LARGEST_PAGE;
    if (1..=most).contains(&limit) {
        return Ok(());
    }
    let text = format!("paging.limit is {limit}, expected 1 to {most}.");
    Err(DataError::invalid(text))
}

/// `[{"fieldName":"a","order":"ASC"}]`
fn parse_sorts(sort: Option<&Value>) -> Result<Vec<Sort>, DataError> {
    let bad = || DataError::invalid("sort is a list of {fieldName, order}, the order ASC or DESC.");
    let list = match sort {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(bad()),
    };
    if list.len() > limits::SORT_FIELDS {
        let most = limits::SORT_FIELDS;
        return Err(DataError::invalid(format!(
            "sort has more than {most} fields."
        )));
    }
    let one = |sort: &Value| {
        let sort = sort.as_object().ok_or_else(bad)?;
        let name = sort
            .get("fieldName")
            .and_then(Value::as_str)
            .ok_or_else(bad)?;
        let direction = Direction::parse(sort.get("order"))?;
        Ok(Sort {
            path: FieldPath::parse(name)?,
            direction,
        })
    };
    list.iter().map(one).collect()
}

/// The same in the words of a request.
fn written_sorts(sorts: &[Sort]) -> Value {
    let one = |sort: &Sort| {
        let order = match sort.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        Value::Object(Object::from_iter([
            ("fieldName".to_owned(), sort.path.to_string().into()),
            ("order".to_owned(), order.into()),
        ]))
    };
    Value::Array(sorts.iter().map(one).collect())
}
