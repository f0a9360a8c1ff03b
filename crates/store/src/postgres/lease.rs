//! A connection on loan from the pool.
//!
//! Whoever waits for an answer may give up at any time, with a query under way or a transaction open.
//! Such a connection must not serve anybody else, so it is closed: only what was worked off to its end
//! is given back.

use deadpool_postgres::{ClientWrapper, Object, Pool};

use super::failure::Failure;

/// A connection, closed unless it is given back.
pub(super) struct Lease(Option<Object>);

impl Lease {
    pub(super) async fn take(pool: &Pool) -> Result<Self, Failure> {
        Ok(Self(Some(pool.get().await?)))
    }

    pub(super) fn client(&self) -> Result<&ClientWrapper, Failure> {
        let gone = || Failure::Lost("the connection was given back".to_owned());
        self.0.as_deref().ok_or_else(gone)
    }

    /// Back to the pool, since nothing is under way any more. Where one connection was cut, the others most
    /// likely were, too: the idle ones are given up, or each would fail somebody.
    pub(super) fn give_back<T>(
        mut self,
        outcome: Result<T, impl Into<Failure>>,
    ) -> Result<T, Failure> {
        let outcome = outcome.map_err(Into::into);
        if let Some(connection) = self.0.take()
            && matches!(outcome, Err(Failure::Lost(_)))
            && let Some(pool) = Object::pool(&connection)
        {
            drop(Object::take(connection));
            pool.retain(|_, _| false);
        }
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
