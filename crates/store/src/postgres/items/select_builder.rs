//! A statement in the making.
//!
//! The text is made of constant pieces and of numbers of parameters; whatever comes from a request, be it a
//! name in a path, is a bound value.

use std::collections::HashMap;

use backlot_wix::data::{FieldPath, Value};
use tokio_postgres::types::{Json, ToSql, Type};
use tokio_postgres::{Row, RowStream};

use crate::StoreError;
use crate::items::CollectionRef;
use crate::postgres::failure::Failure;
use crate::postgres::lease::Lease;
use crate::postgres::stored::Stored;
use crate::postgres::tenant::uuid;

/// The columns that make an item; `i` is the table.
pub(super) const ITEM: &str = "i.sequence, i.item_id, i.owner, i.data, i.field_order";

/// The parameter that is the instance.
pub(super) const TENANT: &str = "$1";
/// The parameter that is the collection.
pub(super) const COLLECTION: &str = "$2";

type BoundValue = Box<dyn ToSql + Sync + Send>;

/// `SELECT … FROM … WHERE … tail`
pub(super) struct SelectBuilder<'of> {
    pub(super) of: &'of CollectionRef,
    pub(super) select: &'static str,
    pub(super) from: String,
    pub(super) conditions: Vec<String>,
    pub(super) tail: String,
    /// Whether there are few texts of this shape, so that they are worth being kept prepared.
    pub(super) is_common: bool,
    values: Vec<(BoundValue, Type)>,
    paths: HashMap<String, String>,
}

impl<'of> SelectBuilder<'of> {
    pub(super) fn new(of: &'of CollectionRef, select: &'static str) -> Self {
        let mut statement = Self {
            of,
            select,
            from: String::new(),
            conditions: Vec::new(),
            tail: String::new(),
            is_common: false,
            values: Vec::new(),
            paths: HashMap::new(),
        };
        // The two come first, so that their numbers are known.
        statement.bind(uuid(of.instance_id), Type::UUID);
        statement.bind(of.collection.definition.id.clone(), Type::TEXT);
        statement
    }

    /// Binds a value, and returns its number.
    pub(super) fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, of: Type) -> String {
        self.values.push((Box::new(value), of));
        format!("${}", self.values.len())
    }

    pub(super) fn bind_text(&mut self, text: impl Into<String>) -> String {
        self.bind(text.into(), Type::TEXT)
    }

    /// Binds a value in the form in which items are kept.
    pub(super) fn bind_json(&mut self, value: &Value) -> String {
        self.bind(Json(Stored(value.clone())), Type::JSONB)
    }

    pub(super) fn bind_json_list<'value>(
        &mut self,
        values: impl IntoIterator<Item = &'value Value>,
    ) -> String {
        let values: Vec<_> = values
            .into_iter()
            .map(|value| Json(Stored(value.clone())))
            .collect();
        self.bind(values, Type::JSONB_ARRAY)
    }

    /// The values at a path, as a source of rows. Lists on the way are looked into, one level deep, as
    /// [`FieldPath::any`] does it.
    pub(super) fn values_at(&mut self, path: &FieldPath) -> String {
        let path = self.json_path(path, "");
        format!("jsonb_path_query(i.data, {path})")
    }

    /// The same, with the elements of lists in place of the lists.
    pub(super) fn elements_at(&mut self, path: &FieldPath) -> String {
        let path = self.json_path(path, "[*]");
        format!("jsonb_path_query(i.data, {path})")
    }

    /// A path in PostgreSQL's language, bound.
    pub(super) fn json_path(&mut self, path: &FieldPath, rest: &str) -> String {
        let mut text = "$".to_owned();
        for name in path.segments() {
            text.push('.');
            // Its texts are written as those of JSON are.
            text.push_str(&serde_json::Value::from(name.as_str()).to_string());
        }
        text.push_str(rest);
        if let Some(known) = self.paths.get(&text) {
            return known.clone();
        }
        let bound = format!("{}::jsonpath", self.bind_text(text.clone()));
        self.paths.insert(text, bound.clone());
        bound
    }

    pub(super) fn sql(&self) -> String {
        let mut sql = format!("SELECT {} FROM {}", self.select, self.from);
        for (number, condition) in self.conditions.iter().enumerate() {
            sql.push_str(if number == 0 { " WHERE " } else { " AND " });
            sql.push_str(condition);
        }
        sql.push_str(&self.tail);
        sql
    }

    fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values
            .iter()
            .map(|(value, of)| (&**value as &(dyn ToSql + Sync), of.clone()))
            .collect()
    }

    /// All rows, as far as the budget has room for them.
    pub(super) async fn rows(&self, lease: &Lease) -> Result<Vec<Row>, Failure> {
        let (client, sql, parameters) = (lease.client()?, self.sql(), self.parameters());
        let stream = if self.is_common {
            let (values, types): (Vec<_>, Vec<_>) = parameters.into_iter().unzip();
            let statement = client.prepare_typed_cached(&sql, &types).await?;
            client.query_raw(&statement, values).await?
        } else {
            client.query_typed_raw(&sql, parameters).await?
        };
        let (mut stream, mut rows) = (Box::pin(stream), Vec::new());
        while let Some(row) = client.next(&mut stream).await? {
            let bytes = size_of::<Row>() + row.raw_size_bytes();
            self.of.budget.keep(bytes).map_err(StoreError::from)?;
            rows.push(row);
        }
        Ok(rows)
    }

    /// A stream of rows.
    pub(super) async fn stream(&self, lease: &Lease) -> Result<RowStream, Failure> {
        let (client, sql) = (lease.client()?, self.sql());
        client.query_typed_raw(&sql, self.parameters()).await
    }
}
