//! Orders as SQL. How values sort is said by `backlot_wix::data::order`; here the same is said again.
//!
//! An item sorts by one value a field: its kind, then a number (dates and booleans are numbers here), then a
//! text by code point. Objects and lists do not sort among themselves.

use std::fmt::Write as _;

use backlot_wix::data::value::Kind;
use backlot_wix::data::{Direction, Sort, Value};
use tokio_postgres::types::Type;

use super::select_builder::SelectBuilder;
use crate::items::{ItemQuery, Position};

/// A kind's place among the kinds: see [`Kind`].
const KIND: &str = "CASE jsonb_typeof(v) WHEN 'number' THEN 1 WHEN 'string' THEN 2
    WHEN 'object' THEN CASE WHEN v ? '$date' THEN 6 ELSE 3 END
    WHEN 'array' THEN 4 WHEN 'boolean' THEN 5 ELSE 0 END";
const NUMBER: &str = "CASE jsonb_typeof(v) WHEN 'number' THEN v::numeric
    WHEN 'boolean' THEN v::boolean::int::numeric WHEN 'object' THEN (v ->> '$date')::numeric END";
const TEXT: &str = "CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' END";

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    }
}

impl SelectBuilder<'_> {
    /// Finds the values that items sort by, as `s0`, `s1` …: of several the first one in the order.
    pub(super) fn sort_values(&mut self, sorts: &[Sort]) {
        for (place, sort) in sorts.iter().enumerate() {
            let (elements, word) = (self.elements_at(&sort.path), word(sort.direction));
            // Writing to a string does not fail.
            let _ = write!(
                self.from,
                " LEFT JOIN LATERAL (
                    SELECT {KIND} AS kind, {NUMBER} AS number, ({TEXT}) COLLATE \"C\" AS word
                    FROM {elements} AS v ORDER BY 1 {word}, 2 {word}, 3 {word} LIMIT 1
                  ) AS s{place} ON true"
            );
        }
    }

    /// Only what comes after a position.
    pub(super) fn after(&mut self, find: &ItemQuery, sorts: &[Sort]) {
        let Some(Position { values, sequence }) = &find.after else {
            return;
        };
        let sequence = self.bind(*sequence, Type::INT8);
        let mut condition = match find.tie() {
            Direction::Ascending => format!("i.sequence > {sequence}"),
            Direction::Descending => format!("i.sequence < {sequence}"),
        };
        let fields = sorts.iter().zip(values).enumerate();
        for (place, (sort, value)) in fields.rev() {
            let (beyond, same) = self.beside(place, sort.direction, value);
            condition = format!("({beyond} OR ({same} AND {condition}))");
        }
        self.conditions.push(condition);
    }

    /// Whether an item stands after a value, and whether it stands where the value does.
    fn beside(&mut self, place: usize, direction: Direction, value: &Value) -> (String, String) {
        let sign = match direction {
            Direction::Ascending => '>',
            Direction::Descending => '<',
        };
        let kind = format!("coalesce(s{place}.kind, 0)");
        let own = self.bind(i32::from(value.kind() as u8), Type::INT4);
        let (column, bound) = match value {
            Value::Number(_) => {
                let bound = self.bind_json(value);
                (format!("s{place}.number"), format!("{bound}::numeric"))
            }
            Value::Bool(it) => {
                let bound = self.bind(i64::from(*it), Type::INT8);
                (format!("s{place}.number"), bound)
            }
            Value::Date(date) => {
                let bound = self.bind(date.milliseconds(), Type::INT8);
                (format!("s{place}.number"), bound)
            }
            Value::String(text) => {
                let bound = self.bind_text(text.as_str());
                (format!("s{place}.word"), bound)
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {
                debug_assert!(value.kind() <= Kind::Array);
                return (format!("{kind} {sign} {own}"), format!("{kind} = {own}"));
            }
        };
        (
            format!("({kind} {sign} {own} OR ({kind} = {own} AND {column} {sign} {bound}))"),
            format!("({kind} = {own} AND {column} = {bound})"),
        )
    }

    pub(super) fn order(&mut self, find: &ItemQuery, sorts: &[Sort], by_key: bool) {
        let tie = word(find.tie());
        let order = if let Some(seed) = find.random {
            let seed = self.bind_text(seed.to_string());
            // As SQLite has it, too.
            format!("sha256(convert_to({seed} || ' ' || i.item_id, 'UTF8')), i.sequence")
        } else if by_key {
            format!("k.key {tie}, k.sequence {tie}")
        } else {
            let mut order = String::new();
            for (place, sort) in sorts.iter().enumerate() {
                let word = word(sort.direction);
                let _ = write!(
                    order,
                    "coalesce(s{place}.kind, 0) {word}, s{place}.number {word}, s{place}.word {word}, "
                );
            }
            format!("{order}i.sequence {tie}")
        };
        let _ = write!(self.tail, " ORDER BY {order}");
    }

    pub(super) fn page(&mut self, find: &ItemQuery) {
        let limit = self.bind(i64::from(find.limit), Type::INT8);
        let _ = write!(self.tail, " LIMIT {limit}");
        if find.offset > 0 {
            let offset = i64::try_from(find.offset).unwrap_or(i64::MAX);
            let offset = self.bind(offset, Type::INT8);
            let _ = write!(self.tail, " OFFSET {offset}");
        }
    }
}
