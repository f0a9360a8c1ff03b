//! A whole database into another, which must be empty; then both are compared.

use backlot_wix::InstanceId;

use super::{Checksum, Exported, Exporter, Importer, NotImported};
use crate::Store;
use crate::StoreError;
use crate::markers::COPY;

/// Instances that are listed at once.
const PAGE: u32 = 500;

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The instance that has just been copied.
    pub instance_id: InstanceId,
    /// How many instances are copied.
    pub instances: u64,
    /// How many items are copied.
    pub items: u64,
}

/// What a database holds, for a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Instances.
    pub instances: u64,
    /// Collections, items, links, and a checksum over them, and over secrets, accounts, and the keys to them.
    pub all: Exported,
}

/// Whether anything is kept here that is no part of a copy that was broken off.
pub async fn is_empty(store: &Store) -> Result<bool, StoreError> {
    if is_unfinished(store).await? {
        return Ok(true);
    }
    Ok(store.list_instance_ids(None, 1).await?.is_empty()
        && store.list_signing_keys().await?.is_empty()
        && store.list_wrapped_keys().await?.is_empty()
        && store.list_secrets(None).await?.is_empty()
        && store.list_declared_collections().await?.is_empty())
}

/// Whether a copy into this database was begun, and has not ended.
pub async fn is_unfinished(store: &Store) -> Result<bool, StoreError> {
    Ok(store.find_marker(COPY).await?.is_some())
}

/// Copies everything: keys, shared secrets, declared collections, and instance by instance the data of
/// it. Authorizations that are under way are not copied: they last for minutes.
///
/// As long as it goes on the target is marked ([`COPY`]), and no server starts with it. One that fails leaves the target
/// empty; one that was killed is found by the mark, and the next one starts over.
pub async fn copy(
    from: &Store,
    to: &Store,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), NotImported> {
    to.wipe().await?;
    to.set_marker(COPY, Some("begun".to_owned())).await?;
    let outcome = copy_all(from, to, progress).await;
    if outcome.is_err() {
        to.wipe().await?;
        return outcome;
    }
    Ok(to.set_marker(COPY, None).await?)
}

async fn copy_all(
    from: &Store,
    to: &Store,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), NotImported> {
    for key in from.list_wrapped_keys().await? {
        to.insert_wrapped_key(key).await?;
    }
    let keys = from.list_signing_keys().await?;
    if keys.iter().any(|key| key.sealed_with.is_none()) {
        let text =
            "a signing key lies in the database in the clear, and is sealed before it is copied";
        return Err(StoreError::Unusable(text.to_owned()).into());
    }
    if !to.replace_signing_keys(Vec::new(), keys).await? {
        let text = "the target has its own signing keys";
        return Err(StoreError::Unusable(text.to_owned()).into());
    }
    for secret in from.list_secrets(None).await? {
        to.upsert_secret(secret, None).await?;
    }
    to.declare_collections(from.list_declared_collections().await?, false)
        .await?;
    let (mut after, mut instances, mut items) = (None, 0, 0);
    loop {
        let page = from.list_instance_ids(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        for instance_id in page {
            items += copy_instance(from, to, instance_id).await?.items;
            instances += 1;
            progress(Progress {
                instance_id,
                instances,
                items,
            });
        }
    }
    for job in from.list_unfinished_jobs(u32::MAX).await? {
        to.insert_job(job).await?;
    }
    Ok(())
}

async fn copy_instance(
    from: &Store,
    to: &Store,
    instance_id: InstanceId,
) -> Result<Exported, NotImported> {
    let mut importer = Importer::begin(to, instance_id).await?;
    if let Some(refusal) = from.find_refusal(instance_id).await? {
        to.upsert_refusal(refusal).await?;
    }
    for secret in from.list_secrets(Some(instance_id)).await? {
        to.upsert_secret(secret, None).await?;
    }
    for account in from.list_accounts(instance_id).await? {
        to.upsert_account(account, None).await?;
    }
    for address in from.list_webhook_addresses(instance_id).await? {
        to.insert_webhook_address(address).await?;
    }
    let usage = from.list_connection_usage(instance_id, None).await?;
    to.add_connection_usage(usage).await?;
    let mut exporter = Exporter::new(from, instance_id);
    loop {
        let records = exporter.next().await?;
        if records.is_empty() {
            return importer.finish().await;
        }
        for record in records {
            importer.take(record).await?;
        }
    }
}

/// Counts everything, and makes the checksum.
pub async fn holdings(store: &Store) -> Result<Holdings, StoreError> {
    let mut holdings = Holdings::default();
    let checksum = &mut holdings.all.checksum;
    for key in store.list_wrapped_keys().await? {
        checksum.sealed("key", &key.key_id, &key.wrapped);
    }
    for key in store.list_signing_keys().await? {
        checksum.sealed("signing key", &key.key_id, &key.private_key);
    }
    add_secrets(store, None, checksum).await?;
    let mut after = None;
    loop {
        let page = store.list_instance_ids(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(holdings);
        };
        after = Some(*last);
        for instance_id in page {
            let mut exporter = Exporter::new(store, instance_id);
            while !exporter.next().await?.is_empty() {}
            let one = exporter.exported();
            holdings.instances += 1;
            holdings.all.collections += one.collections;
            holdings.all.items += one.items;
            holdings.all.links += one.links;
            holdings.all.checksum = holdings.all.checksum.plus(one.checksum);
            let checksum = &mut holdings.all.checksum;
            add_secrets(store, Some(instance_id), checksum).await?;
            for account in store.list_accounts(instance_id).await? {
                let name = format!("{instance_id} {}", account.connection);
                checksum.sealed("account", &name, &account.sealed);
            }
        }
    }
}

async fn add_secrets(
    store: &Store,
    instance_id: Option<InstanceId>,
    checksum: &mut Checksum,
) -> Result<(), StoreError> {
    let whose = instance_id.map_or_else(String::new, |id| id.to_string());
    for secret in store.list_secrets(instance_id).await? {
        checksum.sealed(
            "secret",
            &format!("{whose} {}", secret.name),
            &secret.sealed,
        );
    }
    Ok(())
}
