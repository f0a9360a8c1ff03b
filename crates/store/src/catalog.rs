//! Definitions of collections, kept in memory for a moment.
//!
//! Another node may change one, so nothing is believed for longer than a second; and every write asks
//! the database whether it still is the one that the write was built on.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use moka::sync::Cache;

use crate::StoreError;
use crate::collections::Collection;
use crate::items::ItemsOf;

const MOST: u64 = 10_000;
const BELIEVED: Duration = Duration::from_secs(1);

/// Whose the collection is; `None` when it is every instance's.
type Owner = Option<InstanceId>;
/// What is known of it; `None` when it is known not to exist.
type Known = Option<Arc<Collection>>;

/// What is known of collections.
#[derive(Clone)]
pub(crate) struct Catalog {
    /// Those that every instance has: apart, so that they are found by their name alone.
    declared: Cache<Box<str>, Known>,
    own: Cache<(InstanceId, Box<str>), Known>,
}

impl Catalog {
    pub(crate) fn new() -> Self {
        Self {
            declared: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(BELIEVED)
                .build(),
            own: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(BELIEVED)
                .build(),
        }
    }

    /// `None` when nothing is known, and `Some(None)` when it is known that there is none.
    pub(crate) fn get(&self, owner: Owner, id: &str) -> Option<Known> {
        match owner {
            None => self.declared.get(id),
            Some(instance_id) => self.own.get(&(instance_id, id.into())),
        }
    }

    pub(crate) fn put(&self, owner: Owner, id: &str, known: Known) {
        match owner {
            None => self.declared.insert(id.into(), known),
            Some(instance_id) => self.own.insert((instance_id, id.into()), known),
        }
    }

    pub(crate) fn forget(&self, owner: Owner, id: &str) {
        match owner {
            None => self.declared.invalidate(id),
            Some(instance_id) => self.own.invalidate(&(instance_id, id.into())),
        }
    }

    /// Forgets a collection that turned out to be outdated, so that it is looked up anew.
    pub(crate) fn look_again<T>(
        &self,
        of: &ItemsOf,
        outcome: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(outcome, Err(StoreError::Outdated)) {
            let id = &of.collection.definition.id;
            self.forget(None, id);
            self.forget(Some(of.instance_id), id);
        }
        outcome
    }

    pub(crate) fn forget_all(&self) {
        self.declared.invalidate_all();
        self.own.invalidate_all();
    }
}
