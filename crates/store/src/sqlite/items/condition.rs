//! Conditions as SQL. Conditions on links and on separate columns are SQL; everything else is evaluated
//! of the filter itself.

use backlot_wix::data::{Filter, Value};

use super::query::Statement;
use crate::items::link_condition::LinkConditions;
use crate::items::query::column as filter_column;

impl Statement<'_> {
    pub(super) fn filter(&mut self, filter: &Filter) {
        if !filter.is_all() {
            let condition = self.condition(filter);
            self.text(format_args!(" AND {condition}"));
        }
    }

    /// Conditions on links are SQL; everything else is evaluated by the filter itself.
    fn condition(&mut self, filter: &Filter) -> String {
        if !self.of.collection.definition.has_links_in(filter) {
            return self.item_condition(filter);
        }
        match filter {
            Filter::And(parts) => self.joined(parts, " AND ", "true"),
            Filter::Or(parts) => self.joined(parts, " OR ", "false"),
            Filter::Not(part) => format!("NOT {}", self.condition(part)),
            Filter::Field(path, test) => self.link_condition(path.first(), test),
        }
    }

    /// Values in separate columns are compared there.
    fn item_condition(&mut self, filter: &Filter) -> String {
        if let Some(condition) = self.column_condition(filter) {
            return condition;
        }
        let in_columns = |part: &&Filter| filter_column(part).is_some();
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
        let (column, text) = filter_column(filter)?;
        let text = self.bind(text.to_owned());
        // Unlike `=`, this is false of an item without an owner, and not NULL, so that its opposite is true.
        Some(format!("i.{column} IS {text}"))
    }

    fn joined(&mut self, parts: &[Filter], word: &str, none: &str) -> String {
        let parts = parts.iter().map(|part| self.condition(part)).collect();
        balanced(parts, word, none)
    }
}

impl LinkConditions for Statement<'_> {
    fn all(conditions: Vec<String>) -> String {
        balanced(conditions, " AND ", "true")
    }

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
