//! The database that the configuration chose, behind the traits.

use backlot_wix::InstanceId;

use crate::StoreError;
use crate::instance_details::{Details, InstanceDetails, Outdated, TokenRefusal};
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

impl InstanceDetails for Store {
    async fn keep_details(&self, details: Details) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.keep_details(details).await,
        }
    }

    async fn details(&self, instance_id: InstanceId) -> Result<Option<Details>, StoreError> {
        match self {
            Self::Sqlite(store) => store.details(instance_id).await,
        }
    }

    async fn site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError> {
        match self {
            Self::Sqlite(store) => store.site_origins().await,
        }
    }

    async fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        match self {
            Self::Sqlite(store) => store.outdated_instances(outdated, limit).await,
        }
    }

    async fn keep_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.keep_refusal(refusal).await,
        }
    }

    async fn forget_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.forget_refusal(instance_id).await,
        }
    }

    async fn refusal(&self, instance_id: InstanceId) -> Result<Option<TokenRefusal>, StoreError> {
        match self {
            Self::Sqlite(store) => store.refusal(instance_id).await,
        }
    }
}
