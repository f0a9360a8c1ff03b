//! What is computed of an item: `{"add":{"expressions":[{"fieldPath":"price"},{"numeric":5}]}}`.
//!
//! An operand that is missing, or of another kind than the operation takes, makes the result `null`, with
//! two exceptions: `sum` passes over what is no number, and `toLower` and `toUpper` make `""` of nothing.
//! So does a division by zero, and a result that is not finite. Texts are counted in code points.
//!
//! Source: the types of the client for the operations; their edges are as in `MongoDB`, except that
//! nothing stops the pipeline. A field that is missing is `null` here, and left out where it would be
//! the value of a field.

mod evaluate;
mod parse;
mod text;

use super::super::FieldPath;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Expression {
    /// `fieldPath`
    Field(FieldPath),
    /// `text`
    Text(String),
    /// `numeric`
    Number(f64),
    /// Of several operands.
    OfMany(OfMany, Vec<Self>),
    /// Of two operands.
    OfTwo(OfTwo, Box<[Self; 2]>),
    /// Of one operand.
    OfOne(OfOne, Box<Self>),
    /// `substring`: of a text, from a place, of a length or to its end.
    Substring {
        /// The text.
        of: Box<Self>,
        /// Where it begins, counted from 0.
        start: Box<Self>,
        /// How long it is.
        length: Option<Box<Self>>,
    },
}

/// An operation on any number of operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfMany {
    /// `add`
    Add,
    /// `sum`
    Sum,
    /// `multiply`
    Multiply,
    /// `concat`
    Concat,
}

/// An operation on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfTwo {
    /// `subtract`
    Subtract,
    /// `divide`
    Divide,
    /// `mod`
    Modulo,
}

/// An operation on one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfOne {
    /// `abs`
    Absolute,
    /// `floor`
    Floor,
    /// `ceil`
    Ceiling,
    /// `stringify`
    Stringify,
    /// `toLower`
    Lower,
    /// `toUpper`
    Upper,
    /// `length`
    Length,
}

#[cfg(test)]
mod tests;
