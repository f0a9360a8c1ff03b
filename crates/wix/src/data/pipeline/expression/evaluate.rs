//! What an expression is, for one item.

use std::borrow::Cow;

use super::super::super::access::take;
use super::super::super::{Fault, Object, Value};
use super::text::{change_case, concat, length, stringify, substring};
use super::{Expression, OfMany, OfOne, OfTwo};

impl Expression {
    /// The value; `None` for a field that is missing.
    pub fn evaluate<'item>(
        &'item self,
        item: &'item Object,
    ) -> Result<Option<Cow<'item, Value>>, Fault> {
        Ok(match self {
            Self::Field(path) => take(item, path),
            other => Some(Cow::Owned(other.computed(item)?)),
        })
    }

    /// The value, with `null` for what is missing.
    fn value<'item>(&'item self, item: &'item Object) -> Result<Cow<'item, Value>, Fault> {
        let value = self.evaluate(item)?;
        Ok(value.unwrap_or(Cow::Owned(Value::Null)))
    }

    fn number(&self, item: &Object) -> Result<Option<f64>, Fault> {
        Ok(self.value(item)?.as_number())
    }

    fn computed(&self, item: &Object) -> Result<Value, Fault> {
        Ok(match self {
            Self::Field(_) => self.value(item)?.into_owned(),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::OfMany(OfMany::Add, operands) => {
                fold(operands, item, 0.0, |sum, number| sum + number)?
            }
            Self::OfMany(OfMany::Multiply, operands) => {
                fold(operands, item, 1.0, |product, number| product * number)?
            }
            Self::OfMany(OfMany::Sum, operands) => sum(operands, item)?,
            Self::OfMany(OfMany::Concat, operands) => {
                concat(operands.iter().map(|operand| operand.value(item)))?
            }
            Self::OfTwo(operation, operands) => {
                let [first, second] = &**operands;
                match (first.number(item)?, second.number(item)?) {
                    (Some(first), Some(second)) => operation.of(first, second),
                    _ => Value::Null,
                }
            }
            Self::OfOne(operation, operand) => operation.of(&*operand.value(item)?)?,
            Self::Substring { of, start, length } => {
                let (of, start) = (of.value(item)?, start.value(item)?);
                let length = match length {
                    Some(length) => Some(length.value(item)?),
                    None => None,
                };
                substring(&of, &start, length.as_deref())
            }
        })
    }
}

impl OfTwo {
    fn of(self, first: f64, second: f64) -> Value {
        // What is divided by zero is not finite, and so becomes `null`.
        Value::from(match self {
            Self::Subtract => first - second,
            Self::Divide => first / second,
            Self::Modulo => first % second,
        })
    }
}

impl OfOne {
    fn of(self, operand: &Value) -> Result<Value, Fault> {
        let number = |change: fn(f64) -> f64| {
            let number = operand.as_number().map(change);
            Ok(number.map_or(Value::Null, Value::from))
        };
        match self {
            Self::Absolute => number(f64::abs),
            Self::Floor => number(f64::floor),
            Self::Ceiling => number(f64::ceil),
            Self::Stringify => stringify(operand),
            Self::Lower => change_case(operand, str::to_lowercase),
            Self::Upper => change_case(operand, str::to_uppercase),
            Self::Length => Ok(length(operand)),
        }
    }
}

fn fold(
    operands: &[Expression],
    item: &Object,
    start: f64,
    step: impl Fn(f64, f64) -> f64,
) -> Result<Value, Fault> {
    let mut result = start;
    for operand in operands {
        let Some(number) = operand.number(item)? else {
            return Ok(Value::Null);
        };
        result = step(result, number);
    }
    Ok(Value::from(result))
}

/// The sum of the numbers among the operands; of a single list, of its elements.
fn sum(operands: &[Expression], item: &Object) -> Result<Value, Fault> {
    let total = |values: &[Value]| values.iter().filter_map(Value::as_number).sum::<f64>();
    if let [single] = operands {
        return Ok(Value::from(total(single.value(item)?.elements())));
    }
    let mut sum = 0.0;
    for operand in operands {
        sum += operand.number(item)?.unwrap_or(0.0);
    }
    Ok(Value::from(sum))
}
