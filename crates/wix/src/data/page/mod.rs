//! Pages of an answer: how many results, and how many before them.
//!
//! Without a limit a page holds [`limits::DEFAULT_PAGE`] results. A limit of nothing or above
//! [`limits::LARGEST_PAGE`] is refused. The two shapes `paging` and `cursorPaging` are read alike; what a cursor means
//! is opaque here ([`WireCursorPaging::cursor`]).
//!
//! Source: Wix Data, "Paging" for the default and the maximum. That more than the maximum is
//! refused, and with `WDE0080`, is assumed.

mod collector;

use serde::Deserialize;

use super::{DataError, Value, limits};

pub use collector::Collector;

/// Which part of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The most results.
    pub limit: u32,
    /// How many results come before them.
    pub offset: u64,
}

impl Default for Paging {
    fn default() -> Self {
        Self {
            limit: limits::DEFAULT_PAGE,
            offset: 0,
        }
    }
}

/// `paging` as it is sent.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WirePaging {
    #[serde(default)]
    limit: Option<Value>,
    #[serde(default)]
    offset: Option<Value>,
}

/// `cursorPaging` as it is sent.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WireCursorPaging {
    #[serde(default)]
    limit: Option<Value>,
    #[serde(default)]
    cursor: Option<Value>,
}

impl WireCursorPaging {
    /// The cursor, if there is one.
    pub fn cursor(&self) -> Option<&str> {
        let cursor = self.cursor.as_ref().and_then(Value::as_str);
        cursor.filter(|cursor| !cursor.is_empty())
    }

    /// Whether it says how many results a page has.
    pub fn has_limit(&self) -> bool {
        !matches!(self.limit, None | Some(Value::Null))
    }
}

/// One page, and what is known of the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The results.
    pub results: Vec<T>,
    /// How many results come before them.
    pub offset: u64,
    /// How many there are on all pages, if that was asked for.
    pub total: Option<u64>,
    /// Whether there is a page after this one.
    pub has_next: bool,
}

impl Paging {
    /// Reads whichever of the two shapes was sent.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the paging or the cursor is not valid.
    pub fn read(
        paging: Option<&WirePaging>,
        cursor: Option<&WireCursorPaging>,
    ) -> Result<Self, DataError> {
        match (paging, cursor) {
            (None, None) => Ok(Self::default()),
            (Some(paging), None) => Self::checked(paging.limit.as_ref(), paging.offset.as_ref()),
            (None, Some(cursor)) => match &cursor.cursor {
                None | Some(Value::Null | Value::String(_)) => {
                    Self::checked(cursor.limit.as_ref(), None)
                }
                Some(_) => Err(DataError::invalid("A cursor is a text.")),
            },
            (Some(_), Some(_)) => Err(DataError::invalid(
                "paging and cursorPaging exclude each other.",
            )),
        }
    }

    fn checked(limit: Option<&Value>, offset: Option<&Value>) -> Result<Self, DataError> {
        let most = limits::LARGEST_PAGE;
        let limit = match limit {
            None | Some(Value::Null) => limits::DEFAULT_PAGE,
            Some(limit) => whole(limit)
                .and_then(|limit| u32::try_from(limit).ok())
                .filter(|limit| (1..=most).contains(limit))
                .ok_or_else(|| {
                    DataError::invalid(format!("A limit is a whole number from 1 to {most}."))
                })?,
        };
        let offset = match offset {
            None | Some(Value::Null) => 0,
            Some(offset) => whole(offset).ok_or_else(|| {
                DataError::invalid("An offset is a whole number, and not negative.")
            })?,
        };
        Ok(Self { limit, offset })
    }

    /// The number of the first result after this page.
    pub const fn end(self) -> u64 {
        self.offset.saturating_add(self.limit as u64)
    }

    /// How many of all results, the first ones, decide what is on this page and whether another follows.
    pub fn decisive(self) -> usize {
        usize::try_from(self.end().saturating_add(1)).unwrap_or(usize::MAX)
    }
}

/// A number that counts something: whole, not negative, and exact as a double.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and within 2^53"
)]
pub fn whole(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_number()?;
    (number.fract() == 0.0 && (0.0..=EXACT).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests;
