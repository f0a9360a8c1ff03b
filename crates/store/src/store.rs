//! The database that the configuration chose, behind the traits.

use std::path::Path;
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{DataError, Filter};
use jiff::Timestamp;

use crate::backup::Origin;
use crate::collections::{Collection, CollectionHead, Collections, Misfits, Usage};
use crate::files::Existing;
use crate::imports::Import;
use crate::index_builds::{BuildProgress, IndexBuilds};
use crate::instance_details::{Details, InstanceDetails, Outdated, TokenRefusal};
use crate::instances::{ActivityDelta, Instance, Instances, StorageUsage, Totals};
use crate::items::link::{Link, LinkOutcome, PlacedLink, Wanted};
use crate::items::{Batch, Find, Item, Items, ItemsOf, Visit, Written};
use crate::jobs::{Job, JobLoad, Jobs};
use crate::markers::Markers;
use crate::postgres::PostgresStore;
use crate::signing_keys::{SigningKey, SigningKeys};
use crate::sqlite::SqliteStore;
use crate::{Backfill, StoreError};

/// The same call, whichever it is.
macro_rules! each {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Self::Sqlite($store) => $call,
            Self::Postgres($store) => $call,
        }
    };
}

// After the macro, which it uses.
mod connections;

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
    /// How many connections to the database there are for work of instances. `None` on SQLite, where there is one for
    /// the caller.
    pub fn connections(&self) -> Option<usize> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(store.tenant_connections()),
        }
    }

    /// Writes a copy of all of it into a file, as of one moment, while others read and write.
    /// [`crate::Address::restore`] puts it back.
    pub async fn back_up(
        &self,
        path: &Path,
        existing: Existing,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        each!(self, store => store.back_up(path, existing, origin).await)
    }
}

impl Store {
    /// Replaces the data of an instance with a staged import, in one transaction: a client that
    /// reads sees the one, and then the other. Secrets, connected accounts and what was used of connections stay.
    pub async fn take_over_import(&self, import: Import) -> Result<(), StoreError> {
        each!(self, store => store.take_over_import(import).await)
    }

    /// Removes all data of all instances.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        each!(self, store => store.wipe().await)
    }

    /// Forgets what is remembered of the database, since another has taken its place.
    pub fn forget_remembered(&self) {
        each!(self, store => store.forget_remembered());
    }
}

impl Instances for Store {
    async fn record_sightings(&self, batch: Vec<ActivityDelta>) -> Result<(), StoreError> {
        each!(self, store => store.record_sightings(batch).await)
    }

    async fn instance(&self, instance_id: InstanceId) -> Result<Option<Instance>, StoreError> {
        each!(self, store => store.instance(instance_id).await)
    }

    async fn latest_instances(&self, limit: u32) -> Result<Vec<Instance>, StoreError> {
        each!(self, store => store.latest_instances(limit).await)
    }

    async fn instances_after(
        &self,
        after: Option<InstanceId>,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        each!(self, store => store.instances_after(after, limit).await)
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        each!(self, store => store.totals().await)
    }

    async fn storage_usage(&self, instance_id: InstanceId) -> Result<StorageUsage, StoreError> {
        each!(self, store => store.storage_usage(instance_id).await)
    }

    async fn delete_instance(&self, instance_id: InstanceId) -> Result<u64, StoreError> {
        each!(self, store => store.delete_instance(instance_id).await)
    }
}

impl IndexBuilds for Store {
    async fn instances_with_builds(&self, limit: u32) -> Result<Vec<InstanceId>, StoreError> {
        each!(self, store => store.instances_with_builds(limit).await)
    }

    async fn has_builds(&self, instance_id: InstanceId) -> Result<bool, StoreError> {
        each!(self, store => store.has_builds(instance_id).await)
    }

    async fn build_piece(&self, instance_id: InstanceId) -> Result<BuildProgress, StoreError> {
        each!(self, store => store.build_piece(instance_id).await)
    }

    async fn retry_failed_builds(&self) -> Result<(), StoreError> {
        each!(self, store => store.retry_failed_builds().await)
    }
}

impl Markers for Store {
    async fn marker(&self, name: &str) -> Result<Option<String>, StoreError> {
        each!(self, store => store.marker(name).await)
    }

