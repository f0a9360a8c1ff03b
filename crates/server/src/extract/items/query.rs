//! Queries, in the words of Wix's own client.

use backlot_wix::data::{Filter, Object, Value};
use serde::de::DeserializeOwned;

use super::ItemsError;
use super::convert::from_json;
use crate::data::{DataSession, Paging, Query};

/// A query on its way. What it says in its conditions must all hold.
#[derive(Clone)]
pub struct ItemsQuery {
    data: DataSession,
    collection: String,
    conditions: Vec<Value>,
    sorts: Vec<Value>,
    limit: Option<u32>,
    skip: u64,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemsPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more.
    pub has_next: bool,
}

impl std::fmt::Debug for ItemsQuery {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ItemsQuery")
            .field("collection", &self.collection)
            .field("conditions", &self.conditions)
            .field("sorts", &self.sorts)
            .finish_non_exhaustive()
    }
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident $operator:literal $operand:ty;)*) => {
        impl ItemsQuery {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(self, field: &str, operand: $operand) -> Self {
                    self.condition(field, $operator, operand.into())
                }
            )*
        }
    };
}

conditions! {
    /// The field, or an element of it, equals the value.
    eq "$eq" impl Into<Value>;
    /// The opposite of [`ItemsQuery::eq`]: a missing field counts, too.
    ne "$ne" impl Into<Value>;
    /// The field is greater.
    gt "$gt" impl Into<Value>;
    /// The field is greater or equal.
    ge "$gte" impl Into<Value>;
    /// The field is less.
    lt "$lt" impl Into<Value>;
    /// The field is less or equal.
    le "$lte" impl Into<Value>;
    /// The text contains this one, case disregarded.
    contains "$contains" &str;
    /// The text begins with this one, case disregarded.
    starts_with "$startsWith" &str;
    /// The text ends with this one, case disregarded.
    ends_with "$endsWith" &str;
    /// The field, or an element of it, is one of these.
    has_some "$hasSome" Vec<impl Into<Value>>;
    /// All of these are among the elements.
    has_all "$hasAll" Vec<impl Into<Value>>;
}

impl ItemsQuery {
    pub(crate) fn new(data: DataSession, collection: &str) -> Self {
        Self {
            data,
            collection: collection.to_owned(),
            conditions: Vec::new(),
            sorts: Vec::new(),
            limit: None,
            skip: 0,
        }
    }

    /// The field is `null` or missing.
    #[must_use]
    pub fn is_empty(self, field: &str) -> Self {
        self.condition(field, "$eq", Value::Null)
    }

    /// The field has a value.
    #[must_use]
    pub fn is_not_empty(self, field: &str) -> Self {
        self.condition(field, "$ne", Value::Null)
    }

    /// A filter as Wix's REST API has it, such as `{"$or":[{"a":1},{"b":{"$gt":2}}]}`.
    pub fn filter(mut self, json: &serde_json::Value) -> Result<Self, ItemsError> {
        let filter: Value = serde_json::from_str(&json.to_string())?;
        Filter::parse(&filter)?;
        self.conditions.push(filter);
        Ok(self)
    }

    /// Sorted by this field, and after what was named before.
    #[must_use]
    pub fn ascending(self, field: &str) -> Self {
        self.sort(field, "ASC")
    }

    /// Sorted by this field backwards, and after what was named before.
    #[must_use]
    pub fn descending(self, field: &str) -> Self {
        self.sort(field, "DESC")
    }

    /// Limits the number of items, up to 1000. Defaults to 50.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Without the first so many.
    #[must_use]
    pub const fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Sends the query.
    pub async fn find<T: DeserializeOwned>(self) -> Result<ItemsPage<T>, ItemsError> {
        let query = Query {
            filter: Some(self.filter_value()),
            sort: Some(Value::Array(self.sorts)),
            paging: Paging::Offset {
                limit: self.limit,
                offset: self.skip,
            },
            collection: self.collection,
            ..Query::default()
        };
        let work = move |data: DataSession| {
            let query = query.clone();
            async move { data.query(query).await }
        };
        let page = self.data.run(work).await??;
        let items = page.items.iter().map(|item| from_json(&item.json));
        Ok(ItemsPage {
            items: items.collect::<Result<_, _>>()?,
            has_next: page.has_next,
        })
    }

    /// How many items match; sort, limit and skip do not matter.
    pub async fn count(self) -> Result<u64, ItemsError> {
        let filter = Filter::parse(&self.filter_value())?;
        let collection = self.collection;
        let work = move |data: DataSession| async move { data.count(&collection, filter).await };
        Ok(self.data.run_in_pool(work).await??)
    }

    fn condition(mut self, field: &str, operator: &str, operand: Value) -> Self {
        let test = Object::from_iter([(operator.to_owned(), operand)]);
        let condition = Object::from_iter([(field.to_owned(), Value::Object(test))]);
        self.conditions.push(Value::Object(condition));
        self
    }

    fn sort(mut self, field: &str, order: &str) -> Self {
        let sort = [("fieldName", field), ("order", order)];
        let sort = sort.map(|(name, value)| (name.to_owned(), Value::from(value)));
        self.sorts.push(Value::Object(Object::from_iter(sort)));
        self
    }

    fn filter_value(&self) -> Value {
        let all = Value::Array(self.conditions.clone());
        Value::Object(Object::from_iter([("$and".to_owned(), all)]))
    }
}
