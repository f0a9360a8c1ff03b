//! What is computed over the values of a group.
//!
//! Sum and average pass over what is no number: a sum of nothing is 0, an average of nothing `null`.
//! Least and greatest pass over empty values. First and last are those of the first and the last item,
//! be they missing. A result that is not finite is `null`.
//!
//! Source: `MongoDB`, "`$group`"; Wix names the operations and leaves their edges open.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::memory::{Memory, Weigh as _};
use super::super::order::compare;
use super::super::{DataError, Value};

/// An operation over a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// How many items there are.
    Count,
    /// The sum of the numbers.
    Sum,
    /// The mean of the numbers.
    Average,
    /// The least value.
    Least,
    /// The greatest value.
    Greatest,
    /// The value of the first item.
    First,
    /// The value of the last item.
    Last,
    /// All values.
    Push,
}

/// An operation on its way.
#[derive(Debug)]
pub(super) enum Accumulator {
    Count(u64),
    Sum(f64),
    Average { sum: f64, count: u64 },
    Least(Option<Value>),
    Greatest(Option<Value>),
    First(Option<Value>),
    Last(Option<Value>),
    Push(Vec<Value>),
}

impl Operation {
    /// Whether a missing value counts as `null`, instead of not at all.
    pub(super) const fn sees_missing(self) -> bool {
        matches!(self, Self::Count | Self::First | Self::Last)
    }

    pub(super) const fn start(self) -> Accumulator {
        match self {
            Self::Count => Accumulator::Count(0),
            Self::Sum => Accumulator::Sum(0.0),
            Self::Average => Accumulator::Average { sum: 0.0, count: 0 },
            Self::Least => Accumulator::Least(None),
            Self::Greatest => Accumulator::Greatest(None),
            Self::First => Accumulator::First(None),
            Self::Last => Accumulator::Last(None),
            Self::Push => Accumulator::Push(Vec::new()),
        }
    }
}

impl Accumulator {
    pub(super) fn add(
        &mut self,
        memory: &mut Memory,
        operand: Cow<'_, Value>,
    ) -> Result<(), DataError> {
        match self {
            Self::Count(count) => *count += 1,
            Self::Sum(sum) => *sum += operand.as_number().unwrap_or(0.0),
            Self::Average { sum, count } => {
                if let Some(number) = operand.as_number() {
                    *sum += number;
                    *count += 1;
                }
            }
            Self::Least(best) => {
                if better(best.as_ref(), &operand, Ordering::is_lt) {
                    replace(best, memory, operand)?;
                }
            }
            Self::Greatest(best) => {
                if better(best.as_ref(), &operand, Ordering::is_gt) {
                    replace(best, memory, operand)?;
                }
            }
            Self::First(first) => {
                if first.is_none() {
                    replace(first, memory, operand)?;
                }
            }
            Self::Last(last) => replace(last, memory, operand)?,
            Self::Push(values) => {
                memory.take(operand.weight())?;
                values.push(operand.into_owned());
            }
        }
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers are doubles, as in JavaScript"
    )]
    pub(super) fn finish(self) -> Value {
        match self {
            Self::Count(count) => Value::from(count as f64),
            Self::Sum(sum) => Value::from(sum),
            Self::Average { count: 0, .. } => Value::Null,
            Self::Average { sum, count } => Value::from(sum / count as f64),
            Self::Least(value) | Self::Greatest(value) | Self::First(value) | Self::Last(value) => {
                value.unwrap_or(Value::Null)
            }
            Self::Push(values) => Value::Array(values),
        }
    }
}

fn better(best: Option<&Value>, operand: &Value, wanted: impl FnOnce(Ordering) -> bool) -> bool {
    *operand != Value::Null && best.is_none_or(|best| wanted(compare(operand, best)))
}

fn replace(
    slot: &mut Option<Value>,
    memory: &mut Memory,
    operand: Cow<'_, Value>,
) -> Result<(), DataError> {
    if let Some(old) = slot.take() {
        memory.release(old.weight());
    }
    memory.take(operand.weight())?;
    *slot = Some(operand.into_owned());
    Ok(())
}
