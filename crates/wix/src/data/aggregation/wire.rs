//! Reading an aggregation as the client sends it.

use serde::Deserialize;

use super::super::grouping::{Operation, distinct_names, key_name, result_name};
use super::super::page::{WireCursorPaging, WirePaging};
use super::super::sort::WireSort;
use super::super::{DataError, FieldPath, Filter, Paging, Sort, Value, limits};
use super::{Aggregation, Computed, names::Names};

/// The body of the request. What is not named here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireAggregation {
    #[serde(default)]
    initial_filter: Option<Value>,
    #[serde(default)]
    aggregation: Option<WireGroups>,
    #[serde(default)]
    final_filter: Option<Value>,
    #[serde(default)]
    sort: Option<Vec<WireSort>>,
    #[serde(default)]
    paging: Option<WirePaging>,
    #[serde(default)]
    cursor_paging: Option<WireCursorPaging>,
    #[serde(default)]
    return_total_count: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireGroups {
    #[serde(default)]
    grouping_fields: Option<Vec<String>>,
    #[serde(default)]
    operations: Option<Vec<WireOperation>>,
}

/// One of the operations is there; which one, is its meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireOperation {
    #[serde(default)]
    result_field_name: Option<String>,
    #[serde(default)]
    average: Option<Operand>,
    #[serde(default)]
    min: Option<Operand>,
    #[serde(default)]
    max: Option<Operand>,
    #[serde(default)]
    sum: Option<Operand>,
    #[serde(default)]
    item_count: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operand {
    #[serde(default)]
    item_field_name: Option<String>,
}

impl Aggregation {
    /// Reads and checks a request.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the request is not valid.
    pub fn read(wire: &WireAggregation) -> Result<Self, DataError> {
        let empty = WireGroups::default();
        let groups = wire.aggregation.as_ref().unwrap_or(&empty);
        let grouping = read_grouping(groups.grouping_fields.as_deref().unwrap_or_default())?;
        let results = read_operations(groups.operations.as_deref().unwrap_or_default())?;
        let names = Names {
            key: grouping.iter().map(|(name, _)| name.as_str()).collect(),
            results: results.iter().map(|result| result.name.as_str()).collect(),
        };
        let sorts = Sort::parse_all(
            wire.sort.as_deref().unwrap_or_default(),
            limits::SORT_FIELDS,
        )?;
        let sorts = sorts
            .into_iter()
            .flat_map(|sort| names.resolve_sort(sort))
            .collect();
        let last = Filter::parse_optional(wire.final_filter.as_ref())?
            .with_paths(&mut |path| names.resolve(path));
        Ok(Self {
            initial: Filter::parse_optional(wire.initial_filter.as_ref())?,
            last,
            sorts,
            paging: Paging::read(wire.paging.as_ref(), wire.cursor_paging.as_ref())?,
            wants_total: wire.return_total_count == Some(true),
            grouping,
            results,
        })
    }
}

fn read_grouping(fields: &[String]) -> Result<Vec<(String, FieldPath)>, DataError> {
    let most = limits::GROUPING_FIELDS;
    if fields.len() > most {
        return Err(DataError::invalid(format!(
            "Items can be grouped by no more than {most} fields."
        )));
    }
    fields
        .iter()
        .map(|field| Ok((key_name(field)?, FieldPath::parse(field)?)))
        .collect()
}

fn read_operations(operations: &[WireOperation]) -> Result<Vec<Computed>, DataError> {
    let most = limits::AGGREGATE_OPERATIONS;
    if operations.len() > most {
        return Err(DataError::invalid(format!(
            "An aggregation has no more than {most} operations."
        )));
    }
    let results = operations
        .iter()
        .map(WireOperation::read)
        .collect::<Result<Vec<_>, _>>()?;
    distinct_names(results.iter().map(|result| result.name.as_str()))?;
    Ok(results)
}

impl WireOperation {
    fn read(&self) -> Result<Computed, DataError> {
        let name = result_name(self.result_field_name.as_deref())?;
        let count = self
            .item_count
            .is_some()
            .then_some((Operation::Count, None));
        let over = |operation, operand: &Option<Operand>| {
            operand.clone().map(|operand| (operation, Some(operand)))
        };
        let mut found = [
            count,
            over(Operation::Average, &self.average),
            over(Operation::Least, &self.min),
            over(Operation::Greatest, &self.max),
            over(Operation::Sum, &self.sum),
        ]
        .into_iter()
        .flatten();
        let (Some((operation, operand)), None) = (found.next(), found.next()) else {
            return Err(DataError::invalid(format!(
                "The result {name} needs one of average, min, max, sum and itemCount."
            )));
        };
        let of = match operand {
            None => None,
            Some(operand) => Some(FieldPath::parse(&operand.item_field_name.ok_or_else(
                || DataError::invalid(format!("The result {name} needs an itemFieldName.")),
            )?)?),
        };
        Ok(Computed {
            name,
            operation,
            of,
        })
    }
}
