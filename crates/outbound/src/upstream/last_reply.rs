//! When an upstream last replied, to know whether a pooled connection may have been closed for
//! having been idle.
//!
//! The pool hands out the connection that was used last. If the upstream replied just now, that one
//! has not been idle, so a request need not be kept for sending it again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// Shorter than any server keeps an idle connection.
const JUST_NOW_MILLISECONDS: u64 = 500;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since the start of the program; 0 for never. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct LastReply(Arc<AtomicU64>);

impl LastReply {
    pub(super) fn note(&self) {
        self.0.store(milliseconds(), Ordering::Relaxed);
    }

    pub(super) fn was_just_now(&self) -> bool {
        let then = self.0.load(Ordering::Relaxed);
        then != 0 && milliseconds().saturating_sub(then) < JUST_NOW_MILLISECONDS
    }
}

/// At least 1, so that 0 can mean never.
fn milliseconds() -> u64 {
    u64::try_from(START.elapsed().as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}
