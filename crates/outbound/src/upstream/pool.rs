//! Kept connections to one upstream over plain HTTP/1.1, the last used first.
//!
//! A connection is taken for one exchange and comes back when the reply's body has ended; one that
//! ended in any other way is not kept. Which ones the upstream has closed meanwhile is known when
//! they are taken: each has a task of its own that reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use parking_lot::Mutex;

use crate::body::RequestBody;

/// The kept connections of one upstream.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    sender: SendRequest<RequestBody>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, of those that are open, ready and not kept for too long.
    pub(super) fn take(&self, idle_timeout: Duration) -> Option<SendRequest<RequestBody>> {
        let mut idle = self.0.lock();
        while idle.last()?.sender.is_closed() {
            idle.pop();
        }
        // Ready a moment after its last reply has ended; until then, an older one serves.
        let place = idle.iter().rposition(|it| it.sender.is_ready())?;
        if idle[place].since.elapsed() < idle_timeout {
            return Some(idle.remove(place).sender);
        }
        // All before it have been kept even longer.
        idle.drain(..=place);
        None
    }

    fn keep(&self, sender: SendRequest<RequestBody>, most: usize) {
        let mut idle = self.0.lock();
        if idle.len() >= most {
            idle.remove(0);
        }
        idle.push(Idle {
            sender,
            since: Instant::now(),
        });
    }
}

/// A connection that is in use. Dropped, it is closed; [`Lease::end`] gives it back.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    sender: SendRequest<RequestBody>,
    most_idle: usize,
}

impl Lease {
    pub(super) const fn new(
        pool: Arc<Pool>,
        sender: SendRequest<RequestBody>,
        most_idle: usize,
    ) -> Self {
        Self {
            pool,
            sender,
            most_idle,
        }
    }

    /// The exchange has ended as it should.
    pub(crate) fn end(self) {
        if !self.sender.is_closed() {
            self.pool.keep(self.sender, self.most_idle);
        }
    }
}
