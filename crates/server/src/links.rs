//! Links: pairs of ids of the same entity in two systems, in collections of an instance.
//!
//! Within a collection an id is in one link at most. A link counts as an item, and by its bytes, against the quotas of
//! `[data]`.

use std::fmt;
use std::sync::Arc;

use backlot_store::StoreError;
use backlot_store::entity_links::{EntityLink, EntityLinkUpsert, LinkSide};
use backlot_wix::InstanceId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::data::Data;
use crate::error::{ApiError, ErrorCode};

/// The most bytes of a collection's name.
pub(crate) const MAX_COLLECTION_BYTES: usize = 100;
/// The most bytes of an id: it is part of a key.
const MAX_ID_BYTES: usize = 500;
/// The most bytes of a hash.
const MAX_HASH_BYTES: usize = 200;
/// The most links of one list.
pub(crate) const MAX_LISTED: u32 = 1000;

/// A pair of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Link {
    /// The id in the other system.
    pub external: String,
    /// The app's own id.
    pub internal: String,
    /// A hash of the content that both sides had last, if one was given.
    pub hash: Option<String>,
    /// When the link was written last.
    pub updated_at: Timestamp,
}

/// The links of one instance.
#[derive(Clone)]
pub(crate) struct InstanceLinks {
    data: Arc<Data>,
    instance_id: InstanceId,
    /// The plan of the instance, where it is known.
    plan: Option<Arc<str>>,
}

impl fmt::Debug for InstanceLinks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Links({})", self.instance_id)
    }
}

/// A link that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct NewLink {
    pub(crate) external: String,
    pub(crate) internal: String,
    pub(crate) hash: Option<String>,
}

impl InstanceLinks {
    pub(crate) const fn new(
        data: Arc<Data>,
        instance_id: InstanceId,
        plan: Option<Arc<str>>,
    ) -> Self {
        Self {
            data,
            instance_id,
            plan,
        }
    }

    /// Inserts a link, or replaces the one that has one of its ids.
    ///
    /// # Errors
    ///
    /// `LINK_CONFLICT` if its ids are in two links.
    pub(crate) async fn upsert(&self, collection: &str, link: NewLink) -> Result<Link, ApiError> {
        check_collection(collection)?;
        check_id("external", &link.external)?;
        check_id("internal", &link.internal)?;
        if let Some(hash) = &link.hash {
            check_text("hash", hash, MAX_HASH_BYTES)?;
        }
        let link = EntityLink {
            instance_id: self.instance_id,
            collection: collection.to_owned(),
            external: link.external,
            internal: link.internal,
            hash: link.hash,
            updated_at: self.data.clock.now(),
        };
        self.check_room(&link).await?;
        match self.data.store.upsert_entity_link(link.clone()).await? {
            EntityLinkUpsert::Inserted => self.note(1, signed(link.bytes())),
            EntityLinkUpsert::Updated(before) => {
                self.note(0, signed(link.bytes()) - signed(before.bytes()));
            }
            EntityLinkUpsert::Conflict {
                of_external,
                of_internal,
            } => {
                let links = [of_external, of_internal].map(Link::from);
                return Err(
                    ApiError::from(ErrorCode::LinkConflict).with_data("links", json!(links))
                );
            }
        }
        Ok(link.into())
    }

    /// Finds a link.
    pub(crate) async fn find(
        &self,
        collection: &str,
        side: LinkSide<'_>,
    ) -> Result<Option<Link>, ApiError> {
        check_collection(collection)?;
        check_side(side)?;
        let store = &self.data.store;
        let found = store.find_entity_link(self.instance_id, collection, side);
        Ok(found.await?.map(Link::from))
    }

    /// Deletes a link, and returns it.
    pub(crate) async fn delete(
        &self,
        collection: &str,
        side: LinkSide<'_>,
    ) -> Result<Option<Link>, ApiError> {
        check_collection(collection)?;
        check_side(side)?;
        let store = &self.data.store;
        let deleted = store.delete_entity_link(self.instance_id, collection, side);
        let deleted = deleted.await?;
        if let Some(link) = &deleted {
            self.note(-1, -signed(link.bytes()));
        }
        Ok(deleted.map(Link::from))
    }

    /// Lists links by their external ids, those after the given one.
    pub(crate) async fn list(
        &self,
        collection: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Link>, ApiError> {
        check_collection(collection)?;
        let (store, limit) = (&self.data.store, limit.clamp(1, MAX_LISTED));
        let after = after.unwrap_or_default();
        let listed = store.list_entity_links(self.instance_id, collection, after, limit);
        Ok(listed.await?.into_iter().map(Link::from).collect())
    }

    /// Refuses a link for which the instance has no room. A link that is there may be replaced as long as it does not grow.
    async fn check_room(&self, link: &EntityLink) -> Result<(), ApiError> {
        if self.data.storage.quotas().are_none() {
            return Ok(());
        }
        let before = self.find_before(link).await?;
        let grown = signed(link.bytes()) - before.as_ref().map_or(0, |it| signed(it.bytes()));
        let asked = backlot_store::instances::StorageUsage {
            items: u64::from(before.is_none()),
            bytes: grown.max(0).unsigned_abs(),
        };
        let (data, plan) = (&self.data, self.plan.as_deref());
        let room = data
            .storage
            .room(&data.store, self.instance_id, plan, asked);
        if let Some(room) = room.await? {
            room.check(grown)?;
        }
        Ok(())
    }

    async fn find_before(&self, link: &EntityLink) -> Result<Option<EntityLink>, StoreError> {
        let (store, id) = (&self.data.store, self.instance_id);
        for side in [
            LinkSide::External(&link.external),
            LinkSide::Internal(&link.internal),
        ] {
            let found = store.find_entity_link(id, &link.collection, side).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn note(&self, items: i64, bytes: i64) {
        self.data.storage.note(self.instance_id, items, bytes);
    }
}

impl From<EntityLink> for Link {
    fn from(link: EntityLink) -> Self {
        Self {
            external: link.external,
            internal: link.internal,
            hash: link.hash,
            updated_at: link.updated_at,
        }
    }
}

fn check_collection(name: &str) -> Result<(), ApiError> {
    check_text("collection", name, MAX_COLLECTION_BYTES)
}

fn check_side(side: LinkSide<'_>) -> Result<(), ApiError> {
    match side {
        LinkSide::External(id) => check_id("external", id),
        LinkSide::Internal(id) => check_id("internal", id),
    }
}

fn check_id(name: &str, id: &str) -> Result<(), ApiError> {
    check_text(name, id, MAX_ID_BYTES)
}

fn check_text(name: &str, text: &str, max_bytes: usize) -> Result<(), ApiError> {
    if !text.is_empty() && text.len() <= max_bytes && !text.contains(char::is_control) {
        return Ok(());
    }
    let cause = format!("{name} must have 1 to {max_bytes} bytes and no control characters");
    Err(ApiError::from(ErrorCode::ParameterInvalid)
        .with_data("parameter", name)
        .with_data("cause", cause))
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