    async fn markers(&self, beginning: &str) -> Result<Vec<(String, String)>, StoreError> {
        each!(self, store => store.markers(beginning).await)
    }

    async fn set_marker(&self, name: &str, value: Option<String>) -> Result<(), StoreError> {
        each!(self, store => store.set_marker(name, value).await)
    }
}

impl SigningKeys for Store {
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        each!(self, store => store.signing_keys().await)
    }

    async fn replace_signing_keys(
        &self,
        expected: Vec<SigningKey>,
        keys: Vec<SigningKey>,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.replace_signing_keys(expected, keys).await)
    }

    async fn scrub_signing_keys(&self) -> Result<(), StoreError> {
        each!(self, store => store.scrub_signing_keys().await)
    }
}

impl InstanceDetails for Store {
    async fn keep_details(&self, details: Details) -> Result<(), StoreError> {
        each!(self, store => store.keep_details(details).await)
    }

    async fn details(&self, instance_id: InstanceId) -> Result<Option<Details>, StoreError> {
        each!(self, store => store.details(instance_id).await)
    }

    async fn instance_of_site(&self, site_id: &str) -> Result<Option<InstanceId>, StoreError> {
        each!(self, store => store.instance_of_site(site_id).await)
    }

    async fn site_origins(&self) -> Result<Vec<(InstanceId, String)>, StoreError> {
        each!(self, store => store.site_origins().await)
    }

    async fn outdated_instances(
        &self,
        outdated: Outdated,
        limit: u32,
    ) -> Result<Vec<InstanceId>, StoreError> {
        each!(self, store => store.outdated_instances(outdated, limit).await)
    }

    async fn keep_refusal(&self, refusal: TokenRefusal) -> Result<(), StoreError> {
        each!(self, store => store.keep_refusal(refusal).await)
    }

    async fn forget_refusal(&self, instance_id: InstanceId) -> Result<(), StoreError> {
        each!(self, store => store.forget_refusal(instance_id).await)
    }

    async fn refusal(&self, instance_id: InstanceId) -> Result<Option<TokenRefusal>, StoreError> {
        each!(self, store => store.refusal(instance_id).await)
    }
}

