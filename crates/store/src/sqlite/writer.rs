//! The one writer: a thread that owns a connection, and commits what waits in one go, in turn over instances.
//!
//! Each piece of work has a separate savepoint, so one that fails undoes nothing of the others. It is
//! answered only after the commit, which is on disk (`synchronous=FULL`): the pieces of one group
//! share its fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::database_files::DatabaseFiles;
use super::write_queue::{Owner, WriteQueue};
use crate::StoreError;

/// The most that are committed together.
const MAX_GROUP_SIZE: usize = 512;
/// The longest that a group goes on taking more.
const MAX_GROUP_TIME: Duration = Duration::from_millis(4);

/// Does its work with the connection, or learns why there is no transaction to do it in.
type QueuedWrite = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Hands work to the writer. Cloning shares it; the thread ends with the last one.
#[derive(Clone)]
pub(super) struct Writer(Arc<Open>);

/// The queue of a writer that still takes work.
struct Open(Arc<WriteQueue<QueuedWrite>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, mut place: DatabaseFiles) -> std::io::Result<Self> {
        let queue = Arc::new(WriteQueue::default());
        let waiting = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("backlot-sqlite-writer".to_owned())
            .spawn(move || run(&connection, &mut place, &waiting))?;
        Ok(Self(Arc::new(Open(queue))))
    }

    /// Does the work in one of the next groups, and returns when it is on disk.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        owner: Owner,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: QueuedWrite = Box::new(move |connection| {
            let outcome = connection.and_then(|connection| in_savepoint(connection, work));
            Box::new(move |committed: Result<(), StoreError>| {
                // The caller may have been cancelled.
                let _ = answer.send(outcome.and_then(|value| committed.map(|()| value)));
            })
        });
        self.0.0.push(owner, work).map_err(|_| StoreError::Busy)?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the writer has stopped".to_owned())
}

fn run(connection: &Connection, place: &mut DatabaseFiles, queue: &WriteQueue<QueuedWrite>) {
    while let Some(first) = queue.pop() {
        let (answers, outcome) = group(connection, place, first, queue);
        for answer in answers {
            answer(outcome.clone());
        }
    }
}

/// Works off what waits, in one transaction.
fn group(
    connection: &Connection,
    place: &mut DatabaseFiles,
    first: QueuedWrite,
    queue: &WriteQueue<QueuedWrite>,
) -> (Vec<Reply>, Result<(), StoreError>) {
    let mut answers = Vec::new();
    if let Err(error) = place
        .check()
        .and_then(|()| execute(connection, "BEGIN IMMEDIATE"))
    {
        answers.push(first(Err(error.clone())));
        return (answers, Err(error));
    }
    let begun = Instant::now();
    let mut next = Some(first);
    while let Some(work) = next {
        answers.push(work(Ok(connection)));
        if connection.is_autocommit() {
            // A full disk, say, undoes the whole transaction, and all that was done in it.
            return (answers, Err(StoreError::Full));
        }
        next = if answers.len() < MAX_GROUP_SIZE && begun.elapsed() < MAX_GROUP_TIME {
            queue.try_pop()
        } else {
            None
        };
    }
    let outcome = execute(connection, "COMMIT");
    if outcome.is_err() && !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    // On disk, but perhaps in a file that has no name any more.
    let outcome = outcome.and_then(|()| place.check());
    (answers, outcome)
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    execute(connection, "SAVEPOINT work")?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(StoreError::Internal("a write failed inside".to_owned())));
    if connection.is_autocommit() {
        return outcome.and(Err(StoreError::Full));
    }
    if outcome.is_err() {
        execute(connection, "ROLLBACK TO work")?;
    }
    execute(connection, "RELEASE work")?;
    outcome
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
