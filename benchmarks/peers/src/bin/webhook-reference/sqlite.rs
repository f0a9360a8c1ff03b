//! Events in SQLite: a thread that commits what waits in one go. WAL with `synchronous=FULL`, and the cache and
//! checkpoints of Backlot.

use std::thread;

use backlot_benchmark_peers::Failure;
use rusqlite::{Connection, params};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{MAX_GROUP_SIZE, Waiting};

const SETUP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE events (
        sequence    INTEGER NOT NULL PRIMARY KEY,
        event_id    TEXT NOT NULL UNIQUE,
        instance_id TEXT NOT NULL,
        event_type  TEXT NOT NULL,
        data        TEXT NOT NULL
    ) STRICT;";

const INSERT: &str = "
    INSERT INTO events (event_id, instance_id, event_type, data) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (event_id) DO NOTHING";

pub(crate) fn start(path: &str, mut waiting: UnboundedReceiver<Waiting>) -> Result<(), Failure> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(SETUP)?;
    thread::spawn(move || {
        let mut group = Vec::new();
        while waiting.blocking_recv_many(&mut group, MAX_GROUP_SIZE) > 0 {
            let is_stored = store(&mut connection, &group).is_ok();
            for Waiting { answer, .. } in group.drain(..) {
                // The caller may have gone.
                let _ = answer.send(is_stored);
            }
        }
    });
    Ok(())
}

fn store(connection: &mut Connection, group: &[Waiting]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare_cached(INSERT)?;
    for Waiting { event, .. } in group {
        insert.execute(params![event.id, event.instance_id, event.kind, event.data])?;
    }
    drop(insert);
    transaction.commit()
}
