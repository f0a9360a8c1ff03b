//! The database that the configuration chose, and every call to it.
//!
//! Each subject is a file that declares its calls with [`repository!`]: signature and documentation, once. Each engine
//! implements them as methods of its own type. What is the same SQL for both is in these files themselves.

use std::path::Path;

use crate::StoreError;
use crate::backup::Origin;
use crate::files::Existing;
use crate::imports::Import;
use crate::postgres::PostgresStore;
use crate::sqlite::SqliteStore;

/// Declares calls of [`Store`] that each engine implements under the same signature.
macro_rules! repository {
    ($(
        $(#[$doc:meta])*
        async fn $name:ident(&self $(, $argument:ident: $kind:ty)* $(,)?) -> $output:ty;
    )*) => {
        impl $crate::Store {
            $(
                $(#[$doc])*
                pub async fn $name(&self $(, $argument: $kind)*) -> $output {
                    match self {
                        Self::Sqlite(store) => store.$name($($argument),*).await,
                        Self::Postgres(store) => store.$name($($argument),*).await,
                    }
                }
            )*
        }
    };
}

// After the macro, which they use.
mod accounts;
mod collections;
mod connection_usage;
mod index_builds;
mod instance_details;
mod instances;
mod items;
mod jobs;
mod markers;
mod secrets;
mod signing_keys;

/// One of the databases. Cloning shares it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Store {
    /// SQLite, in a file of its own.
    Sqlite(SqliteStore),
    /// PostgreSQL, which any number of nodes share.
    Postgres(PostgresStore),
}

impl Store {
    /// Returns the number of connections for the work of instances. `None` on SQLite, which opens one for each reader.
    pub fn connections(&self) -> Option<usize> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(store.tenant_connections()),
        }
    }

    /// Forgets all cached definitions, because another database has taken the place of this one.
    pub fn forget_remembered(&self) {
        match self {
            Self::Sqlite(store) => store.forget_remembered(),
            Self::Postgres(store) => store.forget_remembered(),
        }
    }
}

repository! {
    /// Writes a copy of the whole database into a file, as of one moment, while others read and write.
    /// [`crate::Address::restore`] restores it.
    async fn back_up(
        &self,
        path: &Path,
        existing: Existing,
        origin: &Origin,
    ) -> Result<(), StoreError>;

    /// Replaces the content of an instance by a staged import, in one transaction. Secrets, connected accounts and the
    /// usage of connections stay.
    async fn take_over_import(&self, import: Import) -> Result<(), StoreError>;

    /// Deletes everything, of all instances.
    async fn wipe(&self) -> Result<(), StoreError>;
}
