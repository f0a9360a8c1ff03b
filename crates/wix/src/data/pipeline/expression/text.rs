//! Expressions on texts.
//!
//! No text becomes longer than an item may be: a chain of joins could otherwise double it at every step.

use std::borrow::Cow;

use super::super::super::memory::too_much;
use super::super::super::page::whole;
use super::super::super::{DataError, Value, limits};

fn checked(text: String) -> Result<Value, DataError> {
    if text.len() > limits::ITEM_BYTES {
        return Err(too_much());
    }
    Ok(Value::String(text))
}

pub(super) fn concat<'item>(
    operands: impl Iterator<Item = Result<Cow<'item, Value>, DataError>>,
) -> Result<Value, DataError> {
    let mut joined = String::new();
    for operand in operands {
        let operand = operand?;
        let Some(text) = operand.as_str() else {
            return Ok(Value::Null);
        };
        if joined.len() + text.len() > limits::ITEM_BYTES {
            return Err(too_much());
        }
        joined.push_str(text);
    }
    Ok(Value::String(joined))
}

/// Texts as they are, dates as they are written, anything else as JSON; nothing of nothing.
pub(super) fn stringify(operand: &Value) -> Result<Value, DataError> {
    match operand {
        Value::Null => Ok(Value::Null),
        Value::String(text) => checked(text.clone()),
        Value::Date(date) => checked(date.to_string()),
        other => match serde_json::to_string(other) {
            Ok(json) => checked(json),
            Err(_) => Ok(Value::Null),
        },
    }
}

/// `""` of nothing; numbers and dates are made texts first, as `MongoDB` has it.
pub(super) fn change_case(operand: &Value, change: fn(&str) -> String) -> Result<Value, DataError> {
    match operand {
        Value::Null => Ok(Value::from("")),
        Value::String(text) => checked(change(text)),
        Value::Number(_) | Value::Date(_) => match stringify(operand)? {
            Value::String(text) => checked(change(&text)),
            other => Ok(other),
        },
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Ok(Value::Null),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers are doubles, as in JavaScript"
)]
pub(super) fn length(operand: &Value) -> Value {
    operand
        .as_str()
        .map_or(Value::Null, |text| Value::from(text.chars().count() as f64))
}

pub(super) fn substring(of: &Value, start: &Value, length: Option<&Value>) -> Value {
    let text = match of {
        Value::Null => "",
        Value::String(text) => text,
        _ => return Value::Null,
    };
    let count = |number: &Value| whole(number).and_then(|number| usize::try_from(number).ok());
    let Some(start) = count(start) else {
        return Value::Null;
    };
    let characters = text.chars().skip(start);
    Value::String(match length.map(count) {
        None => characters.collect(),
        Some(Some(length)) => characters.take(length).collect(),
        Some(None) => return Value::Null,
    })
}
