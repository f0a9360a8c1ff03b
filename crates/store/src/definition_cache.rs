//! Definitions of collections, kept in memory for a moment.
//!
//! Another node may change one, so nothing is believed for longer than a second; and every write, and every query by an
//! index, asks the database whether it still is the one that it was built on.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use moka::sync::Cache;

use crate::StoreError;
use crate::collections::Collection;
use crate::items::CollectionRef;

/// The most bytes of what each of the caches below keeps, roughly. What two of them keep of one collection is the same.
const CACHE_BYTES: u64 = 32 << 20;
/// What an entry takes up beside the collection.
const ENTRY_BYTES: usize = 256;
const DEFINITION_CACHE_TTL: Duration = Duration::from_secs(1);
/// How long one stays prepared that is not asked for.
const PREPARED_IDLE: Duration = Duration::from_mins(10);

/// Whose the collection is; `None` when it is every instance's.
type Owner = Option<InstanceId>;
/// What is known of it; `None` when it is known not to exist.
type Known = Option<Arc<Collection>>;

/// Bytes of an entry with this collection.
fn weight(collection: Option<&Arc<Collection>>) -> u32 {
    let bytes = collection.map_or(0, |it| it.weight());
    u32::try_from(ENTRY_BYTES + bytes).unwrap_or(u32::MAX)
}

/// What is known of a collection that the configuration may declare.
#[derive(Clone)]
pub(crate) enum DeclaredCollection {
    /// It is not declared.
    Missing,
    /// It is the same for all instances.
    Same(Arc<Collection>),
    /// It is declared, and its indexes stand differently from instance to instance.
    Differs,
}

/// What is known of collections.
#[derive(Clone)]
pub(crate) struct DefinitionCache {
    /// Those that every instance has: apart, so that they are found by their name alone.
    declared: Cache<Box<str>, DeclaredCollection>,
    /// What each instance has under an id if that differs between instances: its own one, or a declared one.
    own: Cache<(InstanceId, Box<str>), Known>,
    /// Collections as they were prepared last, so that what is compiled is compiled once.
    prepared: Cache<(Owner, Box<str>), Arc<Collection>>,
}

impl DefinitionCache {
    pub(crate) fn new() -> Self {
        Self {
            declared: Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, known: &DeclaredCollection| match known {
                    DeclaredCollection::Same(collection) => weight(Some(collection)),
                    DeclaredCollection::Missing | DeclaredCollection::Differs => weight(None),
                })
                .time_to_live(DEFINITION_CACHE_TTL)
                .build(),
            own: Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, known: &Known| weight(known.as_ref()))
                .time_to_live(DEFINITION_CACHE_TTL)
                .build(),
            prepared: Cache::builder()
                .max_capacity(CACHE_BYTES)
                .weigher(|_, collection| weight(Some(collection)))
                .time_to_idle(PREPARED_IDLE)
                .build(),
        }
    }

    /// What an instance has under an id: `None` when nothing is known, and `Some(None)` when it is known that there is
    /// nothing.
    pub(crate) fn get(&self, instance_id: InstanceId, id: &str) -> Option<Known> {
        match self.declared.get(id)? {
            DeclaredCollection::Same(collection) => Some(Some(collection)),
            DeclaredCollection::Missing | DeclaredCollection::Differs => {
                self.own.get(&(instance_id, id.into()))
            }
        }
    }

    /// Remembers that a collection is declared, and the same for all instances; returns it as it was prepared before, if
    /// it is as it was.
    pub(crate) fn put_same(&self, id: &str, found: Collection) -> Arc<Collection> {
        let found = self.prepared(None, id, Arc::new(found));
        let known = DeclaredCollection::Same(Arc::clone(&found));
        self.declared.insert(id.into(), known);
        found
    }

    /// Remembers what an instance has under an id that is not the same for all; returns it as it was prepared before, if
    /// it is as it was.
    pub(crate) fn put_own(
        &self,
        instance_id: InstanceId,
        id: &str,
        found: Option<Collection>,
    ) -> Known {
        let is_declared = found.as_ref().is_some_and(|it| it.declared);
        let found = found.map(|it| self.prepared(Some(instance_id), id, Arc::new(it)));
        self.own.insert((instance_id, id.into()), found.clone());
        let declared = if is_declared {
            DeclaredCollection::Differs
        } else {
            DeclaredCollection::Missing
        };
        self.declared.insert(id.into(), declared);
        found
    }

    fn prepared(&self, owner: Owner, id: &str, found: Arc<Collection>) -> Arc<Collection> {
        let key = (owner, id.into());
        let before = self
            .prepared
            .get(&key)
            .filter(|before| before.is_like(&found));
        before.unwrap_or_else(|| {
            self.prepared.insert(key, Arc::clone(&found));
            found
        })
    }

    /// Forgets what an instance has under an id.
    pub(crate) fn forget(&self, instance_id: InstanceId, id: &str) {
        self.declared.invalidate(id);
        self.own.invalidate(&(instance_id, id.into()));
    }

    /// Forgets a collection that turned out to be outdated, so that it is read again.
    pub(crate) fn look_again<T>(
        &self,
        of: &CollectionRef,
        outcome: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(outcome, Err(StoreError::Outdated)) {
            self.forget(of.instance_id, &of.collection.definition.id);
        }
        outcome
    }

    pub(crate) fn forget_all(&self) {
        self.declared.invalidate_all();
        self.own.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use backlot_wix::data::collection::{Definition, Field, FieldType};

    use super::*;

    const PERMISSIONS: &str =
        r#"{"insert":"ADMIN","update":"ADMIN","remove":"ADMIN","read":"ADMIN"}"#;

    /// A collection whose definition takes up more in memory than as JSON.
    fn large(id: &str) -> Collection {
        let mut field = Field::new("f", FieldType::Any);
        let elements = serde_json::json!(vec![0; 100_000]);
        field.rest.insert("plugins".to_owned(), elements);
        let definition = Definition {
            fields: vec![field],
            ..serde_json::from_str(&format!(r#"{{"id":{id:?},"permissions":{PERMISSIONS}}}"#))
                .unwrap()
        };
        Collection::new(definition, false)
    }

    #[test]
    fn what_is_kept_is_counted_in_bytes() {
        let definition_cache = DefinitionCache::new();
        let owner = InstanceId::from_bytes([7; 16]);
        let one = large("one").weight() as u64;
        assert!(one > 1 << 20);
        for number in 0..200 {
            let id = format!("c{number}");
            definition_cache.put_own(owner, &id, Some(large(&id)));
            definition_cache.own.run_pending_tasks();
            definition_cache.prepared.run_pending_tasks();
        }
        for kept in [
            definition_cache.own.weighted_size(),
            definition_cache.prepared.weighted_size(),
        ] {
            assert!((one..=CACHE_BYTES).contains(&kept), "{kept}");
        }
        assert!(definition_cache.own.entry_count() < 40);
    }
}
