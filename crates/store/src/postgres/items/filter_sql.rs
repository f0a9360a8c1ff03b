//! Filters as SQL. What a filter means is said by `Filter::matches`; here the same is said again.
//!
//! Every condition is true or false, never NULL, so that `NOT` is its opposite.

use backlot_wix::data::collection::reference_id;
use backlot_wix::data::filter::{Comparison, Test, TextTest};
use backlot_wix::data::{FieldPath, Filter, Value};
use tokio_postgres::types::Type;

use super::select_builder::{COLLECTION, SelectBuilder, TENANT};
use crate::items::link_condition::LinkConditions;

/// The owner that a condition requires, if it does. The owner is in a separate column, which has an
/// index; NULL is not true there, which is enough where nothing is turned around.
fn owner(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Field(path, Test::Equals(Value::String(owner)))
            if path.single() == Some("_owner") =>
        {
            Some(owner)
        }
        _ => None,
    }
}

impl SelectBuilder<'_> {
    pub(super) fn filter(&mut self, filter: &Filter) {
        for part in filter.conjuncts() {
            let condition = match owner(part) {
                Some(owner) => format!("i.owner = {}", self.bind_text(owner)),
                None => self.condition(part),
            };
            self.conditions.push(condition);
        }
    }

    fn condition(&mut self, filter: &Filter) -> String {
        match filter {
            Filter::And(parts) => self.joined(parts, " AND ", "true"),
            Filter::Or(parts) => self.joined(parts, " OR ", "false"),
            Filter::Not(part) => format!("(NOT {})", self.condition(part)),
            Filter::Field(path, test) => {
                let definition = &self.of.collection.definition;
                if definition.multi_reference(path.first()).is_some() {
                    self.link_condition(path.first(), test)
                } else {
                    self.test(path, test)
                }
            }
        }
    }

    fn joined(&mut self, parts: &[Filter], word: &str, none: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect();
        join(&parts, word, none)
    }

    fn test(&mut self, path: &FieldPath, test: &Test) -> String {
        match test {
            Test::Equals(Value::Null) => self.is_empty(path),
            Test::Equals(operand) => self.equals(path, operand),
            Test::Compares(comparison, operand) => self.compares(path, *comparison, operand),
            Test::Text(test, operand) => self.text_test(path, *test, operand),
            Test::AnyOf(operands) => self.any_of(path, operands.list()),
            Test::AllOf(operands) => self.all_of(path, operands),
            Test::Exists(wanted) => {
                let path = self.json_path(path, "");
                let not = if *wanted { "" } else { "NOT " };
                format!("({not}jsonb_path_exists(i.data, {path}))")
            }
        }
    }

    /// No value at all, or a `null` among them.
    fn is_empty(&mut self, path: &FieldPath) -> String {
        if let Some(name) = path.single() {
            let name = self.bind_text(name);
            return format!("coalesce((i.data -> {name}) @> 'null', true)");
        }
        let (elements, path) = (self.elements_at(path), self.json_path(path, ""));
        format!(
            "(NOT jsonb_path_exists(i.data, {path})
              OR EXISTS (SELECT 1 FROM {elements} AS e WHERE e = 'null'))"
        )
    }

    fn equals(&mut self, path: &FieldPath, operand: &Value) -> String {
        let bound = self.bind_json(operand);
        match (path.single(), operand) {
            // What contains a plain value is that value, or a list with that element.
            (Some(name), Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                let name = self.bind_text(name);
                format!("coalesce((i.data -> {name}) @> {bound}, false)")
            }
            (_, Value::Array(_)) => {
                let all = self.with_lists(path);
                format!("EXISTS (SELECT 1 FROM ({all}) AS e(value) WHERE e.value = {bound})")
            }
            _ => {
                let elements = self.elements_at(path);
                format!("EXISTS (SELECT 1 FROM {elements} AS e WHERE e = {bound})")
            }
        }
    }

    /// The elements at a path, and the lists themselves.
    fn with_lists(&mut self, path: &FieldPath) -> String {
        let (elements, values) = (self.elements_at(path), self.values_at(path));
        format!("SELECT {elements} UNION ALL SELECT {values}")
    }

    /// What operands are compared with: lists are looked at as a whole only where an operand is one.
    fn compared_with(&mut self, path: &FieldPath, operands: &[Value]) -> String {
        if operands.iter().any(|it| it.as_array().is_some()) {
            self.with_lists(path)
        } else {
            format!("SELECT {}", self.elements_at(path))
        }
    }

    fn any_of(&mut self, path: &FieldPath, operands: &[Value]) -> String {
        let (all, list) = (
            self.compared_with(path, operands),
            self.bind_json_list(operands),
        );
        let any =
            format!("EXISTS (SELECT 1 FROM ({all}) AS e(value) WHERE e.value = ANY ({list}))");
        if operands.contains(&Value::Null) {
            let empty = self.is_empty(path);
            return format!("({any} OR {empty})");
        }
        any
    }

    fn all_of(&mut self, path: &FieldPath, operands: &[Value]) -> String {
        let (all, list) = (
            self.compared_with(path, operands),
            self.bind_json_list(operands.iter().filter(|it| **it != Value::Null)),
        );
        let every = format!("(ARRAY({all}) @> {list})");
        if operands.contains(&Value::Null) {
            let empty = self.is_empty(path);
            return format!("({every} AND {empty})");
        }
        every
    }

    fn compares(&mut self, path: &FieldPath, comparison: Comparison, operand: &Value) -> String {
        let sign = match comparison {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        // Two of one kind compare as jsonb, but for texts, whose order would be the server's language's.
        let condition = match operand {
            Value::Number(_) => {
                let bound = self.bind_json(operand);
                format!("jsonb_typeof(e) = 'number' AND e {sign} {bound}")
            }
            Value::Bool(_) => {
                let bound = self.bind_json(operand);
                format!("jsonb_typeof(e) = 'boolean' AND e {sign} {bound}")
            }
            Value::Date(_) => {
                let bound = self.bind_json(operand);
                format!("jsonb_typeof(e) = 'object' AND e ? '$date' AND e {sign} {bound}")
            }
            Value::String(text) => {
                let bound = self.bind_text(text.as_str());
                format!(
                    "jsonb_typeof(e) = 'string' AND (e #>> '{{}}') COLLATE \"C\" {sign} {bound}"
                )
            }
            // Those do not sort among themselves: each is as great as the other.
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let name = match operand {
                    Value::Null => "null",
                    Value::Array(_) => "array",
                    _ => "object",
                };
                let equal = matches!(
                    comparison,
                    Comparison::LessOrEqual | Comparison::GreaterOrEqual
                );
                let bound = self.bind_text(name);
                format!("{equal} AND jsonb_typeof(e) = {bound} AND NOT e ? '$date'")
            }
        };
        let elements = self.elements_at(path);
        format!("EXISTS (SELECT 1 FROM {elements} AS e WHERE {condition})")
    }

    fn text_test(&mut self, path: &FieldPath, test: TextTest, operand: &str) -> String {
        let (elements, bound) = (self.elements_at(path), self.bind_text(operand));
        // As `fold` has it: a sigma at the end of a word is the same letter.
        let folded =
            r#"(translate(lower((e #>> '{}') COLLATE "und-x-icu"), 'ς', 'σ') COLLATE "C")"#;
        let condition = match test {
            TextTest::Contains => format!("strpos({folded}, {bound}) > 0"),
            TextTest::StartsWith => format!("starts_with({folded}, {bound})"),
            TextTest::EndsWith => format!("right({folded}, char_length({bound})) = {bound}"),
        };
        format!(
            "EXISTS (SELECT 1 FROM {elements} AS e WHERE jsonb_typeof(e) = 'string' AND {condition})"
        )
    }
}

impl LinkConditions for SelectBuilder<'_> {
    fn all(conditions: Vec<String>) -> String {
        join(&conditions, " AND ", "true")
    }

    fn linked(&mut self, field: &str, to: Option<&[Value]>) -> String {
        let field = self.bind_text(field);
        let to = match to {
            None => String::new(),
            Some(values) => {
                let ids: Vec<String> = values
                    .iter()
                    .filter_map(reference_id)
                    .map(str::to_owned)
                    .collect();
                let ids = self.bind(ids, Type::TEXT_ARRAY);
                format!(" AND l.referenced_id = ANY ({ids})")
            }
        };
        format!(
            "EXISTS (SELECT 1 FROM item_links AS l WHERE l.instance_id = {TENANT}
             AND l.collection = {COLLECTION} AND l.field = {field} AND l.item_id = i.item_id{to} OFFSET 0)"
        )
    }
}

/// The parts with a word between them.
fn join(parts: &[String], word: &str, none: &str) -> String {
    if parts.is_empty() {
        return none.to_owned();
    }
    format!("({})", parts.join(word))
}
