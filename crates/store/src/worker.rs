//! Threads on which work may block: those of a program's own pool.
//!
//! A read that may be long leaves the thread that asks for it, since that thread may serve connections. On a thread that
//! is marked as a worker it stays: a hop would only cost, and lead to a thread of another priority.

use std::cell::Cell;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread, for as long as it lives, as one on which work may block.
pub fn mark_thread() {
    IS_WORKER.set(true);
}

/// Whether work may block this thread.
pub(crate) fn is_current() -> bool {
    IS_WORKER.get()
}
