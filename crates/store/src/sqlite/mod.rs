//! The SQLite side: one [`writer`] that groups the commits that wait, and [`readers`] beside it.
//!
//! WAL, and `synchronous=FULL`: what is acknowledged is on disk. Filters are evaluated by our
//! own [`functions`] inside of SQLite.

mod accounts;
mod backup;
mod collections;
mod commit;
mod connect;
mod connection_usage;
mod database_files;
mod declared;
mod definitions;
mod entity_links;
mod events;
mod functions;
mod imports;
mod index_builds;
mod instance_details;
mod instances;
mod items;
mod migrations;
mod readers;
mod restore;
mod secrets;
mod signing_keys;
mod statement;
mod statement_trace;
mod write_queue;
mod writer;

use std::path::{Path, PathBuf};

use backlot_wix::InstanceId;
use backlot_wix::data::Budget;
use rusqlite::Connection;

use crate::StoreError;
use crate::arrivals::Arrivals;
use crate::backup::Origin;
use crate::definition_cache::DefinitionCache;
use crate::files::{Existing, private_file, private_folder};
pub(crate) use backup::{verify, verify_bare};
use database_files::DatabaseFiles;
pub(crate) use migrations::is_pending;
use readers::{Reader, Readers};
pub use restore::restore;
#[cfg(feature = "test-util")]
pub use statement_trace::StatementObserver;
#[cfg(not(feature = "test-util"))]
use statement_trace::StatementObserver;
use writer::Writer;

/// What the writer keeps of the file: enough for the pages that new items touch.
const WRITER_CACHE_KIB: u32 = 16 * 1024;
/// After so many pages the log is brought into the file, while writes wait: rarely, since pages that
/// were written again and again are then brought in once.
const CHECKPOINT_PAGES: u32 = 4000;

/// A SQLite database. Cloning shares it.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    definition_cache: DefinitionCache,
    arrivals: Arrivals,
    change_watch: events::ChangeWatch,
    path: PathBuf,
}

/// What an acknowledged write has survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A loss of power: it is on disk.
    #[default]
    Full,
    /// The end of the program. A loss of power may undo the last moments, but breaks nothing.
    Relaxed,
}

impl SqliteStore {
    /// Opens the file, making it and its folder if need be, readable by its owner only, and brings
    /// it up to the newest migration.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Durability::Full)
    }

    /// The same, with a choice of what an acknowledged write survives.
    pub fn open_with(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        Self::open_observed(path, durability, None)
    }

    /// Opens the file like [`Self::open_with`], with an observer of every statement.
    #[cfg(feature = "test-util")]
    pub fn open_with_observer(
        path: &Path,
        durability: Durability,
        observer: StatementObserver,
    ) -> Result<Self, StoreError> {
        Self::open_observed(path, durability, Some(observer))
    }

    fn open_observed(
        path: &Path,
        durability: Durability,
        observer: Option<StatementObserver>,
    ) -> Result<Self, StoreError> {
        let cannot_open = |cause: String| StoreError::Open {
            path: path.to_owned(),
            cause,
        };
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            private_folder(folder).map_err(|error| cannot_open(error.to_string()))?;
        }
        private_file(path).map_err(|error| cannot_open(error.to_string()))?;
        let mut connection = connect::open(path).map_err(|error| cannot_open(error.to_string()))?;
        migrations::check_own(&connection, path).map_err(|error| match error {
            StoreError::Open { .. } => error,
            error => cannot_open(error.to_string()),
        })?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Relaxed => "NORMAL",
        };
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = {synchronous};
                 PRAGMA foreign_keys = ON;
                 PRAGMA cache_size = -{WRITER_CACHE_KIB};
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
            ))
            .map_err(|error| cannot_open(error.to_string()))?;
        migrations::run(&mut connection, path)?;
        connection.set_prepared_statement_cache_capacity(128);
        statement_trace::trace(&mut connection, observer.as_ref())?;
        Ok(Self {
            writer: Writer::start(connection, DatabaseFiles::new(path))
                .map_err(|error| cannot_open(error.to_string()))?,
            readers: Readers::new(path, observer),
            definition_cache: DefinitionCache::new(),
            arrivals: Arrivals::new(),
            change_watch: events::ChangeWatch::default(),
            path: path.to_owned(),
        })
    }

    /// Writes a copy of all of it, as of one moment, while others read and write.
    pub async fn back_up(
        &self,
        path: &Path,
        existing: Existing,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let origin = origin.clone();
        let path = path.to_owned();
        let source = self.path.clone();
        let copy = move || backup::back_up(&connect::open(&source)?, &path, existing, &origin);
        tokio::task::spawn_blocking(copy)
            .await
            .unwrap_or_else(|error| Err(error.into()))
    }

    /// Changes something, in the writer's next commit.
    async fn write_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(None, work).await
    }

    /// Changes something of one instance, whose turn it takes.
    async fn write_for<T: Send + 'static>(
        &self,
        instance_id: InstanceId,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(Some(instance_id), work).await
    }

    /// Reads without a time limit, on a separate connection.
    async fn read_unlimited<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || work(&connect::open(&path)?))
            .await
            .unwrap_or_else(|error| Err(error.into()))
    }

    /// Reads something that may take a while.
    async fn read_with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = move |reader: &Reader| work(&reader.connection);
        self.readers.read_long(Budget::unlimited(), work).await
    }
}
