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

    /// Back to the pool: nothing is under way any more.
    pub(super) fn give_back(mut self) {
        self.0.take();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}
