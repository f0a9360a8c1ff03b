//! A connection's client, with a deadline for every answer.
//!
//! A network may fall silent without closing anything: then nothing that is sent is ever answered, without any error.
//! Every wait ends when the server has said nothing for as long as its own limit for a statement allows, and a little
//! more. After that nothing is asked on this connection any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::ClientWrapper;
use futures_util::{TryStream, TryStreamExt as _};
use parking_lot::Mutex;
use tokio_postgres::types::{BorrowToSql, ToSql, Type};
use tokio_postgres::{CopyInSink, CopyOutStream, Error, Row, RowStream, Statement, ToStatement};

use super::failure::Failure;
use crate::worker;

/// What is known of a connection while it is on loan.
#[derive(Debug)]
pub(super) struct Watch {
    state: Mutex<State>,
    is_silent: AtomicBool,
    /// Whether rows of a stream are under way.
    has_rows_left: AtomicBool,
}

#[derive(Debug)]
struct State {
    /// When the server was heard of last, or asked when nothing was under way.
    heard: Instant,
    /// The longest silence.
    timeout: Duration,
    /// Why a statement of this transaction failed first.
    failed: Option<Failure>,
}

impl Watch {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                heard: Instant::now(),
                timeout,
                failed: None,
            }),
            is_silent: AtomicBool::new(false),
            has_rows_left: AtomicBool::new(false),
        }
    }

    /// Whether the server left something without an answer for too long.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    /// Whether a stream was left before its last row.
    pub(super) fn has_rows_left(&self) -> bool {
        self.has_rows_left.load(Ordering::Relaxed)
    }

    /// The transaction has ended, and with it all of its statements.
    pub(super) fn end(&self) {
        self.has_rows_left.store(false, Ordering::Relaxed);
    }

    /// Lets statements take longer.
    pub(super) fn set_timeout(&self, timeout: Duration) {
        self.state.lock().timeout = timeout;
    }

    /// A transaction begins: nothing of it has failed yet.
    pub(super) fn begin(&self) {
        self.state.lock().failed = None;
    }

    /// Why a statement failed first since the transaction began. Those that follow it fail only because of that.
    pub(super) fn first_failure(&self) -> Option<Failure> {
        self.state.lock().failed.clone()
    }

    /// A wait for an answer begins.
    fn ask(&self) {
        self.state.lock().heard = Instant::now();
    }

    /// The server answered. Counts the time since it was heard of before, so that what is under way at once counts once.
    fn hear(&self) {
        let now = Instant::now();
        let before = std::mem::replace(&mut self.state.lock().heard, now);
        worker::add_database_time(now.saturating_duration_since(before));
    }

    /// How long the silence may still last.
    fn left(&self) -> Duration {
        let state = self.state.lock();
        (state.heard + state.timeout).saturating_duration_since(Instant::now())
    }

    fn fail(&self, error: Error) -> Failure {
        let failure = Failure::from(error);
        if !matches!(failure, Failure::Aborted) {
            let mut state = self.state.lock();
            state.failed.get_or_insert_with(|| failure.clone());
        }
        failure
    }
}

/// The client, for as long as the connection is on loan.
#[derive(Clone, Copy)]
pub(super) struct Session<'lease> {
    client: &'lease ClientWrapper,
    watch: &'lease Watch,
}

type Values<'values> = &'values [&'values (dyn ToSql + Sync)];

impl<'lease> Session<'lease> {
    pub(super) const fn new(client: &'lease ClientWrapper, watch: &'lease Watch) -> Self {
        Self { client, watch }
    }

    /// Waits for an answer: [`Failure::Silent`] if none comes.
    pub(super) async fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        if self.watch.is_silent() {
            return Err(Failure::Silent);
        }
        self.watch.ask();
        // In a box, so that what waits for it stays small.
        let mut answer = Box::pin(answer);
        loop {
            // What was sent before this may still be answered meanwhile, which is a sign of life.
            let left = self.watch.left();
            match tokio::time::timeout(left, &mut answer).await {
                Ok(outcome) => {
                    self.watch.hear();
                    return outcome.map_err(|error| self.watch.fail(error));
                }
                Err(_) if !self.watch.left().is_zero() => {}
                Err(_) => {
                    self.watch.is_silent.store(true, Ordering::Relaxed);
                    return Err(Failure::Silent);
                }
            }
        }
    }

    /// What a stream brings next.
    pub(super) async fn next<S>(&self, stream: &mut S) -> Result<Option<S::Ok>, Failure>
    where
        S: TryStream<Error = Error> + Unpin,
    {
        let next = self.wait(stream.try_next()).await;
        let has_rows_left = matches!(next, Ok(Some(_)));
        self.watch
            .has_rows_left
            .store(has_rows_left, Ordering::Relaxed);
        next
    }

    pub(super) async fn query<T>(
        &self,
        statement: &T,
        values: Values<'_>,
    ) -> Result<Vec<Row>, Failure>
    where
        T: ?Sized + ToStatement + Sync,
    {
        self.wait(self.client.query(statement, values)).await
    }

    pub(super) async fn query_one<T>(
        &self,
        statement: &T,
        values: Values<'_>,
    ) -> Result<Row, Failure>
    where
        T: ?Sized + ToStatement + Sync,
    {
        self.wait(self.client.query_one(statement, values)).await
    }

    pub(super) async fn query_raw<P, I>(
        &self,
        statement: &Statement,
        values: I,
    ) -> Result<RowStream, Failure>
    where
        P: BorrowToSql,
        I: IntoIterator<Item = P>,
        I::IntoIter: ExactSizeIterator,
    {
        self.wait(self.client.query_raw(statement, values)).await
    }

    pub(super) async fn query_typed_raw<P, I>(
        &self,
        sql: &str,
        values: I,
    ) -> Result<RowStream, Failure>
    where
        P: BorrowToSql,
        I: IntoIterator<Item = (P, Type)>,
    {
        self.wait(self.client.query_typed_raw(sql, values)).await
    }

    pub(super) async fn execute<T>(&self, statement: &T, values: Values<'_>) -> Result<u64, Failure>
    where
        T: ?Sized + ToStatement + Sync,
    {
        self.wait(self.client.execute(statement, values)).await
    }

    pub(super) async fn batch_execute(&self, sql: &str) -> Result<(), Failure> {
        self.wait(self.client.batch_execute(sql)).await
    }

    pub(super) async fn prepare_cached(&self, sql: &str) -> Result<Statement, Failure> {
        self.wait(self.client.prepare_cached(sql)).await
    }

    pub(super) async fn prepare_typed_cached(
        &self,
        sql: &str,
        types: &[Type],
    ) -> Result<Statement, Failure> {
        self.wait(self.client.prepare_typed_cached(sql, types))
            .await
    }

    pub(super) async fn copy_out(&self, sql: &str) -> Result<CopyOutStream, Failure> {
        self.wait(self.client.copy_out(sql)).await
    }

    pub(super) async fn copy_in(&self, sql: &str) -> Result<CopyInSink<bytes::Bytes>, Failure> {
        self.wait(self.client.copy_in(sql)).await
    }
}
