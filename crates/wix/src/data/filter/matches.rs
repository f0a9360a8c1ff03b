//! What a filter means, for one item in memory.

use super::super::order::{compare, equal};
use super::super::{Object, Value};
use super::{Comparison, Filter, Test, TextTest, fold};

impl Filter {
    /// Whether the item is one of those asked for.
    pub fn matches(&self, item: &Object) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(item)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(item)),
            Self::Not(part) => !part.matches(item),
            Self::Field(path, test) => {
                let any =
                    |found: &mut dyn FnMut(&Value) -> bool| path.any(item, &mut |it| found(it));
                test.holds(&any)
            }
        }
    }
}

/// Looks at every value at a path until the argument says true.
type Any<'a> = &'a dyn Fn(&mut dyn FnMut(&Value) -> bool) -> bool;

impl Test {
    fn holds(&self, any: Any<'_>) -> bool {
        match self {
            Self::Equals(Value::Null) => is_empty(any),
            Self::Equals(operand) => any(&mut |value| equals(value, operand)),
            Self::Compares(comparison, operand) => {
                any_element(any, &|value| comparison.holds(value, operand))
            }
            Self::Text(test, operand) => any_element(any, &|value| test.holds(value, operand)),
            Self::AnyOf(operands) => {
                let null = operands.list().contains(&Value::Null);
                (null && is_empty(any))
                    || any(&mut |value| {
                        operands.contain(value)
                            || value.as_array().is_some_and(|elements| {
                                elements.iter().any(|element| operands.contain(element))
                            })
                    })
            }
            Self::AllOf(operands) => operands.iter().all(|operand| match operand {
                Value::Null => is_empty(any),
                _ => any(&mut |value| equals(value, operand)),
            }),
            Self::Exists(wanted) => any(&mut |_| true) == *wanted,
        }
    }
}

/// No value at all, or a `null` among them.
fn is_empty(any: Any<'_>) -> bool {
    let mut missing = true;
    let null = any(&mut |value| {
        missing = false;
        value.elements().contains(&Value::Null)
    });
    null || missing
}

fn equals(value: &Value, operand: &Value) -> bool {
    equal(value, operand)
        || value
            .as_array()
            .is_some_and(|elements| elements.iter().any(|element| equal(element, operand)))
}

fn any_element(any: Any<'_>, holds: &dyn Fn(&Value) -> bool) -> bool {
    any(&mut |value| value.elements().iter().any(holds))
}

impl Comparison {
    fn holds(self, value: &Value, operand: &Value) -> bool {
        if value.kind() != operand.kind() {
            return false;
        }
        let order = compare(value, operand);
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl TextTest {
    fn holds(self, value: &Value, operand: &str) -> bool {
        let Some(text) = value.as_str() else {
            return false;
        };
        let text = fold(text);
        match self {
            Self::Contains => text.contains(operand),
            Self::StartsWith => text.starts_with(operand),
            Self::EndsWith => text.ends_with(operand),
        }
    }
}
