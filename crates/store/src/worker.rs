//! Threads on which work may block: those of a program's own pool.
//!
//! A read that may be long leaves the thread that asks for it, since that thread may serve connections. On a thread that
//! is marked as a worker it stays: a hop would only cost, and lead to a thread of another priority.

use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
    static DATABASE_TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Marks this thread, for as long as it lives, as one on which work may block.
pub fn mark_thread() {
    IS_WORKER.set(true);
}

/// Whether work may block this thread.
pub(crate) fn is_current() -> bool {
    IS_WORKER.get()
}

/// The time that this thread has waited for answers of a database server, which worked for it meanwhile.
#[must_use]
pub fn database_time() -> Duration {
    DATABASE_TIME.get()
}

/// Adds the time that one answer took.
pub(crate) fn add_database_time(time: Duration) {
    DATABASE_TIME.set(DATABASE_TIME.get() + time);
}
