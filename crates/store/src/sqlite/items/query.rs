//! Queries: a plan, and the SQL that follows it.
//!
//! The text is made of constant pieces; whatever comes from a request is a bound value, or an operand
//! of our own functions.

use std::fmt::Write as _;

use backlot_wix::data::collection::LONGEST_KEY;
use backlot_wix::data::filter::Test;
use backlot_wix::data::key::push;
use backlot_wix::data::{Direction, Filter, Value};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::{keys, read_item};
use crate::StoreError;
use crate::items::plan::{self, Order, Plan, Range};
use crate::items::{Find, Item, ItemsOf, Position};
use crate::sqlite::functions::Operands;
use crate::sqlite::readers::Reader;

/// A statement in the making.
pub(super) struct Statement<'reader> {
    of: &'reader ItemsOf,
    operands: &'reader Operands,
    /// Where the order of insertion is read from.
    sequence: &'static str,
    pub(super) sql: String,
    pub(super) values: Vec<Sql>,
}

/// Pages up to this size are read at once, if they come straight from a tree.
const SHORT_PAGE: u32 = 100;

/// Whether a query is over in a moment: a page in the order of insertion, of everything or of what one
/// key of an index finds.
pub(super) fn is_short(of: &ItemsOf, find: &Find) -> bool {
    find.sorts.is_empty()
        && find.random.is_none()
        && find.limit <= SHORT_PAGE
        && find.offset <= 1000
        && (find.filter.is_all() || is_one_key(of, &find.filter))
}

fn is_one_key(of: &ItemsOf, filter: &Filter) -> bool {
    let Filter::Field(path, Test::Equals(value)) = filter else {
        return false;
    };
    let is_scalar = !matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
    let mut indexes = of.collection.indexes.iter();
    is_scalar && indexes.any(|index| matches!(&index.sorts[..], [only] if only.path == *path))
}

pub(super) fn find(reader: &Reader, of: &ItemsOf, find: &Find) -> Result<Vec<Item>, StoreError> {
    if find.filter.is_all() && find.sorts.is_empty() {
        return ask(reader, &Statement::find(of, &reader.operands, find, None));
    }
    reader.in_snapshot(|connection| {
        let plan = choose(connection, of, find)?;
        ask(
            reader,
            &Statement::find(of, &reader.operands, find, plan.as_ref()),
        )
    })
}

fn ask(reader: &Reader, statement: &Statement<'_>) -> Result<Vec<Item>, StoreError> {
    let mut prepared = reader.connection.prepare_cached(&statement.sql)?;
    let rows = prepared.query_map(params_from_iter(&statement.values), read_item)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The plan, by what is known of the indexes in the same snapshot that the items are read from.
pub(super) fn choose<'of>(
    snapshot: &Connection,
    of: &'of ItemsOf,
    find: &Find,
) -> Result<Option<Plan<'of>>, StoreError> {
    if find.filter.is_all() && find.sorts.is_empty() {
        return Ok(None);
    }
    let inexact = keys::inexact(snapshot, of.instance_id, &of.collection)?;
    Ok(plan::choose(&of.collection, find, &inexact))
}

pub(super) fn count(reader: &Reader, of: &ItemsOf, filter: &Filter) -> Result<u64, StoreError> {
    let all = Find::all(filter.clone(), 0);
    reader.in_snapshot(|connection| {
        let plan = choose(connection, of, &all)?;
        let mut statement = Statement::new(of, &reader.operands);
        statement.sql.push_str("SELECT count(*) ");
        statement.from(plan.as_ref());
        statement.filter(filter);
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        let values = params_from_iter(&statement.values);
        let count: i64 = prepared.query_row(values, |row| row.get(0))?;
        Ok(count.cast_unsigned())
    })
}

