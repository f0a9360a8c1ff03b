//! Reading the parts of a stage, and counting them.
//!
//! A member that is `null` is not there. What is not known is refused.

use super::super::{DataError, FieldPath, Object, Value, limits, path::shown};

/// What was read of a pipeline so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    expressions: usize,
    deepening: usize,
}

impl Reader {
    /// One more expression or projected field.
    pub(super) fn count(&mut self, depth: usize) -> Result<(), DataError> {
        self.expressions += 1;
        let (most, deepest) = (limits::EXPRESSIONS, limits::EXPRESSION_DEPTH);
        if self.expressions > most {
            return Err(DataError::invalid(format!(
                "A pipeline has no more than {most} expressions and fields."
            )));
        }
        if depth > deepest {
            return Err(DataError::invalid(format!(
                "Expressions and projections stand no more than {deepest} deep in each other."
            )));
        }
        Ok(())
    }

    /// A stage makes items deeper. Without a bound, a long pipeline would make one too deep to be written.
    pub(super) fn deepen(&mut self, by: usize) -> Result<(), DataError> {
        self.deepening += by;
        if self.deepening > limits::PIPELINE_DEEPENING {
            return Err(DataError::invalid("The pipeline makes items too deep."));
        }
        Ok(())
    }
}

/// The members of an object.
pub(super) fn object<'value>(
    what: &str,
    value: &'value Value,
) -> Result<&'value Object, DataError> {
    value
        .as_object()
        .ok_or_else(|| DataError::invalid(format!("{what} is an object.")))
}

/// The only member besides those of other names, with its name.
pub(super) fn only<'value>(
    what: &str,
    object: &'value Object,
    besides: &[&str],
) -> Result<(&'value str, &'value Value), DataError> {
    let mut members = object
        .iter()
        .filter(|(name, value)| **value != Value::Null && !besides.contains(&name.as_str()));
    match (members.next(), members.next()) {
        (Some((name, value)), None) => Ok((name.as_str(), value)),
        _ => Err(DataError::invalid(format!(
            "{what} is one thing, and one only."
        ))),
    }
}

/// A member that is a text.
pub(super) fn text<'value>(object: &'value Object, name: &str) -> Option<&'value str> {
    object.get(name).and_then(Value::as_str)
}

/// A member that is a path.
pub(super) fn path(object: &Object, name: &str) -> Result<FieldPath, DataError> {
    text(object, name)
        .ok_or_else(|| DataError::invalid(format!("{name} is the name of a field.")))
        .and_then(FieldPath::parse)
}

/// A member that is a list; one that is not there is empty.
pub(super) fn list<'value>(
    object: &'value Object,
    name: &str,
) -> Result<&'value [Value], DataError> {
    let most = limits::STAGE_ENTRIES;
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) if list.len() <= most => Ok(list),
        Some(_) => Err(DataError::invalid(format!(
            "{name} is a list of at most {most} entries."
        ))),
    }
}

/// Refuses a kind that is not known.
pub(super) fn unknown(what: &str, name: &str) -> DataError {
    let name = shown(name);
    DataError::invalid(format!("Unknown {what} {name}."))
}
