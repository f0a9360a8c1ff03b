//! The SQLite side.
//!
//! One connection behind a lock, used from the blocking pool: what is kept here so far is written
//! behind the requests, never on their path. WAL, and `synchronous=FULL`: a commit is on disk.

mod instance_details;
mod instances;
mod migrations;
mod signing_keys;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;

use crate::StoreError;

/// A SQLite database. Cloning shares it.
#[derive(Clone)]
pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
}

impl SqliteStore {
    /// Opens the file, making it and its folder if need be, readable by its owner only, and brings
    /// it up to the newest migration.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
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
        let mut connection =
            Connection::open(path).map_err(|error| cannot_open(error.to_string()))?;
        connection
            .execute_batch(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;",
            )
            .map_err(|error| cannot_open(error.to_string()))?;
        migrations::run(&mut connection)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Runs `work` with the connection on the blocking pool.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        tokio::task::spawn_blocking(move || work(&mut connection.lock()))
            .await
            .map_err(|error| StoreError::Refused(error.to_string()))?
    }
}

/// Makes the folder where it is missing; a folder that exists keeps its rights.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The database holds private keys: nobody but its owner reads it.
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
