//! Reading expressions.

use super::super::super::{DataError, FieldPath, Object, Value};
use super::super::reader::{Reader, list, object, only, unknown};
use super::{Expression, OfMany, OfOne, OfTwo};

impl Reader {
    /// Reads the expression in a member of an object.
    pub(in super::super) fn operand(
        &mut self,
        object: &Object,
        name: &str,
        depth: usize,
    ) -> Result<Expression, DataError> {
        match object.get(name) {
            None | Some(Value::Null) => Err(DataError::invalid(format!("{name} is missing."))),
            Some(value) => self.expression(value, depth),
        }
    }

    pub(in super::super) fn expression(
        &mut self,
        value: &Value,
        depth: usize,
    ) -> Result<Expression, DataError> {
        self.count(depth)?;
        let (name, value) = only("An expression", object("An expression", value)?, &[])?;
        match (name, value) {
            ("fieldPath", Value::String(path)) => Ok(Expression::Field(FieldPath::parse(path)?)),
            ("text", Value::String(text)) if !text.contains('\0') => {
                Ok(Expression::Text(text.clone()))
            }
            ("numeric", Value::Number(number)) => Ok(Expression::Number(*number)),
            ("fieldPath" | "text" | "numeric", _) => Err(DataError::invalid(format!(
                "The value of {name} is no such one."
            ))),
            _ => self.operation(name, object(name, value)?, depth + 1),
        }
    }

    fn operation(
        &mut self,
        name: &str,
        operands: &Object,
        depth: usize,
    ) -> Result<Expression, DataError> {
        let operation = match name {
            "add" => OfMany::Add,
            "sum" => OfMany::Sum,
            "multiply" => OfMany::Multiply,
            "concat" => OfMany::Concat,
            "subtract" => return self.two(OfTwo::Subtract, operands, depth),
            "divide" => return self.two(OfTwo::Divide, operands, depth),
            "mod" => return self.two(OfTwo::Modulo, operands, depth),
            "abs" => return self.one(OfOne::Absolute, operands, depth),
            "floor" => return self.one(OfOne::Floor, operands, depth),
            "ceil" => return self.one(OfOne::Ceiling, operands, depth),
            "stringify" => return self.one(OfOne::Stringify, operands, depth),
            "toLower" => return self.one(OfOne::Lower, operands, depth),
            "toUpper" => return self.one(OfOne::Upper, operands, depth),
            "length" => return self.one(OfOne::Length, operands, depth),
            "substring" => return self.substring(operands, depth),
            other => return Err(unknown("expression", other)),
        };
        let operands = list(operands, "expressions")?
            .iter()
            .map(|operand| self.expression(operand, depth))
            .collect::<Result<_, _>>()?;
        Ok(Expression::OfMany(operation, operands))
    }

    fn two(
        &mut self,
        operation: OfTwo,
        operands: &Object,
        depth: usize,
    ) -> Result<Expression, DataError> {
        let first = self.operand(operands, "firstExpression", depth)?;
        let second = self.operand(operands, "secondExpression", depth)?;
        Ok(Expression::OfTwo(operation, Box::new([first, second])))
    }

    fn one(
        &mut self,
        operation: OfOne,
        operands: &Object,
        depth: usize,
    ) -> Result<Expression, DataError> {
        let operand = self.operand(operands, "expression", depth)?;
        Ok(Expression::OfOne(operation, Box::new(operand)))
    }

    fn substring(&mut self, operands: &Object, depth: usize) -> Result<Expression, DataError> {
        let length = match operands.get("lengthExpression") {
            None | Some(Value::Null) => None,
            Some(length) => Some(Box::new(self.expression(length, depth)?)),
        };
        Ok(Expression::Substring {
            of: Box::new(self.operand(operands, "expression", depth)?),
            start: Box::new(self.operand(operands, "startExpression", depth)?),
            length,
        })
    }
}
