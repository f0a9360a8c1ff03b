//! Idle connections to one upstream over plain HTTP/1.1, the last used first.
//!
//! A connection is taken for one exchange and returned when the response's body has ended. Any other connection is
//! closed. Each idle connection is read by a task, so those that the upstream has closed are known when one is taken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;
use parking_lot::Mutex;

use crate::body::RequestBody;

/// The idle connections of one upstream.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

/// The limits of a pool.
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
    /// Returns the connection that was used last, of those that are open, ready and not idle for too long.
    pub(super) fn take(&self, idle_timeout: Duration) -> Option<SendRequest<RequestBody>> {
        let mut idle = self.0.lock();
        while idle.last()?.sender.is_closed() {
            idle.pop();
        }
        // A connection is ready a moment after its last response has ended. Until then, an older one is used.
        let place = idle.iter().rposition(|it| it.sender.is_ready())?;
        if idle[place].since.elapsed() < idle_timeout {
            return Some(idle.remove(place).sender);
        }
        // All before it have been idle even longer.
        idle.drain(..=place);
        None
    }

    /// Adds a connection. Those that are idle for too long are closed, and the oldest if there are too many.
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

/// A connection in use. Dropping it closes the connection; [`Lease::end`] returns it.
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

    /// Returns the connection to the pool.
    pub(crate) fn end(self) {
        if !self.sender.is_closed() {
            self.pool.keep(self.sender, self.limits);
        }
    }
}
