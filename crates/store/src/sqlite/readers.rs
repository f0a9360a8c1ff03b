//! Connections that only read. A reader sees the last commit, and blocks no writer.
//!
//! What is short (one row, a page by an index) runs where it is asked for: a hop to another thread
//! costs more than the read. What may be long runs on the blocking pool, with a limit on how many at
//! once and on how long ([`StoreError::TimedOut`]). A read within a budget ends with it, too
//! ([`StoreError::Rejected`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backlot_wix::data::Budget;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::functions::Operands;
use super::statement_trace::{StatementObserver, trace};
use crate::StoreError;
use crate::worker;

/// Idle readers that are kept of each kind.
const MAX_IDLE: usize = 4;
/// Long reads at once: more than the places for data requests, so that what is not a request finds one, too.
const MAX_LONG: usize = 32;
/// Statements that each reader keeps prepared.
const STATEMENTS: usize = 64;
/// How often, in steps of SQLite's machine, the time is looked at.
const STEPS: i32 = 10_000;
/// Units of work for so many steps.
const WORK_OF_STEPS: u64 = 300_000;

/// A connection that only reads.
pub(super) struct Reader {
    pub(super) connection: Connection,
    /// What our own SQL functions work with during a query.
    pub(super) operands: Operands,
}

#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    observer: Option<StatementObserver>,
    /// Those of short reads, which find one that is open however many long reads are under way.
    idle: Arc<Mutex<Vec<Reader>>>,
    idle_of_workers: Arc<Mutex<Vec<Reader>>>,
    long: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path, observer: Option<StatementObserver>) -> Self {
        Self {
            path: path.to_owned(),
            observer,
            idle: Arc::default(),
            idle_of_workers: Arc::default(),
            long: Arc::new(Semaphore::new(MAX_LONG)),
        }
    }

    fn idle(&self) -> &Mutex<Vec<Reader>> {
        if worker::is_current() {
            &self.idle_of_workers
        } else {
            &self.idle
        }
    }

    /// Reads at once, on this thread: only for what is short.
    pub(super) fn read<T>(
        &self,
        budget: Budget,
        work: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().lock().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader::open(&self.path, self.observer.as_ref())?,
        };
        reader.operands.begin(budget);
        let outcome = work(&reader);
        let outcome = match (outcome, reader.operands.end()) {
            // SQLite says only that a function failed, or that it was interrupted.
            (Err(StoreError::Database(_) | StoreError::TimedOut), Some(why)) => Err(why),
            (other, _) => other,
        };
        let mut idle = self.idle().lock();
        if idle.len() < MAX_IDLE {
            idle.push(reader);
        }
        outcome
    }

    /// Reads on the blocking pool, or on this thread if it may block.
    pub(super) async fn read_long<T: Send + 'static>(
        &self,
        budget: Budget,
        work: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if worker::is_current() {
            return self.read(budget, work);
        }
        let place = Arc::clone(&self.long).acquire_owned().await;
        let readers = self.clone();
        let work = move || {
            let _place = place;
            readers.read(budget, work)
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|error| Err(error.into()))
    }
}

impl Reader {
    /// Several statements that see the same moment.
    pub(super) fn in_snapshot<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let outcome = work(&self.connection);
        let ended = self.connection.prepare_cached("COMMIT")?.execute([]);
        // Why the work failed says more than what that made of its end.
        let value = outcome?;
        ended?;
        Ok(value)
    }

    fn open(path: &Path, observer: Option<&StatementObserver>) -> Result<Self, StoreError> {
        let mut connection = super::connect::open(path)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
        let operands = Operands::default();
        super::functions::register(&connection, &operands)?;
        trace(&mut connection, observer)?;
        let counted = operands.clone();
        connection.progress_handler(STEPS, Some(move || !counted.go_on(WORK_OF_STEPS)))?;
        Ok(Self {
            connection,
            operands,
        })
    }
}