impl<'reader> Statement<'reader> {
    pub(super) const fn new(of: &'reader ItemsOf, operands: &'reader Operands) -> Self {
        Self {
            of,
            operands,
            sequence: "i.sequence",
            sql: String::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn find(
        of: &'reader ItemsOf,
        operands: &'reader Operands,
        find: &Find,
        plan: Option<&Plan<'_>>,
    ) -> Self {
        let mut statement = Self::new(of, operands);
        let by_key = plan.is_some_and(|plan| matches!(plan.order, Order::AsWanted(_)));
        let sorted = !by_key && (!find.sorts.is_empty() || find.random.is_some());
        if sorted {
            // Only places are sorted, not whole items.
            statement.sql.push_str(
                "SELECT i.sequence, i.item_id, i.owner, i.data FROM (SELECT i.sequence AS place ",
            );
        } else {
            statement
                .sql
                .push_str("SELECT i.sequence, i.item_id, i.owner, i.data ");
        }
        statement.from(plan);
        statement.filter(&find.filter);
        statement.after(find);
        statement.order(find, by_key);
        statement.page(find);
        if sorted {
            statement
                .sql
                .push_str(") CROSS JOIN items AS i ON i.sequence = place");
        }
        statement
    }

    /// Adds to the text. What a request says has no place here: it is bound.
    fn text(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.sql.write_fmt(text);
    }

    /// Binds a value, and returns its name.
    fn bind(&mut self, value: impl Into<Sql>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// Where items come from: the tree of an index, or all of the collection.
    pub(super) fn from(&mut self, plan: Option<&Plan<'_>>) {
        let tenant = self.bind(self.of.instance_id.as_bytes().to_vec());
        let collection = self.bind(self.of.collection.definition.id.clone());
        let Some(plan) = plan else {
            self.text(format_args!(
                "FROM items AS i WHERE i.instance_id = {tenant} AND i.collection = {collection}"
            ));
            return;
        };
        let table = if plan.index.index.unique {
            "item_unique_keys"
        } else {
            "item_keys"
        };
        let index = self.bind(plan.index.id);
        // One whole key: its entries stand in the order of insertion.
        let is_one_key = plan.order == Order::Insertion && plan.prefix.len() <= LONGEST_KEY;
        let ranges: Vec<String> = if is_one_key {
            let key = self.bind(plan.prefix.clone());
            self.sequence = "k.sequence";
            vec![format!("k.key = {key}")]
        } else {
            plan.ranges.iter().map(|range| self.range(range)).collect()
        };
        if matches!(plan.order, Order::AsWanted(_)) || is_one_key {
            self.text(format_args!(
                "FROM {table} AS k CROSS JOIN items AS i ON i.sequence = k.sequence
                 WHERE k.instance_id = {tenant} AND k.index_id = {index} AND ({})",
                ranges.join(" OR ")
            ));
        } else {
            let parts: Vec<String> = ranges
                .iter()
                .map(|range| {
                    format!(
                        "SELECT k.sequence FROM {table} AS k
                         WHERE k.instance_id = {tenant} AND k.index_id = {index} AND {range}"
                    )
                })
                .collect();
            // UNION leaves out what is found twice.
            let parts = match &parts[..] {
                [one] => one.replacen("SELECT", "SELECT DISTINCT", 1),
                several => several.join(" UNION "),
            };
            self.text(format_args!(
                "FROM ({parts}) AS k CROSS JOIN items AS i ON i.sequence = k.sequence WHERE true"
            ));
        }
        // The database repeats the tenant check on every row.
        self.text(format_args!(
            " AND +i.instance_id = {tenant} AND +i.collection = {collection}"
        ));
    }

    fn range(&mut self, range: &Range) -> String {
        let from = self.bind(range.from.clone());
        match &range.to {
            Some(to) => {
                let to = self.bind(to.clone());
                format!("k.key >= {from} AND k.key < {to}")
            }
            None => format!("k.key >= {from}"),
        }
    }

    pub(super) fn filter(&mut self, filter: &Filter) {
        if !filter.is_all() {
            let condition = self.condition(filter);
            self.text(format_args!(" AND {condition}"));
        }
    }

    /// Conditions on links are SQL; everything else is asked of the filter itself.
    fn condition(&mut self, filter: &Filter) -> String {
        let definition = &self.of.collection.definition;
        let mut on_links = false;
        filter.paths(&mut |path| on_links |= definition.multi_reference(path.first()).is_some());
        if !on_links {
            return self.item_condition(filter);
        }
        match filter {
            Filter::And(parts) => self.joined(parts, " AND ", "true"),
            Filter::Or(parts) => self.joined(parts, " OR ", "false"),
            Filter::Not(part) => format!("NOT {}", self.condition(part)),
            Filter::Field(path, test) => self.link_condition(path.first(), test),
        }
    }

    /// What stands in columns of its own is compared there.
    fn item_condition(&mut self, filter: &Filter) -> String {
        if let Some(condition) = self.column_condition(filter) {
            return condition;
        }
        let in_columns = |part: &&Filter| column(part).is_some();
        match filter {
            Filter::And(parts) if parts.iter().any(|part| in_columns(&part)) => {
                let (columns, rest): (Vec<&Filter>, Vec<&Filter>) =
                    parts.iter().partition(|part| in_columns(part));
                let mut all: Vec<String> = columns
                    .into_iter()
                    .filter_map(|part| self.column_condition(part))
                    .collect();
                let rest = Filter::And(rest.into_iter().cloned().collect());
                if !rest.is_all() {
                    all.push(self.item_condition(&rest));
                }
                format!("({})", all.join(" AND "))
            }
            _ => {
                let operand = self.operands.filter(filter);
                let operand = self.bind(operand);
                format!("item_matches({operand}, i.data)")
            }
        }
    }

    fn column_condition(&mut self, filter: &Filter) -> Option<String> {
        let (column, text) = column(filter)?;
        let text = self.bind(text.to_owned());
        Some(format!("i.{column} = {text}"))
    }

    fn joined(&mut self, parts: &[Filter], word: &str, none: &str) -> String {
        let parts = parts.iter().map(|part| self.condition(part)).collect();
        balanced(parts, word, none)
    }

    fn link_condition(&mut self, field: &str, test: &Test) -> String {
        match test {
            Test::Equals(Value::Null) | Test::Exists(false) => {
                format!("NOT {}", self.linked(field, None))
            }
            Test::Exists(true) => self.linked(field, None),
            Test::Equals(Value::Array(values)) | Test::AllOf(values) => {
                let each = |value: &Value| self.link_condition(field, &Test::Equals(value.clone()));
                let all = values.iter().map(each).collect();
                balanced(all, " AND ", "true")
            }
            Test::Equals(value) => self.linked(field, Some(std::slice::from_ref(value))),
            Test::AnyOf(operands) => {
                let linked = self.linked(field, Some(operands.list()));
                if operands.list().contains(&Value::Null) {
                    let unlinked = self.link_condition(field, &Test::Equals(Value::Null));
                    format!("({linked} OR {unlinked})")
                } else {
                    linked
                }
            }
            // Ids neither compare nor are searched in.
            Test::Compares(..) | Test::Text(..) => "false".to_owned(),
        }
    }

    /// Whether the item is linked: to anything, or to one of these.
    fn linked(&mut self, field: &str, to: Option<&[Value]>) -> String {
        let (tenant, collection) = ("?1", "?2");
        let field = self.bind(field.to_owned());
        let to = match to {
            None => String::new(),
            Some(values) => {
                let ids: Vec<String> = values
                    .iter()
                    .filter_map(backlot_wix::data::collection::reference_id)
                    .map(str::to_owned)
                    .collect();
                let ids: Vec<String> = ids.into_iter().map(|id| self.bind(id)).collect();
                format!(" AND l.referenced_id IN ({})", ids.join(", "))
            }
        };
        format!(
            "EXISTS (SELECT 1 FROM item_links AS l WHERE l.instance_id = {tenant}
             AND l.collection = {collection} AND l.field = {field} AND l.item_id = i.item_id{to})"
        )
    }

    fn after(&mut self, find: &Find) {
        let sorts = &find.sorts;
        let Some(Position { values, sequence }) = &find.after else {
            return;
        };
        let sequence = self.bind(*sequence);
        let beyond = match find.tie() {
            Direction::Ascending => format!("{} > {sequence}", self.sequence),
            Direction::Descending => format!("{} < {sequence}", self.sequence),
        };
        if sorts.is_empty() {
            self.text(format_args!(" AND {beyond}"));
            return;
        }
        let mut key = Vec::new();
        for (sort, value) in sorts.iter().zip(values) {
            push(&mut key, value, sort.direction);
        }
        let (key, operand) = (self.bind(key), self.operands.sorts(sorts));
        let operand = self.bind(operand);
        let own = format!("item_sort_key({operand}, i.data)");
        let past = if find.backwards { '<' } else { '>' };
        self.text(format_args!(
            " AND ({own} {past} {key} OR ({own} = {key} AND {beyond}))"
        ));
    }

    fn order(&mut self, find: &Find, by_key: bool) {
        let sorts = &find.sorts;
        let tie = match find.tie() {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        if let Some(seed) = find.random {
            let seed = self.bind(seed.cast_signed());
            self.text(format_args!(
                " ORDER BY item_shuffle({seed}, i.item_id), i.sequence"
            ));
        } else if by_key {
            self.text(format_args!(" ORDER BY k.key {tie}, k.sequence {tie}"));
        } else if sorts.is_empty() {
            let sequence = self.sequence;
            self.text(format_args!(" ORDER BY {sequence} {tie}"));
        } else {
            let operand = self.operands.sorts(sorts);
            let operand = self.bind(operand);
            // Backwards is the whole key turned around: of a list the same element counts both ways.
            let way = if find.backwards { "DESC" } else { "ASC" };
            self.text(format_args!(
                " ORDER BY item_sort_key({operand}, i.data) {way}, i.sequence {tie}"
            ));
        }
    }

    fn page(&mut self, find: &Find) {
        let limit = self.bind(i64::from(find.limit));
        self.text(format_args!(" LIMIT {limit}"));
        if find.offset > 0 {
            let offset = self.bind(i64::try_from(find.offset).unwrap_or(i64::MAX));
            self.text(format_args!(" OFFSET {offset}"));
        }
    }
}

/// The parts with a word between them, as a tree of little depth: SQLite takes no deep one.
fn balanced(mut parts: Vec<String>, word: &str, none: &str) -> String {
    if parts.is_empty() {
        return none.to_owned();
    }
    while parts.len() > 1 {
        parts = parts
            .chunks(2)
            .map(|pair| match pair {
                [one, other] => format!("({one}{word}{other})"),
                rest => rest.concat(),
            })
            .collect();
    }
    parts.concat()
}

/// The column that an equality is about, and with what.
fn column(filter: &Filter) -> Option<(&'static str, &str)> {
    let Filter::Field(path, Test::Equals(Value::String(text))) = filter else {
        return None;
    };
    match path.single()? {
        "_id" => Some(("item_id", text)),
        "_owner" => Some(("owner", text)),
        _ => None,
    }
}
