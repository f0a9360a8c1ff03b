//! Making room when a listener is full: an idle connection is closed for one that waits.
//!
//! Browsers and proxies keep connections open for as long as they may. Without this, as many idle ones as there are places
//! would keep all others waiting until they time out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How long a connection must have been idle: less, and its next request may be on its way.
pub(crate) const MIN_IDLE_TIME: Duration = Duration::from_secs(1);

/// Asks the connections of one listener, one after the other, whether they can go.
#[derive(Default)]
pub(crate) struct Crowd {
    turn: Notify,
    /// How many more are to be asked.
    left: AtomicUsize,
}

impl Crowd {
    /// A connection waits: of up to `connections`, the one that was checked least recently checks whether it is idle.
    pub(crate) fn ask(&self, connections: usize) {
        self.left.store(connections, Ordering::Relaxed);
        self.turn.notify_one();
    }

    /// Ready when it is this connection's turn to look.
    pub(crate) async fn asked(&self) {
        self.turn.notified().await;
    }

    /// It stays; another one is to look.
    pub(crate) fn pass_on(&self) {
        let relaxed = Ordering::Relaxed;
        let one_less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(relaxed, relaxed, one_less).is_ok() {
            self.turn.notify_one();
        }
    }
}
