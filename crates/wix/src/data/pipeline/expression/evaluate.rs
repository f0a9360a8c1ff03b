//! What an expression is, for one item.

use std::borrow::Cow;

use super::super::super::access::take;
use super::super::super::{Budget, DataError, Object, Value};
use super::text::{change_case, concat, length, stringify, substring};
use super::{Expression, OfMany, OfOne, OfTwo};

impl Expression {
    /// The value; `None` for a field that is missing.
    ///
    /// # Errors
    ///
    /// Fails if the result needs too much memory.
    pub fn evaluate<'item>(
        &'item self,
        item: &'item Object,
        budget: &Budget,
    ) -> Result<Option<Cow<'item, Value>>, DataError> {
        Ok(match self {
            Self::Field(path) => take(item, path, budget)?,
            other => Some(Cow::Owned(other.computed(item, budget)?)),
        })
    }

    /// The value, with `null` for what is missing.
    fn value<'item>(
        &'item self,
        item: &'item Object,
        budget: &Budget,
    ) -> Result<Cow<'item, Value>, DataError> {
        let value = self.evaluate(item, budget)?;
        Ok(value.unwrap_or(Cow::Owned(Value::Null)))
    }

    fn number(&self, item: &Object, budget: &Budget) -> Result<Option<f64>, DataError> {
        Ok(self.value(item, budget)?.as_number())
    }

    fn computed(&self, item: &Object, budget: &Budget) -> Result<Value, DataError> {
        Ok(match self {
            Self::Field(_) => self.value(item, budget)?.into_owned(),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
            Self::OfMany(OfMany::Add, operands) => {
                fold(operands, item, budget, 0.0, |sum, number| sum + number)?
            }
            Self::OfMany(OfMany::Multiply, operands) => {
                fold(operands, item, budget, 1.0, |product, number| {
                    product * number
                })?
            }
            Self::OfMany(OfMany::Sum, operands) => sum(operands, item, budget)?,
            Self::OfMany(OfMany::Concat, operands) => {
                concat(operands.iter().map(|operand| operand.value(item, budget)))?
            }
            Self::OfTwo(operation, operands) => {
                let [first, second] = &**operands;
                match (first.number(item, budget)?, second.number(item, budget)?) {
                    (Some(first), Some(second)) => operation.apply(first, second),
                    _ => Value::Null,
                }
            }
            Self::OfOne(operation, operand) => operation.apply(&*operand.value(item, budget)?)?,
            Self::Substring { of, start, length } => {
                let (of, start) = (of.value(item, budget)?, start.value(item, budget)?);
                let length = match length {
                    Some(length) => Some(length.value(item, budget)?),
                    None => None,
                };
                substring(&of, &start, length.as_deref())
            }
        })
    }
}

impl OfTwo {
    fn apply(self, first: f64, second: f64) -> Value {
        // What is divided by zero is not finite, and so becomes `null`.
        Value::from(match self {
            Self::Subtract => first - second,
            Self::Divide => first / second,
            Self::Modulo => first % second,
        })
    }
}

impl OfOne {
    fn apply(self, operand: &Value) -> Result<Value, DataError> {
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
    budget: &Budget,
    start: f64,
    step: impl Fn(f64, f64) -> f64,
) -> Result<Value, DataError> {
    let mut result = start;
    for operand in operands {
        let Some(number) = operand.number(item, budget)? else {
            return Ok(Value::Null);
        };
        result = step(result, number);
    }
    Ok(Value::from(result))
}

/// The sum of the numbers among the operands; of a single list, of its elements.
fn sum(operands: &[Expression], item: &Object, budget: &Budget) -> Result<Value, DataError> {
    let total = |values: &[Value]| values.iter().filter_map(Value::as_number).sum::<f64>();
    if let [single] = operands {
        return Ok(Value::from(total(single.value(item, budget)?.elements())));
    }
    let mut sum = 0.0;
    for operand in operands {
        sum += operand.number(item, budget)?.unwrap_or(0.0);
    }
    Ok(Value::from(sum))
}
