//! A connection on loan from the pool.
//!
//! Whoever waits for an answer may give up at any time, with a query under way or a transaction open.
//! Such a connection must not serve anybody else. The server is told to end the query, and the connection is given back
//! when that has ended; if that takes too long, it is closed.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Object, Pool};

use super::failure::Failure;
use super::tls::Tls;
use crate::StoreError;

/// The longest that ending a query may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for a request to end a statement that comes late. What comes later still is told from a statement whose time is
/// over (`failure::Attempts`).
const LATE: &str = "SELECT pg_sleep(0.1)";

/// A connection, given back at once, or when what is under way on it has ended.
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

    /// Back to the pool from a transaction, which has ended whatever became of the work.
    pub(super) fn give_back_ended<T>(
        self,
        outcome: Result<T, impl Into<Failure>>,
    ) -> Result<T, Failure> {
        match outcome.map_err(Into::into) {
            Err(failure @ Failure::Final(StoreError::GaveUp(_))) => {
                self.give_back(Ok::<_, Failure>(()))?;
                Err(failure)
            }
            outcome => self.give_back(outcome),
        }
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
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(connection));
            return;
        };
        let tls = self.tls.clone();
        runtime.spawn(async move {
            let query = connection.cancel_token();
            let recovering = async {
                query.cancel_query(tls).await?;
                // Waits for the end of what is under way, be it a transaction or not.
                connection.batch_execute("ROLLBACK").await?;
                // The server hears of the end on another connection, perhaps a moment late: then this is what ends.
                let _ = connection.batch_execute(LATE).await;
                connection.batch_execute("ROLLBACK").await
            };
            let recovered = tokio::time::timeout(CANCEL_TIMEOUT, recovering).await;
            if !matches!(recovered, Ok(Ok(()))) {
                drop(Object::take(connection));
            }
        });
    }
}
