//! How much a computation may keep in memory.
//!
//! What is gathered (groups, items to be sorted, distinct values, a page) is measured as it arrives. The
//! weight is what the allocator hands out, roughly: it guards the process, it is no measurement.

use super::{Budget, DataCode, DataError, Object, Value, limits};

/// What a computation may still keep.
#[derive(Debug)]
pub struct Memory {
    left: usize,
    budget: Budget,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(limits::GATHERED_BYTES)
    }
}

impl Memory {
    /// So many bytes.
    pub const fn new(bytes: usize) -> Self {
        Self {
            left: bytes,
            budget: Budget::unlimited(),
        }
    }

    /// As much as one request may gather, with the budget that its work is counted against.
    pub const fn within(budget: Budget) -> Self {
        Self {
            left: limits::GATHERED_BYTES,
            budget,
        }
    }

    /// The same with room for so many bytes.
    #[must_use]
    pub(super) fn with_room(self, bytes: usize) -> Self {
        Self {
            left: bytes,
            ..self
        }
    }

    /// Counts the work of looking at something, or of making it.
    ///
    /// # Errors
    ///
    /// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
    pub fn work(&self, it: &impl Weigh) -> Result<(), DataError> {
        self.budget.work(it.weight() as u64)
    }

    /// The budget of the request.
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Keeps something. `WDE0092` when that is too much.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if there is not enough memory left.
    pub fn take(&mut self, weight: usize) -> Result<(), DataError> {
        self.left = self.left.checked_sub(weight).ok_or_else(too_much)?;
        Ok(())
    }

    /// Lets something go that was kept.
    pub const fn release(&mut self, weight: usize) {
        self.left = self.left.saturating_add(weight);
    }
}

/// `WDE0092`
pub fn too_much() -> DataError {
    DataError::new(
        DataCode::TooMuchMemory,
        "The operation needs too much memory. Filter the items first.",
    )
}

/// What can be weighed.
pub trait Weigh {
    /// Roughly its bytes in memory.
    fn weight(&self) -> usize;
}

impl Weigh for Value {
    fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => text.len(),
                Self::Array(elements) => elements.iter().map(Self::weight).sum(),
                Self::Object(object) => object.weight(),
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Date(_) => 0,
            }
    }
}

impl Weigh for Object {
    fn weight(&self) -> usize {
        // A name, its hash and its place in the table.
        const FIELD: usize = size_of::<String>() + 2 * size_of::<usize>();
        size_of::<Self>()
            + self
                .iter()
                .map(|(name, value)| FIELD + name.len() + value.weight())
                .sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_released_can_be_taken_again() {
        let mut memory = Memory::new(10);
        memory.take(10).unwrap();
        assert_eq!(memory.take(1).unwrap_err().code(), DataCode::TooMuchMemory);
        memory.release(4);
        memory.take(4).unwrap();
        assert!(memory.take(1).is_err());
    }

    #[test]
    fn more_weighs_more() {
        let weight = |json: &str| serde_json::from_str::<Value>(json).unwrap().weight();
        assert!(weight("[1,2]") > weight("[1]"));
        assert!(weight(r#""abc""#) > weight(r#""""#));
        assert!(weight(r#"{"a":{"b":"c"}}"#) > weight(r#"{"a":{}}"#));
    }
}
