//! Wake-ups from other processes: a connection that looks whether the file has changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use crate::StoreError;
use crate::arrivals::Arrivals;
use crate::sqlite::{SqliteStore, connect};

/// The longest until a change by another process is noticed.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The task that looks, while deliveries are waited for. Cloning shares it.
#[derive(Clone, Default)]
pub(in crate::sqlite) struct ChangeWatch(Arc<AtomicBool>);

impl SqliteStore {
    pub(crate) fn deliveries_arrived(&self) -> watch::Receiver<u64> {
        let arrived = self.arrivals.subscribe();
        if !self.change_watch.0.swap(true, Ordering::AcqRel) {
            tokio::spawn(self.clone().watch_changes());
        }
        arrived
    }

    async fn watch_changes(self) {
        loop {
            // A file that cannot be read now may be again later.
            let _ = self.watch_until_unused().await;
            self.change_watch.0.store(false, Ordering::Release);
            // A receiver that came meanwhile has found this task running.
            if self.arrivals.is_unused() || self.change_watch.0.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }

    async fn watch_until_unused(&self) -> Result<(), StoreError> {
        let mut connection = connect::open(&self.path)?;
        let mut known = None;
        while wait(&self.arrivals).await {
            let looked = tokio::task::spawn_blocking(move || {
                let version = data_version(&connection);
                (connection, version)
            });
            let (returned, version) = looked.await?;
            connection = returned;
            let version = version?;
            // The first look finds what came before it.
            if known.replace(version) != Some(version) {
                self.arrivals.announce();
            }
        }
        Ok(())
    }
}

/// Waits for the next look. Returns false if no receiver is left.
async fn wait(arrivals: &Arrivals) -> bool {
    let unused = tokio::time::timeout(POLL_INTERVAL, arrivals.unused());
    unused.await.is_err()
}

/// Changes whenever another connection, of this process or another, has committed.
fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA data_version", [], |row| row.get(0))?)
}
