//! The query language: what a filter is, how it is read, what it means.
//!
//! - [`parse`](Filter::parse): from JSON; everything that is not known is refused
//! - [`matches`](Filter::matches): whether an item is one of those asked for
//!
//! Meaning, in short (Wix Data, "Query" and "Filter"): equality is strict in type and case; a list
//! matches when one of its elements does; `$ne` is the exact opposite of equality, so a missing field
//! matches it; comparisons look only at values of the operand's own kind; `$contains`,
//! `$startsWith` and `$endsWith` disregard case; `null` stands for an empty or missing value.

mod matches;
mod parse;

use super::{FieldPath, Value};

/// A condition on items.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these. An empty list matches every item.
    And(Vec<Self>),
    /// At least one of these. An empty list matches none.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A condition on one field.
    Field(FieldPath, Test),
}

/// A condition on the values at one path.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A value, or an element, equals this.
    Equals(Value),
    /// A value or element of the operand's kind compares so.
    Compares(Comparison, Value),
    /// A text, or a text among the elements, fits. The operand is folded ([`fold`]).
    Text(TextTest, String),
    /// A value or element equals one of these.
    AnyOf(Operands),
    /// Each of these is equalled by a value or element.
    AllOf(Vec<Value>),
    /// There is a value, be it `null`.
    Exists(bool),
}

/// How a value compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `$lt`
    Less,
    /// `$lte`
    LessOrEqual,
    /// `$gt`
    Greater,
    /// `$gte`
    GreaterOrEqual,
}

/// Where in a text another is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTest {
    /// `$contains`
    Contains,
    /// `$startsWith`
    StartsWith,
    /// `$endsWith`
    EndsWith,
}

/// A list of operands; a long one is found in by hash.
#[derive(Debug, Clone)]
pub struct Operands {
    list: Vec<Value>,
    hashed: Option<std::collections::HashSet<Vec<u8>>>,
}

impl PartialEq for Operands {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Operands {
    /// The values themselves.
    pub fn list(&self) -> &[Value] {
        &self.list
    }
}

impl Filter {
    /// Matches every item.
    pub const fn all() -> Self {
        Self::And(Vec::new())
    }

    /// Matches no item.
    pub const fn none() -> Self {
        Self::Or(Vec::new())
    }

    /// True for the filter that matches every item by its form.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::And(parts) if parts.is_empty())
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (all, one) | (one, all) if all.is_all() => one,
            (Self::And(mut parts), Self::And(more)) => {
                parts.extend(more);
                Self::And(parts)
            }
            (Self::And(mut parts), one) => {
                parts.push(one);
                Self::And(parts)
            }
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// The field equals the value.
    pub fn equals(path: FieldPath, value: impl Into<Value>) -> Self {
        Self::Field(path, Test::Equals(value.into()))
    }

    /// The conditions that must all hold, as far as they stand side by side.
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }

    /// The same filter on other paths.
    #[must_use]
    pub fn with_paths(self, change: &mut dyn FnMut(FieldPath) -> FieldPath) -> Self {
        let all = |parts: Vec<Self>, change: &mut dyn FnMut(FieldPath) -> FieldPath| {
            parts
                .into_iter()
                .map(|part| part.with_paths(change))
                .collect()
        };
        match self {
            Self::And(parts) => Self::And(all(parts, change)),
            Self::Or(parts) => Self::Or(all(parts, change)),
            Self::Not(part) => Self::Not(Box::new(part.with_paths(change))),
            Self::Field(path, test) => Self::Field(change(path), test),
        }
    }

    /// How many conditions on fields there are.
    pub fn terms(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::terms).sum(),
            Self::Not(part) => part.terms(),
            Self::Field(..) => 1,
        }
    }

    /// Calls `visit` with every path.
    pub fn paths<'filter>(&'filter self, visit: &mut dyn FnMut(&'filter FieldPath)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.paths(visit)),
            Self::Not(part) => part.paths(visit),
            Self::Field(path, _) => visit(path),
        }
    }
}

/// A text without its case, letter by letter: a part of a text folds to a part of the folded text. (The
/// lower case of a whole text is not so: a sigma at the end of a word is another letter there.)
pub fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests;
