//! What one request may still do: work, memory and time.
//!
//! Work is counted where it is done, in units that are about a nanosecond each: a term of a filter costs by the bytes that
//! it looks at, an item by the bytes that are parsed. Memory is counted in bytes that are held until the
//! response is made. Past either, and when a [`Watch`] says so, the request ends with `QUERY_TOO_COSTLY`.
//!
//! Caveat: units are an estimate. They make a costly request end at the same place on every machine; the watch ends it
//! by the clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{DataCode, DataError};

/// Work between two looks of the watch: about a millisecond, so that a deadline is kept within one item, too.
const WORK_BETWEEN_LOOKS: u64 = 1_000_000;

/// What can end a request beside its own budget: a deadline, a client that has gone.
pub trait Watch: Send + Sync {
    /// Says whether the request goes on.
    ///
    /// # Errors
    /// Why it does not.
    fn look(&self) -> Result<(), DataError>;

    /// May wait, so that others have their turn. Not called while the request holds locks.
    fn take_turns(&self) {}
}

/// What one request may still do. Cloning shares it.
#[derive(Clone)]
pub struct Budget(Option<Parts>);

/// What is counted.
#[derive(Clone)]
struct Parts {
    shared: Arc<Shared>,
    memory: Arc<MemoryLeft>,
}

/// Bytes that may be kept.
struct MemoryLeft {
    limit: u64,
    left: AtomicU64,
}

/// What all parts of a request share.
struct Shared {
    work_limit: u64,
    work_left: AtomicU64,
    /// Work since the last look.
    unwatched: AtomicU64,
    watch: Option<Arc<dyn Watch>>,
    /// How many parts of the request hold locks.
    locking: Arc<AtomicUsize>,
}

/// Locks that a request holds; until this is dropped, it does not wait for its turn.
#[must_use]
pub struct HeldLocks(Option<Arc<AtomicUsize>>);

impl Drop for HeldLocks {
    fn drop(&mut self) {
        if let Some(locking) = &self.0 {
            locking.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// How much a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Units of work.
    pub work: u64,
    /// The bytes that are held until the response is built.
    pub memory: u64,
}

impl Budget {
    /// A budget that never ends: for commands of the operator, and for tests.
    pub const fn unlimited() -> Self {
        Self(None)
    }

    /// Whether it never ends.
    pub const fn is_unlimited(&self) -> bool {
        self.0.is_none()
    }

    /// A budget with these limits.
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, None, Arc::default())
    }

    /// A budget with these limits that also ends when the watch says so.
    pub fn watched(limits: Limits, watch: impl Watch + 'static) -> Self {
        Self::with(limits, Some(Arc::new(watch)), Arc::default())
    }

    fn with(limits: Limits, watch: Option<Arc<dyn Watch>>, locking: Arc<AtomicUsize>) -> Self {
        let shared = Shared {
            work_limit: limits.work,
            work_left: AtomicU64::new(limits.work),
            unwatched: AtomicU64::new(0),
            watch,
            locking,
        };
        Self(Some(Parts {
            shared: Arc::new(shared),
            memory: Arc::new(MemoryLeft::new(limits.memory)),
        }))
    }

    /// Shares work and deadline, with separate memory: for a part of a request that stores nothing beyond its end.
    #[must_use]
    pub fn apart(&self, memory: u64) -> Self {
        Self(self.0.as_ref().map(|parts| Parts {
            shared: Arc::clone(&parts.shared),
            memory: Arc::new(MemoryLeft::new(memory.min(parts.memory.limit))),
        }))
    }

    /// Resets work and memory, with the same deadline: for another attempt at an operation that was too costly.
    #[must_use]
    pub fn renewed(&self) -> Self {
        let Some(Parts { shared, memory }) = &self.0 else {
            return Self(None);
        };
        let limits = Limits {
            work: shared.work_limit,
            memory: memory.limit,
        };
        Self::with(limits, shared.watch.clone(), Arc::clone(&shared.locking))
    }

    /// Notes that locks are held, in a transaction of a database, say. Another request that waits for them may hold the
    /// place that this one would wait for: then neither would go on.
    pub fn hold_locks(&self) -> HeldLocks {
        HeldLocks(self.0.as_ref().map(|parts| {
            parts.shared.locking.fetch_add(1, Ordering::Relaxed);
            Arc::clone(&parts.shared.locking)
        }))
    }

    /// Counts work that is done. `QUERY_TOO_COSTLY` when there is none left, or when the watch ends the request.
    ///
    /// # Errors
    ///
    /// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
    pub fn work(&self, units: u64) -> Result<(), DataError> {
        let Some(Parts { shared, .. }) = &self.0 else {
            return Ok(());
        };
        if !take(&shared.work_left, units) {
            return Err(too_much_work(shared.work_limit));
        }
        let before = shared.unwatched.fetch_add(units, Ordering::Relaxed);
        if before + units >= WORK_BETWEEN_LOOKS {
            shared.unwatched.store(0, Ordering::Relaxed);
            self.look()?;
        }
        Ok(())
    }

