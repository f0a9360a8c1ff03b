//! What a filter means, for one item in memory.
//!
//! A text is folded once for an item, however many terms look at it. What each term looks at is counted against
//! the request's [`Budget`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::super::budget::Budget;
use super::super::order::{compare, equal};
use super::super::path::VISIT;
use super::super::{DataError, Object, Value};
use super::{Comparison, Filter, Test, TextTest, fold};

/// Units of work for a term, whatever it looks at: finding its field.
const TERM: u64 = 40;
/// Units for a comparison of two values.
const COMPARISON: u64 = 15;
/// Bytes of text that are searched, or compared, in one unit.
const BYTES_SEARCHED: u64 = 4;
/// Units for a byte of text that is folded.
const FOLDED_BYTE: u64 = 4;
/// Work that is done before the budget hears of it.
const UNCOUNTED: u64 = 20_000;

impl Filter {
    /// Whether the item is one of those asked for, however much work that is.
    pub fn matches(&self, item: &Object) -> bool {
        self.matches_within(item, &Budget::unlimited())
            .unwrap_or(false)
    }

    /// Whether the item is one of those asked for, within a budget.
    ///
    /// # Errors
    ///
    /// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
    pub fn matches_within(&self, item: &Object, budget: &Budget) -> Result<bool, DataError> {
        let matching = Matching {
            item,
            budget,
            folded: RefCell::default(),
            work: Cell::new(0),
        };
        let outcome = matching.filter(self)?;
        budget.work(matching.work.get())?;
        Ok(outcome)
    }
}

/// One item that is looked at.
struct Matching<'item> {
    item: &'item Object,
    budget: &'item Budget,
    /// Texts of the item without case, by where they are.
    folded: RefCell<HashMap<*const u8, String>>,
    /// What the budget has not heard of yet.
    work: Cell<u64>,
}

impl Matching<'_> {
    fn filter(&self, filter: &Filter) -> Result<bool, DataError> {
        match filter {
            Filter::And(parts) => {
                for part in parts {
                    if !self.filter(part)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Filter::Or(parts) => {
                for part in parts {
                    if self.filter(part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Filter::Not(part) => Ok(!self.filter(part)?),
            Filter::Field(path, test) => {
                self.count(TERM);
                let any = |found: &mut dyn FnMut(&Value) -> bool| {
                    let mut visits = |elements: u64| self.count(elements * VISIT);
                    path.any_counted(self.item, &mut visits, &mut |it| found(it))
                };
                let holds = self.test(test, &any)?;
                self.report()?;
                Ok(holds)
            }
        }
    }

    fn test(&self, test: &Test, any: Any<'_>) -> Result<bool, DataError> {
        Ok(match test {
            Test::Equals(Value::Null) => self.is_empty(any),
            Test::Equals(operand) => any(&mut |value| self.equals(value, operand)),
            Test::Compares(comparison, operand) => any_element(any, &|value| {
                self.count_comparison(value, operand);
                comparison.holds(value, operand)
            }),
            Test::Text(test, operand) => {
                any_element(any, &|value| self.text(*test, value, operand))
            }
            Test::AnyOf(operands) => {
                let each = operands.work_of_each();
                let contain = |value: &Value| {
                    self.count(each + text_bytes(value) / BYTES_SEARCHED);
                    operands.contain(value)
                };
                (operands.list().contains(&Value::Null) && self.is_empty(any))
                    || any(&mut |value| {
                        contain(value)
                            || value
                                .as_array()
                                .is_some_and(|elements| elements.iter().any(contain))
                    })
            }
            Test::AllOf(operands) => {
                for operand in operands {
                    let is_there = match operand {
                        Value::Null => self.is_empty(any),
                        _ => any(&mut |value| self.equals(value, operand)),
                    };
                    // A list of operands over a list of values is as much as both together allow.
                    self.report()?;
                    if !is_there {
                        return Ok(false);
                    }
                }
                true
            }
            Test::Exists(wanted) => any(&mut |_| true) == *wanted,
        })
    }

    /// No value at all, or a `null` among them.
    fn is_empty(&self, any: Any<'_>) -> bool {
        let mut missing = true;
        let null = any(&mut |value| {
            missing = false;
            self.count(value.elements().len() as u64);
            value.elements().contains(&Value::Null)
        });
        null || missing
    }

    fn equals(&self, value: &Value, operand: &Value) -> bool {
        let equal = |value: &Value| {
            self.count_comparison(value, operand);
            equal(value, operand)
        };
        equal(value)
            || value
                .as_array()
                .is_some_and(|elements| elements.iter().any(equal))
    }

    fn text(&self, place: TextTest, value: &Value, operand: &str) -> bool {
        let Some(text) = value.as_str() else {
            self.count(COMPARISON);
            return false;
        };
        let mut all = self.folded.borrow_mut();
        let folded = all.entry(text.as_ptr()).or_insert_with(|| {
            self.count(text.len() as u64 * FOLDED_BYTE);
            fold(text)
        });
        let searched = match place {
            TextTest::Contains => folded.len(),
            TextTest::StartsWith | TextTest::EndsWith => operand.len(),
        };
        self.count(COMPARISON + searched as u64 / BYTES_SEARCHED);
        match place {
            TextTest::Contains => folded.contains(operand),
            TextTest::StartsWith => folded.starts_with(operand),
            TextTest::EndsWith => folded.ends_with(operand),
        }
    }

    fn count_comparison(&self, value: &Value, operand: &Value) {
        let bytes = text_bytes(value).min(text_bytes(operand));
        self.count(COMPARISON + bytes / BYTES_SEARCHED);
    }

    fn count(&self, units: u64) {
        self.work.set(self.work.get().saturating_add(units));
    }

    /// Charges the budget periodically.
    fn report(&self) -> Result<(), DataError> {
        if self.work.get() >= UNCOUNTED {
            self.budget.work(self.work.replace(0))?;
        }
        Ok(())
    }
}

/// Looks at every value at a path until the argument says true.
type Any<'a> = &'a dyn Fn(&mut dyn FnMut(&Value) -> bool) -> bool;

fn any_element(any: Any<'_>, holds: &dyn Fn(&Value) -> bool) -> bool {
    any(&mut |value| value.elements().iter().any(holds))
}

/// Roughly the bytes that a comparison looks at.
fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(elements) => elements.iter().map(text_bytes).sum::<u64>() + 8,
        Value::Object(object) => object.values().map(text_bytes).sum::<u64>() + 16,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Date(_) => 8,
    }
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
