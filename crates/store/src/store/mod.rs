//! The database that the configuration chose, and every call to it.
//!
//! Each subject is a file that declares its calls with [`repository!`]: signature and documentation, once. Each engine
//! implements them as methods of its type. What is the same SQL for both is in these files themselves.

use std::path::Path;

use crate::StoreError;
use crate::backup::Origin;
use crate::files::Existing;
use crate::imports::Import;
use crate::postgres::PostgresStore;
use crate::sql::{ReadRow, Scope, Sql, Value};
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
mod echo_marks;
mod entity_links;
mod events;
mod index_builds;
mod instance_details;
mod instances;
mod items;
mod jobs;
mod markers;
mod secrets;
mod signing_keys;
mod webhook_addresses;

/// One of the databases. Cloning shares it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Store {
    /// SQLite, in a file.
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

/// What both engines run from one text.
impl Store {
    /// Reads rows.
    async fn query<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(store) => store.query(sql.into(), values, read).await,
            Self::Postgres(store) => store.query(scope, sql.into(), values, read).await,
        }
    }

    /// Reads rows, however long it takes.
    async fn query_unlimited<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(store) => store.query_unlimited(sql.into(), values, read).await,
            Self::Postgres(store) => store.query(scope, sql.into(), values, read).await,
        }
    }

    /// Reads at most one row.
    async fn query_one<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Option<T>, StoreError> {
        let rows = self.query(scope, sql, values, read).await?;
        Ok(rows.into_iter().next())
    }

    /// Reads at most one row by its key. On SQLite this thread reads it.
    async fn query_one_short<T>(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Option<T>, StoreError> {
        let rows = match self {
            Self::Sqlite(store) => store.query_short(sql.into(), values, read)?,
            Self::Postgres(store) => store.query(scope, sql.into(), values, read).await?,
        };
        Ok(rows.into_iter().next())
    }

    /// Changes rows, and returns how many.
    async fn execute(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(store) => store.execute(scope, sql.into(), values).await,
            Self::Postgres(store) => store.execute(scope, sql.into(), values).await,
        }
    }

    /// Changes rows, and reads what the statement returns of them.
    async fn execute_returning<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: impl Into<Sql>,
        values: &[Value<'_>],
        read: ReadRow<T>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(store) => {
                store
                    .execute_returning(scope, sql.into(), values, read)
                    .await
            }
            Self::Postgres(store) => {
                store
                    .execute_returning(scope, sql.into(), values, read)
                    .await
            }
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