impl Collections for Store {
    async fn collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        each!(self, store => store.collection(instance_id, id).await)
    }

    async fn collection_within(
        &self,
        instance_id: InstanceId,
        id: &str,
        most_bytes: usize,
    ) -> Result<Option<Arc<Collection>>, StoreError> {
        each!(self, store => store.collection_within(instance_id, id, most_bytes).await)
    }

    async fn collection_heads(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<CollectionHead>, StoreError> {
        each!(self, store => store.collection_heads(instance_id).await)
    }

    async fn definitions(
        &self,
        instance_id: InstanceId,
        ids: Vec<String>,
    ) -> Result<Vec<Definition>, StoreError> {
        each!(self, store => store.definitions(instance_id, ids).await)
    }

    async fn collections(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Arc<Collection>>, StoreError> {
        each!(self, store => store.collections(instance_id).await)
    }

    async fn create_collection(
        &self,
        instance_id: InstanceId,
        definition: Definition,
    ) -> Result<Result<Definition, DataError>, StoreError> {
        each!(self, store => store.create_collection(instance_id, definition).await)
    }

    async fn update_collection(
        &self,
        instance_id: InstanceId,
        definition: Definition,
    ) -> Result<Result<Definition, DataError>, StoreError> {
        each!(self, store => store.update_collection(instance_id, definition).await)
    }

    async fn delete_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<bool, StoreError> {
        each!(self, store => store.delete_collection(instance_id, id).await)
    }

    async fn declared_collections(&self) -> Result<Vec<Definition>, StoreError> {
        each!(self, store => store.declared_collections().await)
    }

    async fn declare_collections(
        &self,
        definitions: Vec<Definition>,
        trial: bool,
    ) -> Result<Result<(), DataError>, StoreError> {
        each!(self, store => store.declare_collections(definitions, trial).await)
    }

    async fn usage(&self, id: &str) -> Result<Usage, StoreError> {
        each!(self, store => store.usage(id).await)
    }

    async fn instances_with(&self, id: &str) -> Result<Vec<InstanceId>, StoreError> {
        each!(self, store => store.instances_with(id).await)
    }

    async fn items_in(&self, instance_id: InstanceId, id: &str) -> Result<u64, StoreError> {
        each!(self, store => store.items_in(instance_id, id).await)
    }

    async fn remove_unreachable(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<(), StoreError> {
        each!(self, store => store.remove_unreachable(instance_id, id).await)
    }

    async fn change_links(
        &self,
        id: &str,
        field: &str,
        present: Option<&str>,
    ) -> Result<u64, StoreError> {
        each!(self, store => store.change_links(id, field, present).await)
    }

    async fn misfits(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Misfits, StoreError> {
        each!(self, store => store.misfits(definition, backfill).await)
    }
}

impl Items for Store {
    async fn item(&self, of: &ItemsOf, item_id: &str) -> Result<Option<Item>, StoreError> {
        each!(self, store => store.item(of, item_id).await)
    }

    async fn items_by_id(
        &self,
        of: &ItemsOf,
        item_ids: Vec<String>,
    ) -> Result<Vec<Item>, StoreError> {
        each!(self, store => store.items_by_id(of, item_ids).await)
    }

    async fn find(&self, of: &ItemsOf, find: Find) -> Result<Vec<Item>, StoreError> {
        each!(self, store => store.find(of, find).await)
    }

    async fn count(&self, of: &ItemsOf, filter: &Filter) -> Result<u64, StoreError> {
        each!(self, store => store.count(of, filter).await)
    }

    async fn scan(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        each!(self, store => store.scan(of, filter, visit).await)
    }

    async fn write(
        &self,
        of: &ItemsOf,
        batch: Batch,
    ) -> Result<Vec<Result<Written, DataError>>, StoreError> {
        each!(self, store => store.write(of, batch).await)
    }

    async fn truncate(&self, of: &ItemsOf) -> Result<(), StoreError> {
        each!(self, store => store.truncate(of).await)
    }

    async fn link(&self, of: &ItemsOf, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError> {
        each!(self, store => store.link(of, links).await)
    }

    async fn unlink(&self, of: &ItemsOf, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError> {
        each!(self, store => store.unlink(of, links).await)
    }

    async fn replace_links(
        &self,
        of: &ItemsOf,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), StoreError> {
        each!(self, store => store.replace_links(of, field, item_id, referenced).await)
    }

    async fn is_linked(&self, of: &ItemsOf, link: &Link) -> Result<bool, StoreError> {
        each!(self, store => store.is_linked(of, link).await)
    }

    async fn placed_links(
        &self,
        of: &ItemsOf,
        wanted: Wanted,
    ) -> Result<Vec<PlacedLink>, StoreError> {
        each!(self, store => store.placed_links(of, wanted).await)
    }
}

impl Jobs for Store {
    async fn keep_job(&self, job: Job) -> Result<(), StoreError> {
        each!(self, store => store.keep_job(job).await)
    }

    async fn job(&self, instance_id: InstanceId, job_id: &str) -> Result<Option<Job>, StoreError> {
        each!(self, store => store.job(instance_id, job_id).await)
    }

    async fn unfinished_jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        each!(self, store => store.unfinished_jobs(limit).await)
    }

    async fn next_job(&self, instance_id: InstanceId) -> Result<Option<Job>, StoreError> {
        each!(self, store => store.next_job(instance_id).await)
    }

    async fn instances_with_jobs(&self, limit: u32) -> Result<Vec<InstanceId>, StoreError> {
        each!(self, store => store.instances_with_jobs(limit).await)
    }

    async fn job_load(&self, instance_id: InstanceId) -> Result<JobLoad, StoreError> {
        each!(self, store => store.job_load(instance_id).await)
    }

    async fn fail_job(&self, instance_id: InstanceId, job_id: &str) -> Result<(), StoreError> {
        each!(self, store => store.fail_job(instance_id, job_id).await)
    }

    async fn forget_jobs(&self, before: Timestamp) -> Result<(), StoreError> {
        each!(self, store => store.forget_jobs(before).await)
    }
}