    /// Asks the watch at once.
    ///
    /// # Errors
    ///
    /// Fails with `QUERY_TOO_COSTLY` if the time is over or the client has disconnected.
    pub fn look(&self) -> Result<(), DataError> {
        let Some(Parts { shared, .. }) = &self.0 else {
            return Ok(());
        };
        let Some(watch) = &shared.watch else {
            return Ok(());
        };
        if shared.locking.load(Ordering::Relaxed) == 0 {
            watch.take_turns();
        }
        watch.look()
    }

    /// Counts bytes that are kept until the response is made. `QUERY_TOO_COSTLY` when that is too much.
    ///
    /// # Errors
    ///
    /// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
    pub fn keep(&self, bytes: usize) -> Result<(), DataError> {
        let Some(Parts { memory, .. }) = &self.0 else {
            return Ok(());
        };
        if take(&memory.left, bytes as u64) {
            Ok(())
        } else {
            Err(too_much_memory(memory.limit))
        }
    }
}

impl MemoryLeft {
    const fn new(bytes: u64) -> Self {
        Self {
            limit: bytes,
            left: AtomicU64::new(bytes),
        }
    }
}

fn take(left: &AtomicU64, amount: u64) -> bool {
    let less = |left: u64| left.checked_sub(amount);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        .is_ok()
}

fn too_much_work(limit: u64) -> DataError {
    let text = "The request needs more work than one request may take. Use fewer conditions, or narrow the items by a field that has an index.";
    DataError::new(DataCode::TooCostly, text)
        .with("limit", "work")
        .with("allowed", limit)
}

fn too_much_memory(limit: u64) -> DataError {
    let text = "The request needs more memory than one request may take. Send less at once, or ask for a smaller page, fewer fields or fewer included references.";
    DataError::new(DataCode::TooCostly, text)
        .with("limit", "memory")
        .with("allowed", limit)
}

/// The fault of a request whose time is over.
pub fn too_much_time(seconds: u64) -> DataError {
    let text = format!(
        "The request took more than {seconds} seconds. Use fewer conditions, or narrow the items by a field that has an index."
    );
    DataError::new(DataCode::TooCostly, text)
        .with("limit", "time")
        .with("allowed", seconds)
}

impl fmt::Debug for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.0.as_ref().map(|parts| Limits {
            work: parts.shared.work_limit,
            memory: parts.memory.limit,
        });
        formatter.debug_tuple("Budget").field(&limits).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_end() {
        let budget = Budget::new(Limits {
            work: 10,
            memory: 5,
        });
        budget.work(10).unwrap();
        let fault = budget.clone().work(1).unwrap_err();
        assert_eq!(fault.code(), DataCode::TooCostly);
        assert_eq!(fault.data()["limit"], "work");
        budget.keep(5).unwrap();
        assert_eq!(budget.keep(1).unwrap_err().data()["limit"], "memory");
        Budget::unlimited().work(u64::MAX).unwrap();
    }

    #[test]
    fn a_part_has_memory_of_its_own_and_shares_the_work() {
        let budget = Budget::new(Limits {
            work: 10,
            memory: 5,
        });
        for _ in 0..3 {
            let part = budget.apart(4);
            part.keep(4).unwrap();
            assert!(part.keep(1).is_err());
            part.work(3).unwrap();
        }
        assert!(budget.apart(9).keep(6).is_err());
        budget.keep(5).unwrap();
        assert!(budget.work(2).is_err());
    }

    #[test]
    fn the_watch_looks_from_time_to_time_and_ends_the_request() {
        struct Third(Arc<AtomicUsize>);
        impl Watch for Third {
            fn look(&self) -> Result<(), DataError> {
                match self.0.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => Ok(()),
                    _ => Err(too_much_time(1)),
                }
            }
        }
        let looks = Arc::new(AtomicUsize::new(0));
        let limits = Limits {
            work: u64::MAX,
            memory: 0,
        };
        let budget = Budget::watched(limits, Third(Arc::clone(&looks)));
        for _ in 0..WORK_BETWEEN_LOOKS {
            budget.work(2).unwrap();
        }
        assert_eq!(looks.load(Ordering::Relaxed), 2);
        let fault = budget.work(WORK_BETWEEN_LOOKS).unwrap_err();
        assert_eq!(fault.data()["limit"], "time");
    }

    #[test]
    fn what_holds_locks_does_not_wait_for_its_turn() {
        struct Turns(Arc<AtomicUsize>);
        impl Watch for Turns {
            fn look(&self) -> Result<(), DataError> {
                Ok(())
            }

            fn take_turns(&self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let turns = Arc::new(AtomicUsize::new(0));
        let limits = Limits { work: 9, memory: 9 };
        let budget = Budget::watched(limits, Turns(Arc::clone(&turns)));
        budget.look().unwrap();
        let (one, other) = (budget.hold_locks(), budget.clone().hold_locks());
        for part in [&budget, &budget.apart(1), &budget.renewed()] {
            part.look().unwrap();
        }
        drop(one);
        budget.look().unwrap();
        assert_eq!(turns.load(Ordering::Relaxed), 1);
        drop(other);
        budget.look().unwrap();
        assert_eq!(turns.load(Ordering::Relaxed), 2);
    }
}
