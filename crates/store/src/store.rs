//! The database that the configuration chose, behind the traits.

use backlot_wix::InstanceId;

use crate::StoreError;
use crate::instances::{Instance, Instances, Sighting};
use crate::signing_keys::{SigningKey, SigningKeys};
use crate::sqlite::SqliteStore;

/// One of the databases. Cloning shares it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Store {
    /// SQLite, in a file of its own.
    Sqlite(SqliteStore),
}

impl Instances for Store {
    async fn record_sightings(&self, batch: Vec<Sighting>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.record_sightings(batch).await,
        }
    }

    async fn instance(&self, instance_id: InstanceId) -> Result<Option<Instance>, StoreError> {
        match self {
            Self::Sqlite(store) => store.instance(instance_id).await,
        }
    }

    async fn latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError> {
        match self {
            Self::Sqlite(store) => store.latest_instances(limit).await,
        }
    }
}

impl SigningKeys for Store {
    async fn signing_keys_or(&self, candidate: SigningKey) -> Result<Vec<SigningKey>, StoreError> {
        match self {
            Self::Sqlite(store) => store.signing_keys_or(candidate).await,
        }
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        match self {
            Self::Sqlite(store) => store.signing_keys().await,
        }
    }
}
