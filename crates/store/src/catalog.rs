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
/// Collections that stay prepared.
const MOST_PREPARED: u64 = 1_000;
/// How long one stays prepared that is not asked for.
const PREPARED_IDLE: Duration = Duration::from_mins(10);

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
    /// Collections as they were prepared last, so that what is compiled is compiled once.
    prepared: Cache<(Owner, Box<str>), Arc<Collection>>,
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
            prepared: Cache::builder()
                .max_capacity(MOST_PREPARED)
                .time_to_idle(PREPARED_IDLE)
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

    /// Remembers what was found, and returns it: if it is as it was, as it was prepared then.
    pub(crate) fn put(&self, owner: Owner, id: &str, known: Known) -> Known {
        let known = known.map(|found| self.prepared(owner, id, found));
        match owner {
            None => self.declared.insert(id.into(), known.clone()),
            Some(instance_id) => self.own.insert((instance_id, id.into()), known.clone()),
        }
        known
    }

    fn prepared(&self, owner: Owner, id: &str, found: Arc<Collection>) -> Arc<Collection> {
        let key = (owner, id.into());
        let before = self.prepared.get(&key).filter(|before| {
            before.declared == found.declared && before.definition == found.definition
        });
        before.unwrap_or_else(|| {
            self.prepared.insert(key, Arc::clone(&found));
            found
        })
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
