//! Collections.

use crate::Backfill;
use crate::StoreError;
use crate::collections::{Collection, CollectionHead, Usage, Violations};
use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use std::sync::Arc;

repository! {
    /// A collection of an instance, or one that every instance has. What another node changed is seen
    /// within a second.
    async fn find_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<Option<Arc<Collection>>, StoreError>;

    /// The same, unless its definition has more bytes and is not known already: then [`StoreError::Rejected`] with
    /// [`DataCode::TooCostly`](backlot_wix::data::DataCode::TooCostly). A large one takes a while to be read.
    async fn find_collection_within(
        &self,
        instance_id: InstanceId,
        id: &str,
        most_bytes: usize,
    ) -> Result<Option<Arc<Collection>>, StoreError>;

    /// Which collections an instance has, by id, those that every instance has among them.
    async fn list_collection_heads(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<CollectionHead>, StoreError>;

    /// The definitions of some of an instance's collections, in the order of these ids. One that is gone is left out.
    async fn list_definitions(
        &self,
        instance_id: InstanceId,
        ids: Vec<String>,
    ) -> Result<Vec<Definition>, StoreError>;

    /// All collections of an instance, by id, those that every instance has among them.
    async fn list_collections(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<Arc<Collection>>, StoreError>;

    /// Makes one. `WDE0104` when there is one with this id, `WDE0080` when its definition is too large, `WDE0075` when
    /// there are too many, or too large ones together.
    async fn insert_collection(
        &self,
        instance_id: InstanceId,
        definition: Definition,
    ) -> Result<Definition, StoreError>;

    /// Puts a definition in the place of the one with `definition.revision`, whose successor it becomes;
    /// `WDE0178` when that is not the latest. Items of a small collection get new keys where the indexes differ;
    /// `WDE0123` when what is to be unique is not. Those of a larger one get them in pieces
    /// ([`crate::index_builds`]).
    async fn update_collection(
        &self,
        instance_id: InstanceId,
        definition: Definition,
    ) -> Result<Definition, StoreError>;

    /// Removes one, with its items. False when there is none.
    async fn delete_collection(
        &self,
        instance_id: InstanceId,
        id: &str,
    ) -> Result<bool, StoreError>;

    /// The collections that the configuration declared when it was applied last.
    async fn list_declared_collections(&self) -> Result<Vec<Definition>, StoreError>;

    /// Makes these the declared collections, and gives every instance's items the keys that they need: at once where
    /// that is little, and otherwise in pieces. Of one that is no longer declared the items stay, out of reach, until
    /// it is declared again. A trial changes nothing, looks at all items, and says what would be refused: `WDE0123`
    /// when what is to be unique is not.
    async fn declare_collections(
        &self,
        definitions: Vec<Definition>,
        trial: bool,
    ) -> Result<(), StoreError>;

    /// What all instances together hold of a collection.
    async fn collection_usage(&self, id: &str) -> Result<Usage, StoreError>;

    /// The instances that have items in a collection.
    async fn list_instances_with_items(&self, id: &str) -> Result<Vec<InstanceId>, StoreError>;

    /// How many items an instance has in a collection, whether that is still there or not.
    async fn count_items_in(&self, instance_id: InstanceId, id: &str) -> Result<u64, StoreError>;

    /// Removes an instance's items in a collection that is no longer there, with their keys and links.
    async fn delete_unreachable_items(&self, instance_id: InstanceId, id: &str) -> Result<(), StoreError>;

    /// Gives the links of a collection's field another name for the field, in every instance; removes them where
    /// there is none. How many there were.
    async fn rename_links(
        &self,
        id: &str,
        field: &str,
        present: Option<&str>,
    ) -> Result<u64, StoreError>;

    /// The items, of any instance, that would not keep to a definition once the backfill is done: the first few, and
    /// how many.
    async fn list_violations(
        &self,
        definition: &Definition,
        backfill: &Backfill,
    ) -> Result<Violations, StoreError>;
}
