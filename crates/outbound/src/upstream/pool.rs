//! Kept connections to one upstream over plain HTTP/1.1, the last used first.
//!
//! A connection is taken for one exchange and comes back when the reply's body has ended; one that
//! ended in any other way is not kept. Which ones the upstream has closed meanwhile is known when
//! they are taken: each has a task that reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use parking_lot::Mutex;

use crate::body::RequestBody;

/// The kept connections of one upstream.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

/// What a pool keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoolLimits {
    pub(super) idle_timeout: Duration,
    pub(super) most_idle: usize,
}

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

    /// The oldest stand first: those kept for too long go, and one more where there are too many.
    fn keep(&self, sender: SendRequest<RequestBody>, limits: PoolLimits) {
        let mut idle = self.0.lock();
        let is_over =
            |it: &Idle| it.sender.is_closed() || it.since.elapsed() >= limits.idle_timeout;
        let over = idle.iter().take_while(|it| is_over(it)).count();
        let too_many = (idle.len() + 1).saturating_sub(limits.most_idle);
        let leaving = over.max(too_many).min(idle.len());
        idle.drain(..leaving);
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
    limits: PoolLimits,
}

impl Lease {
    pub(super) const fn new(
        pool: Arc<Pool>,
        sender: SendRequest<RequestBody>,
        limits: PoolLimits,
    ) -> Self {
        Self {
            pool,
            sender,
            limits,
        }
    }

    /// The exchange has ended as it should.
    pub(crate) fn end(self) {
        if !self.sender.is_closed() {
            self.pool.keep(self.sender, self.limits);
        }
    }
}
