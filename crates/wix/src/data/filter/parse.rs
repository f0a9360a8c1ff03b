//! Reading a filter.
//!
//! `{"price":{"$gt":5,"$lt":9},"$or":[…]}`. A value whose fields begin with `$` is operators; any other
//! value is an operand for equality. A list of operators' operands may be empty.

use std::collections::HashSet;

use super::super::order::equality_key;
use super::super::{DataError, FieldPath, Object, Value, codec::DATE, limits, path::shown};
use super::{Comparison, Filter, Operands, Test, TextTest, fold};

impl Filter {
    /// Reads a filter as the client sends it. `null` is no filter.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0076` if the filter is not valid.
    pub fn parse(filter: &Value) -> Result<Self, DataError> {
        Parser::default().filter(filter, 0)
    }

    /// Reads a filter that may be left out.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0076` if the filter is not valid.
    pub fn parse_optional(filter: Option<&Value>) -> Result<Self, DataError> {
        filter.map_or_else(|| Ok(Self::all()), Self::parse)
    }
}

/// What has been read so far of a filter. Values are counted before they are copied.
#[derive(Default)]
struct Parser {
    /// Terms, operands, and what stands in operands.
    operands: usize,
    /// Bytes of names and texts.
    bytes: usize,
}

impl Parser {
    fn filter(&mut self, filter: &Value, depth: usize) -> Result<Filter, DataError> {
        if depth > limits::FILTER_DEPTH {
            let most = limits::FILTER_DEPTH;
            return Err(DataError::filter(format!(
                "The filter is nested more than {most} deep."
            )));
        }
        let object = match filter {
            Value::Null => return Ok(Filter::all()),
            Value::Object(object) => object,
            _ => return Err(DataError::filter("A filter is an object.")),
        };
        let mut parts = Vec::new();
        for (name, operand) in object {
            parts.push(self.part(name, operand, depth)?);
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => Filter::And(parts),
        })
    }

    fn part(&mut self, name: &str, operand: &Value, depth: usize) -> Result<Filter, DataError> {
        match name {
            "$and" => Ok(Filter::And(self.list(name, operand, depth)?)),
            "$or" => Ok(Filter::Or(self.list(name, operand, depth)?)),
            "$not" => Ok(Filter::Not(Box::new(self.negated(operand, depth)?))),
            "$nor" => Ok(Filter::Not(Box::new(Filter::Or(
                self.list(name, operand, depth)?,
            )))),
            _ if name.starts_with('$') => Err(unknown(name)),
            _ => {
                self.count_bytes(name.len())?;
                let path = FieldPath::parse(name)?;
                self.field(&path, operand, depth)
                    .map_err(|fault| fault.about(&path))
            }
        }
    }

    /// `$not` takes one filter or a list, of which none may match.
    fn negated(&mut self, operand: &Value, depth: usize) -> Result<Filter, DataError> {
        match operand {
            Value::Array(_) => Ok(Filter::Or(self.list("$not", operand, depth)?)),
            _ => self.filter(operand, depth + 1),
        }
    }

    fn list(
        &mut self,
        name: &str,
        operand: &Value,
        depth: usize,
    ) -> Result<Vec<Filter>, DataError> {
        let Value::Array(parts) = operand else {
            return Err(DataError::filter(format!(
                "{name} takes a list of filters."
            )));
        };
        self.count(parts.len())?;
        parts
            .iter()
            .map(|part| self.filter(part, depth + 1))
            .collect()
    }

    fn field(
        &mut self,
        path: &FieldPath,
        operand: &Value,
        depth: usize,
    ) -> Result<Filter, DataError> {
        match operand {
            Value::Object(operators) if is_operators(operators) => {
                let mut parts = Vec::new();
                for (operator, operand) in operators {
                    self.count_bytes(path.bytes())?;
                    parts.push(self.operator(path, operator, operand, depth)?);
                }
                Ok(match parts.len() {
                    1 => parts.swap_remove(0),
                    _ => Filter::And(parts),
                })
            }
            value => self.equals(path, value),
        }
    }

    fn operator(
        &mut self,
        path: &FieldPath,
        operator: &str,
        operand: &Value,
        depth: usize,
    ) -> Result<Filter, DataError> {
        let test = match operator {
            "$eq" => return self.equals(path, operand),
            "$ne" => return Ok(Filter::Not(Box::new(self.equals(path, operand)?))),
            "$lt" => self.comparison(operator, Comparison::Less, operand)?,
            "$lte" | "$le" => self.comparison(operator, Comparison::LessOrEqual, operand)?,
            "$gt" => self.comparison(operator, Comparison::Greater, operand)?,
            "$gte" | "$ge" => self.comparison(operator, Comparison::GreaterOrEqual, operand)?,
            "$contains" => self.text(operator, TextTest::Contains, operand)?,
            "$startsWith" => self.text(operator, TextTest::StartsWith, operand)?,
            "$endsWith" => self.text(operator, TextTest::EndsWith, operand)?,
            "$in" | "$hasSome" => Test::AnyOf(self.operands(operator, operand)?),
            "$nin" => {
                let operands = self.operands(operator, operand)?;
                let part = Filter::Field(path.clone(), Test::AnyOf(operands));
                return Ok(Filter::Not(Box::new(part)));
            }
            "$hasAll" | "$all" => Test::AllOf(self.operands(operator, operand)?.list),
            "$exists" => {
                self.count(1)?;
                Test::Exists(truth(operator, operand)?)
            }
            "$isEmpty" => {
                let empty = self.equals(path, &Value::Null)?;
                return Ok(if truth(operator, operand)? {
                    empty
                } else {
                    Filter::Not(Box::new(empty))
                });
            }
            "$not" => {
                if depth >= limits::FILTER_DEPTH {
                    return self.filter(&Value::Null, depth + 1);
                }
                let part = self.field(path, operand, depth + 1)?;
                return Ok(Filter::Not(Box::new(part)));
            }
            _ => return Err(unknown(operator)),
        };
        Ok(Filter::Field(path.clone(), test))
    }

    fn equals(&mut self, path: &FieldPath, operand: &Value) -> Result<Filter, DataError> {
        self.operand(operand)?;
        Ok(Filter::Field(path.clone(), Test::Equals(operand.clone())))
    }

    fn comparison(
        &mut self,
        operator: &str,
        comparison: Comparison,
        operand: &Value,
    ) -> Result<Test, DataError> {
        self.operand(operand)?;
        match operand {
            Value::Number(_) | Value::String(_) | Value::Date(_) | Value::Bool(_) => {
                Ok(Test::Compares(comparison, operand.clone()))
            }
            _ => Err(DataError::filter(format!(
                "{operator} takes a number, a text, a date or a boolean."
            ))),
        }
    }

    fn text(
        &mut self,
        operator: &str,
        place: TextTest,
        operand: &Value,
    ) -> Result<Test, DataError> {
        self.operand(operand)?;
        match operand {
            Value::String(text) => Ok(Test::Text(place, fold(text))),
            _ => Err(DataError::filter(format!("{operator} takes a text."))),
        }
    }

    fn operands(&mut self, operator: &str, operand: &Value) -> Result<Operands, DataError> {
        let Value::Array(list) = operand else {
            return Err(DataError::filter(format!("{operator} takes a list.")));
        };
        if list.is_empty() {
            self.count(1)?;
        }
        list.iter().try_for_each(|it| self.operand(it))?;
        Ok(Operands::from(list.clone()))
    }

    /// Counts an operand with all that stands in it. Nothing is one that no item can hold: it would be compared with in
    /// vain, and a database may choke on it.
    fn operand(&mut self, operand: &Value) -> Result<(), DataError> {
        self.count(1)?;
        match operand {
            Value::String(text) if text.contains('\0') => {
                Err(DataError::filter("No text holds a NUL character."))
            }
            Value::String(text) => self.count_bytes(text.len()),
            Value::Array(elements) => elements.iter().try_for_each(|it| self.operand(it)),
            Value::Object(object) if object.contains_key(DATE) => Err(DataError::filter(
                "A $date in it is not valid: a date is {\"$date\":\"2024-02-29T12:00:00.000Z\"}, an existing point in time.",
            )),
            Value::Object(object) => object.iter().try_for_each(|(name, value)| {
                if name.contains('\0') || name.starts_with('$') {
                    let name = shown(name);
                    return Err(DataError::filter(format!("No field has the name {name}.")));
                }
                self.count_bytes(name.len())?;
                self.operand(value)
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Date(_) => Ok(()),
        }
    }

    fn count(&mut self, operands: usize) -> Result<(), DataError> {
        self.operands += operands;
        let most = limits::FILTER_OPERANDS;
        if self.operands > most {
            return Err(DataError::filter(format!(
                "The filter holds more than {most} values."
            )));
        }
        Ok(())
    }

    fn count_bytes(&mut self, bytes: usize) -> Result<(), DataError> {
        self.bytes += bytes;
        let most = limits::FILTER_BYTES;
        if self.bytes > most {
            return Err(DataError::filter(format!(
                "The names and texts of the filter have more than {most} bytes."
            )));
        }
        Ok(())
    }
}

/// Longer lists than this are hashed.
const SHORT: usize = 16;

impl From<Vec<Value>> for Operands {
    fn from(list: Vec<Value>) -> Self {
        let hashed =
            (list.len() > SHORT).then(|| list.iter().map(equality_key).collect::<HashSet<_>>());
        Self { list, hashed }
    }
}

impl Operands {
    /// Units of work for a value that is looked for among them.
    pub(super) fn work_of_each(&self) -> u64 {
        match &self.hashed {
            Some(_) => 100,
            None => 15 * self.list.len() as u64,
        }
    }

    /// Whether one of them equals the value.
    pub fn contain(&self, value: &Value) -> bool {
        match &self.hashed {
            Some(hashed) => hashed.contains(&equality_key(value)),
            None => self
                .list
                .iter()
                .any(|operand| super::super::order::equal(operand, value)),
        }
    }
}

/// Fields that begin with `$` are operators; `$date` alone is a value.
fn is_operators(object: &Object) -> bool {
    object
        .keys()
        .any(|name| name.starts_with('$') && name != DATE)
}

fn truth(operator: &str, operand: &Value) -> Result<bool, DataError> {
    match operand {
        Value::Bool(it) => Ok(*it),
        _ => Err(DataError::filter(format!(
            "{operator} takes true or false."
        ))),
    }
}

fn unknown(operator: &str) -> DataError {
    DataError::filter(format!("Unknown operator {}.", shown(operator)))
}
