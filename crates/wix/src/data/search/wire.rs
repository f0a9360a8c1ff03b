//! Reading a search as the client sends it.

use serde::Deserialize;

use super::super::page::{WireCursorPaging, WirePaging};
use super::super::sort::WireSort;
use super::super::{DataError, FieldPath, Filter, Paging, Sort, Value, limits};
use super::{Needs, Search, Words};

/// The body of the request. What is not named here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WireSearch {
    #[serde(default)]
    search: Option<Parts>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    #[serde(default)]
    filter: Option<Value>,
    #[serde(default)]
    sort: Option<Vec<WireSort>>,
    #[serde(default)]
    fields: Option<Vec<String>>,
    #[serde(default)]
    search: Option<Details>,
    #[serde(default)]
    paging: Option<WirePaging>,
    #[serde(default)]
    cursor_paging: Option<WireCursorPaging>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Details {
    #[serde(default)]
    expression: Option<String>,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    fuzzy: Option<bool>,
}

impl Search {
    /// Reads and checks a request.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the request is not valid.
    pub fn read(wire: &WireSearch) -> Result<Self, DataError> {
        let parts = wire
            .search
            .as_ref()
            .ok_or_else(|| DataError::invalid("A search is needed."))?;
        let details = parts.search.clone().unwrap_or_default();
        let expression = details.expression.unwrap_or_default();
        let most = limits::SEARCH_CHARACTERS;
        if expression.chars().count() > most {
            return Err(DataError::invalid(format!(
                "A search expression has no more than {most} characters."
            )));
        }
        let needs = match details.mode.as_deref() {
            None | Some("OR") => Needs::Any,
            Some("AND") => Needs::All,
            Some(_) => return Err(DataError::invalid("A mode is AND or OR.")),
        };
        Ok(Self {
            filter: Filter::parse_optional(parts.filter.as_ref())?,
            sorts: Sort::parse_all(
                parts.sort.as_deref().unwrap_or_default(),
                limits::SORT_FIELDS,
            )?,
            fields: read_fields(parts.fields.as_deref().unwrap_or_default())?,
            words: Words::parse(&expression, details.fuzzy == Some(true)),
            needs,
            paging: Paging::read(parts.paging.as_ref(), parts.cursor_paging.as_ref())?,
        })
    }
}

fn read_fields(fields: &[String]) -> Result<Vec<FieldPath>, DataError> {
    let most = limits::CHOSEN_FIELDS;
    if fields.len() > most {
        return Err(DataError::invalid(format!(
            "No more than {most} fields can be named."
        )));
    }
    let mut paths: Vec<FieldPath> = Vec::with_capacity(fields.len());
    for field in fields {
        let path = FieldPath::parse(field)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(paths)
}
