//! Queries: a plan, and the SQL that follows it.
//!
//! The text is made of constant pieces; whatever comes from a request is a bound value, or an operand
//! of our own functions.

use std::fmt::Write as _;

use backlot_wix::data::collection::MAX_KEY;
use backlot_wix::data::key::push;
use backlot_wix::data::{Direction, Filter};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::{keys, read_item};
use crate::StoreError;
use crate::items::plan::{self, Order, Plan, Range};
use crate::items::{CollectionRef, Item, ItemQuery, Position};
use crate::sqlite::definitions::current_revision;
use crate::sqlite::functions::Operands;
use crate::sqlite::readers::Reader;

/// A statement in the making.
pub(super) struct Statement<'reader> {
    pub(super) of: &'reader CollectionRef,
    pub(super) operands: &'reader Operands,
    /// Where the order of insertion is read from.
    sequence: &'static str,
    pub(super) sql: String,
    pub(super) values: Vec<Sql>,
}

pub(super) fn find(
    reader: &Reader,
    of: &CollectionRef,
    find: &ItemQuery,
) -> Result<Vec<Item>, StoreError> {
    if !plan::asks_for_exactness(&of.collection, find) {
        // One statement is a snapshot by itself.
        let plan = plan::choose(&of.collection, find, &[]);
        let statement = Statement::find(of, &reader.operands, find, plan.as_ref());
        let found = ask(reader, &statement)?;
        // An index that is ready stays so as long as the collection has this revision.
        if plan.is_none() || is_current(&reader.connection, of)? {
            return Ok(found);
        }
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
    let mut rows = prepared.query(params_from_iter(&statement.values))?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let item = read_item(row)?;
        item.keep_within(&statement.of.budget)?;
        items.push(item);
    }
    Ok(items)
}

/// The plan, by what is known of the indexes in the same snapshot that the items are read from.
pub(super) fn choose<'of>(
    snapshot: &Connection,
    of: &'of CollectionRef,
    find: &ItemQuery,
) -> Result<Option<Plan<'of>>, StoreError> {
    let inexact = if plan::asks_for_exactness(&of.collection, find) {
        keys::inexact(snapshot, of.instance_id, &of.collection)?
    } else {
        Vec::new()
    };
    let plan = plan::choose(&of.collection, find, &inexact);
    // What is not current any more may have lost its keys.
    if plan.is_some() && !is_current(snapshot, of)? {
        return Ok(None);
    }
    Ok(plan)
}

/// Whether the collection still has the revision that it had when it was looked up.
fn is_current(connection: &Connection, of: &CollectionRef) -> Result<bool, StoreError> {
    let current = current_revision(connection, of.instance_id, &of.collection)?;
    Ok(current == Some(of.collection.definition.revision))
}

pub(super) fn count(
    reader: &Reader,
    of: &CollectionRef,
    filter: &Filter,
) -> Result<u64, StoreError> {
    let all = ItemQuery::all(filter.clone(), 0);
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
    pub(super) const fn new(of: &'reader CollectionRef, operands: &'reader Operands) -> Self {
        Self {
            of,
            operands,
            sequence: "i.sequence",
            sql: String::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn find(
        of: &'reader CollectionRef,
        operands: &'reader Operands,
        find: &ItemQuery,
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
    pub(super) fn text(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.sql.write_fmt(text);
    }

    /// Binds a value, and returns its name.
    pub(super) fn bind(&mut self, value: impl Into<Sql>) -> String {
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
        let is_one_key = plan.order == Order::Insertion && plan.prefix.len() <= MAX_KEY;
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

    fn after(&mut self, find: &ItemQuery) {
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

    fn order(&mut self, find: &ItemQuery, by_key: bool) {
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

    fn page(&mut self, find: &ItemQuery) {
        let limit = self.bind(i64::from(find.limit));
        self.text(format_args!(" LIMIT {limit}"));
        if find.offset > 0 {
            let offset = self.bind(i64::try_from(find.offset).unwrap_or(i64::MAX));
            self.text(format_args!(" OFFSET {offset}"));
        }
    }
}
