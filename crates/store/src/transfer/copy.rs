//! A whole database into another, which must be empty; then both are compared.

use backlot_wix::InstanceId;

use super::{Exported, Exporter, Importer, NotImported};
use crate::collections::Collections as _;
use crate::instance_details::InstanceDetails as _;
use crate::instances::Instances as _;
use crate::jobs::Jobs as _;
use crate::signing_keys::SigningKeys as _;
use crate::{Store, StoreError};

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
    /// Collections, items, and a checksum over both.
    pub all: Exported,
}

/// Whether anything is kept here.
pub async fn is_empty(store: &Store) -> Result<bool, StoreError> {
    Ok(store.instances_after(None, 1).await?.is_empty()
        && store.signing_keys().await?.is_empty()
        && store.declared_collections().await?.is_empty())
}

/// Copies everything: keys, declared collections, and instance by instance what is kept of it.
pub async fn copy(
    from: &Store,
    to: &Store,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), NotImported> {
    for key in from.signing_keys().await? {
        to.signing_keys_or(key).await?;
    }
    to.declare_collections(from.declared_collections().await?, false)
        .await??;
    let (mut after, mut instances, mut items) = (None, 0, 0);
    loop {
        let page = from.instances_after(after, PAGE).await?;
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
    for job in from.unfinished_jobs(u32::MAX).await? {
        to.keep_job(job).await?;
    }
    Ok(())
}

async fn copy_instance(
    from: &Store,
    to: &Store,
    instance_id: InstanceId,
) -> Result<Exported, NotImported> {
    let mut importer = Importer::begin(to, instance_id).await?;
    if let Some(refusal) = from.refusal(instance_id).await? {
        to.keep_refusal(refusal).await?;
    }
    let mut exporter = Exporter::new(from, instance_id);
    loop {
        let records = exporter.next().await?;
        if records.is_empty() {
            return importer.finish();
        }
        for record in records {
            importer.take(record).await?;
        }
    }
}

/// Counts everything, and makes the checksum.
pub async fn holdings(store: &Store) -> Result<Holdings, StoreError> {
    let mut holdings = Holdings::default();
    let mut after = None;
    loop {
        let page = store.instances_after(after, PAGE).await?;
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
            holdings.all.checksum = holdings.all.checksum.plus(one.checksum);
        }
    }
}
