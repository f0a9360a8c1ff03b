//! Reading what to sort by: `[{"fieldName":"price","order":"DESC"}]`.
//!
//! An order that is left out is ascending.

use serde::Deserialize;

use super::{DataError, Direction, FieldPath, Sort, Value, path::shown};

/// A field to sort by, as it is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireSort {
    #[serde(default)]
    field_name: Option<String>,
    #[serde(default)]
    order: Option<Value>,
}

impl Sort {
    /// Reads a list of at most so many.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if a sort is not valid.
    pub fn parse_all(list: &[WireSort], most: usize) -> Result<Vec<Self>, DataError> {
        if list.len() > most {
            return Err(DataError::invalid(format!(
                "No more than {most} fields can be sorted by."
            )));
        }
        list.iter()
            .map(|sort| Self::parse(sort.field_name.as_deref(), sort.order.as_ref()))
            .collect()
    }

    pub(super) fn parse(field: Option<&str>, order: Option<&Value>) -> Result<Self, DataError> {
        let field = field.ok_or_else(|| DataError::invalid("A sort needs a fieldName."))?;
        Ok(Self {
            path: FieldPath::parse(field)?,
            direction: Direction::parse(order)?,
        })
    }
}

impl Direction {
    /// Reads `ASC` or `DESC`; nothing is ascending.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the direction is not valid.
    pub fn parse(order: Option<&Value>) -> Result<Self, DataError> {
        match order {
            None | Some(Value::Null) => Ok(Self::Ascending),
            Some(Value::String(order)) if order == "ASC" => Ok(Self::Ascending),
            Some(Value::String(order)) if order == "DESC" => Ok(Self::Descending),
            Some(Value::String(order)) => {
                let order = shown(order);
                Err(DataError::invalid(format!(
                    "An order is ASC or DESC, not {order}."
                )))
            }
            Some(_) => Err(DataError::invalid("An order is ASC or DESC.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, most: usize) -> Result<Vec<Sort>, DataError> {
        Sort::parse_all(&serde_json::from_str::<Vec<WireSort>>(json).unwrap(), most)
    }

    #[test]
    fn directions() {
        for (json, direction) in [
            (r#"[{"fieldName":"a.b"}]"#, Direction::Ascending),
            (
                r#"[{"fieldName":"a.b","order":null}]"#,
                Direction::Ascending,
            ),
            (
                r#"[{"fieldName":"a.b","order":"ASC"}]"#,
                Direction::Ascending,
            ),
            (
                r#"[{"fieldName":"a.b","order":"DESC"}]"#,
                Direction::Descending,
            ),
        ] {
            let sorts = read(json, 1).unwrap();
            assert_eq!(sorts[0].direction, direction);
            assert_eq!(sorts[0].path.to_string(), "a.b");
        }
    }

    #[test]
    fn refused() {
        for json in [
            "[{}]",
            r#"[{"fieldName":""}]"#,
            r#"[{"fieldName":"a","order":"asc"}]"#,
            r#"[{"fieldName":"a","order":1}]"#,
            r#"[{"fieldName":"a"},{"fieldName":"b"}]"#,
        ] {
            assert!(read(json, 1).is_err(), "{json}");
        }
    }
}
