//! The first so many in an order, without keeping the others.
//!
//! Equal ones stay in the order in which they came.

use std::cmp::Ordering;

use super::DataError;
use super::memory::{Memory, Weigh};

/// Gathers what comes in, and gives it back in order.
pub struct Top<T, C> {
    compare: C,
    keep: usize,
    came: u64,
    rows: Vec<Row<T>>,
}

struct Row<T> {
    it: T,
    number: u64,
    weight: usize,
}

impl<T: Weigh, C: Fn(&T, &T) -> Ordering> Top<T, C> {
    /// The first `keep` in this order.
    pub const fn new(keep: usize, compare: C) -> Self {
        Self {
            compare,
            keep,
            came: 0,
            rows: Vec::new(),
        }
    }

    /// One more.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the items need too much memory.
    pub fn add(&mut self, memory: &mut Memory, it: T) -> Result<(), DataError> {
        let number = self.came;
        self.came += 1;
        if self.keep == 0 {
            return Ok(());
        }
        let weight = it.weight() + size_of::<Row<T>>();
        memory.take(weight)?;
        self.rows.push(Row { it, number, weight });
        // Selecting is linear: doing it at twice the number makes it a constant for each row.
        if self.rows.len() >= self.keep.saturating_mul(2).max(64) {
            self.prune(memory);
        }
        Ok(())
    }

    /// How many came.
    pub const fn came(&self) -> u64 {
        self.came
    }

    fn prune(&mut self, memory: &mut Memory) {
        if self.rows.len() <= self.keep {
            return;
        }
        let compare = &self.compare;
        self.rows.select_nth_unstable_by(self.keep - 1, |a, b| {
            compare(&a.it, &b.it).then(a.number.cmp(&b.number))
        });
        for dropped in self.rows.drain(self.keep..) {
            memory.release(dropped.weight);
        }
    }

    /// What was kept, in order. Its memory is released as it is handed out.
    pub fn finish(mut self, memory: &mut Memory) -> impl Iterator<Item = T> + use<T, C> {
        self.prune(memory);
        let Self {
            compare, mut rows, ..
        } = self;
        rows.sort_unstable_by(|a, b| compare(&a.it, &b.it).then(a.number.cmp(&b.number)));
        for row in &rows {
            memory.release(row.weight);
        }
        rows.into_iter().map(|row| row.it)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::order::compare;
    use super::super::{DataCode, Value};
    use super::*;

    proptest! {
        #[test]
        fn the_first_so_many_are_those_of_a_stable_sort(numbers in prop::collection::vec(0..20_i32, 0..300), keep in 0..100_usize) {
            let rows: Vec<_> = numbers.iter().enumerate().map(|(index, number)| {
                Value::from(vec![Value::from(*number), Value::from(u32::try_from(index).unwrap())])
            }).collect();
            let by_number = |left: &Value, right: &Value| compare(&left.elements()[0], &right.elements()[0]);
            let mut memory = Memory::default();
            let mut top = Top::new(keep, by_number);
            for row in rows.clone() {
                top.add(&mut memory, row).unwrap();
            }
            let mut sorted = rows;
            sorted.sort_by(by_number);
            sorted.truncate(keep);
            prop_assert_eq!(top.finish(&mut memory).collect::<Vec<_>>(), sorted);
        }
    }

    #[test]
    fn a_few_of_many_fit_where_all_of_them_do_not() {
        let run = |keep: usize| -> Result<usize, DataError> {
            let mut memory = Memory::new(20_000);
            let mut top = Top::new(keep, compare);
            for number in 0..10_000 {
                top.add(&mut memory, Value::from(number))?;
            }
            Ok(top.finish(&mut memory).count())
        };
        assert_eq!(run(3), Ok(3));
        assert_eq!(run(usize::MAX).unwrap_err().code(), DataCode::TooMuchMemory);
    }
}
