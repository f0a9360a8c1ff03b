//! A connection on loan from the pool.
//!
//! A caller may be cancelled at any time, with a query in progress or a transaction open.
//! Such a connection must not be used by others. The query is cancelled on the server, and the connection is given back
//! when that has ended; if that takes too long, it is closed.

use std::time::Duration;

use deadpool_postgres::Object;

use super::connections::Connections;
use super::failure::Failure;
use super::session::{Session, Watch};

/// The longest that ending a query may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for a request to end a statement that comes late. What arrives later still is distinguished from a statement whose time is
/// over (`failure::Attempts`).
const LATE: &str = "SELECT pg_sleep(0.1)";

/// A connection, given back at once, or when what is under way on it has ended.
pub(super) struct Lease {
    connection: Option<Object>,
    connections: Connections,
    watch: Watch,
}

impl Lease {
    pub(super) async fn take(connections: &Connections) -> Result<Self, Failure> {
        Ok(Self {
            connection: Some(connections.take().await?),
            connections: connections.clone(),
            watch: Watch::new(connections.timeout),
        })
    }

    pub(super) fn client(&self) -> Result<Session<'_>, Failure> {
        let gone = || Failure::Lost("the connection was given back".to_owned());
        let client = self.connection.as_deref().ok_or_else(gone)?;
        Ok(Session::new(client, &self.watch))
    }

    /// What is known of the connection.
    pub(super) const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Back to the pool, since nothing is under way any more.
    pub(super) fn release<T>(
        mut self,
        outcome: Result<T, impl Into<Failure>>,
    ) -> Result<T, Failure> {
        let outcome = outcome.map_err(Into::into);
        // Dropping the lease ends the statement, and with it the rest of its rows.
        if self.watch.has_rows_left() {
            return outcome;
        }
        if let Some(connection) = self.connection.take() {
            if self.watch.is_silent() || matches!(outcome, Err(Failure::Lost(_))) {
                self.connections.distrust(connection);
            } else {
                self.connections.release(connection);
            }
        }
        outcome
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let connections = self.connections.clone();
        if self.watch.is_silent() {
            return connections.distrust(connection);
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return connections.close(connection);
        };
        runtime.spawn(async move {
            let query = connection.cancel_token();
            let recovering = async {
                query.cancel_query(connections.tls.clone()).await?;
                // Waits for the end of what is under way, be it a transaction or not.
                connection.batch_execute("ROLLBACK").await?;
                // The server hears of the end on another connection, perhaps a moment late: then this is what ends.
                let _ = connection.batch_execute(LATE).await;
                connection.batch_execute("ROLLBACK").await
            };
            let recovered = tokio::time::timeout(CANCEL_TIMEOUT, recovering).await;
            if matches!(recovered, Ok(Ok(()))) {
                connections.release(connection);
            } else {
                connections.close(connection);
            }
        });
    }
}
