//! Keeping one page of results that come one after the other.

use super::super::DataError;
use super::super::memory::{Memory, Weigh};
use super::{Page, Paging};

/// Keeps the results of a page, and counts the others.
#[derive(Debug)]
pub struct Collector<T> {
    paging: Paging,
    wants_total: bool,
    seen: u64,
    results: Vec<T>,
}

impl<T: Weigh> Collector<T> {
    /// For one page. When the total is not wanted, it need not see every result.
    pub const fn new(paging: Paging, wants_total: bool) -> Self {
        Self {
            paging,
            wants_total,
            seen: 0,
            results: Vec::new(),
        }
    }

    /// The next result. `make` is asked for it only if it is on the page.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the page needs too much memory.
    pub fn add(&mut self, memory: &mut Memory, make: impl FnOnce() -> T) -> Result<(), DataError> {
        if (self.paging.offset..self.paging.end()).contains(&self.seen) {
            let result = make();
            memory.take(result.weight())?;
            self.results.push(result);
        }
        self.seen += 1;
        Ok(())
    }

    /// Whether a further result could change the answer.
    pub const fn wants_more(&self) -> bool {
        self.wants_total || self.seen <= self.paging.end()
    }

    /// The page.
    pub fn finish(self) -> Page<T> {
        Page {
            offset: self.paging.offset,
            total: self.wants_total.then_some(self.seen),
            has_next: self.seen > self.paging.end(),
            results: self.results,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Value;
    use super::*;

    #[test]
    fn pages_of_five_results() {
        for (limit, offset, first, size, has_next) in [
            (2, 0, 0, 2, true),
            (2, 2, 2, 2, true),
            (2, 3, 3, 2, false),
            (2, 4, 4, 1, false),
            (2, 5, 0, 0, false),
            (5, 0, 0, 5, false),
            (4, u64::MAX, 0, 0, false),
        ] {
            let mut memory = Memory::default();
            let mut collector = Collector::new(Paging { limit, offset }, true);
            for number in 0..5 {
                assert!(collector.wants_more());
                collector.add(&mut memory, || Value::from(number)).unwrap();
            }
            let page = collector.finish();
            let expected: Vec<_> = (first..first + size).map(Value::from).collect();
            assert_eq!(
                (page.results, page.total, page.has_next),
                (expected, Some(5), has_next)
            );
        }
    }

    #[test]
    fn without_a_total_one_result_more_is_enough() {
        let mut memory = Memory::default();
        let paging = Paging {
            limit: 1,
            offset: 1,
        };
        let mut collector = Collector::new(paging, false);
        let mut fed = 0;
        while collector.wants_more() {
            collector.add(&mut memory, || Value::from(fed)).unwrap();
            fed += 1;
        }
        assert_eq!(fed, 3);
        let page = collector.finish();
        assert_eq!(
            (page.results.len(), page.total, page.has_next),
            (1, None, true)
        );
    }
}
