//! A connection on loan from the pool.
//!
//! Whoever waits for an answer may give up at any time, with a query under way or a transaction open.
//! Such a connection must not serve anybody else, so it is closed, and the server is told to end the query: only
//! what was worked off to its end is given back.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Object, Pool};

use super::failure::Failure;
use super::tls::Tls;
use crate::StoreError;

/// The longest that telling the server to end a query may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection, closed unless it is given back.
pub(super) struct Lease {
    connection: Option<Object>,
    tls: Tls,
}

impl Lease {
    pub(super) async fn take(pool: &Pool, tls: &Tls) -> Result<Self, Failure> {
        Ok(Self {
            connection: Some(pool.get().await?),
            tls: tls.clone(),
        })
    }

    pub(super) fn client(&self) -> Result<&ClientWrapper, Failure> {
        let gone = || Failure::Lost("the connection was given back".to_owned());
        self.connection.as_deref().ok_or_else(gone)
    }

    /// Back to the pool, since nothing is under way any more. Where one connection was cut, the others most
    /// likely were, too: the idle ones are given up, or each would fail somebody.
    pub(super) fn give_back<T>(
        mut self,
        outcome: Result<T, impl Into<Failure>>,
    ) -> Result<T, Failure> {
        let outcome = outcome.map_err(Into::into);
        // The rest of the rows is under way; they end with the connection.
        if matches!(outcome, Err(Failure::Final(StoreError::GaveUp(_)))) {
            return outcome;
        }
        if let Some(connection) = self.connection.take()
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
        let Some(connection) = self.connection.take() else {
            return;
        };
        let query = connection.cancel_token();
        drop(Object::take(connection));
        let tls = self.tls.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // It ends by itself at its time limit, if it cannot be told.
                let _ = tokio::time::timeout(CANCEL_TIMEOUT, query.cancel_query(tls)).await;
            });
        }
    }
}
