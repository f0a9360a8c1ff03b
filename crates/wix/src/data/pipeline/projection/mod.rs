//! `projection`: which fields an item keeps, and which it gets.
//!
//! With an included field, an item keeps those and its `_id`; with an excluded one, it keeps all others.
//! With both it keeps what is included and not excluded. With computed fields only, it keeps its `_id`
//! and gets those. `_id` can be excluded in each case.
//!
//! `reshape` puts the value of an expression to a field; a value that is missing makes no field.
//! `projectNested` projects the object in a field. Its names are those inside of that object; its
//! expressions see the whole item. If there is no such object, one is made of what is computed. Of a list,
//! each object in it is projected.
//!
//! Source: Wix Data, "`ProjectStage`"; mixing what `MongoDB` refuses to mix, and what `projectNested` looks
//! at, are assumed.

mod apply;
mod fields;
mod parse;

use super::super::FieldPath;
use super::Expression;
use fields::Fields;

/// What an item is made into.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// `None` keeps all fields.
    included: Option<Fields>,
    excluded: Fields,
    computed: Vec<(FieldPath, Computed)>,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq)]
enum Computed {
    /// `reshape`
    Value(Expression),
    /// `projectNested`
    Nested(Projection),
}

#[cfg(test)]
mod tests;
