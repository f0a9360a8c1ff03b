//! Items: what the collections of each instance hold.
//!
//! Everything here is reached through [`ItemsOf`]: one collection of one instance. There is no way to
//! ask for items without naming the instance whose they are.
//!
//! - [`write`](mod@write): what is to be done with items, and what became of it
//! - [`change`]: what a write makes of an item, before any database is asked, and whether it can be kept
//! - [`room`]: how much more may be kept
//! - [`find`]: which items are wanted, in which order
//! - [`plan`]: by which index they are found

pub mod change;
mod conforming;
pub mod find;
mod item;
pub(crate) mod key_change;
pub mod link;
pub(crate) mod link_condition;
pub mod plan;
pub mod room;
mod storable;
pub mod write;

use std::ops::ControlFlow;
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::{Budget, DataError, Filter};

use crate::StoreError;
use crate::collections::Collection;
pub use find::{Find, Position};
pub use item::Item;
pub(crate) use item::no_json;
pub use link::{Link, LinkOutcome};
pub use room::Room;
pub use write::{Batch, Write, Written};

/// One collection of one instance.
#[derive(Debug, Clone)]
pub struct ItemsOf {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The collection, as it was when it was looked up. A write with an outdated one is
    /// [`StoreError::Outdated`].
    pub collection: Arc<Collection>,
    /// What reading them may cost.
    pub budget: Budget,
}

impl ItemsOf {
    /// A collection whose reading is not counted: what the operator does, and what tests do.
    pub const fn new(instance_id: InstanceId, collection: Arc<Collection>) -> Self {
        Self {
            instance_id,
            collection,
            budget: Budget::unlimited(),
        }
    }
}

/// What a scan does with each item: go on, stop, or give up with a fault.
pub type Visit<'visit> = dyn FnMut(Item) -> Result<ControlFlow<()>, DataError> + Send + 'visit;

/// The store of items.
pub trait Items {
    /// One item.
    fn item(
        &self,
        of: &ItemsOf,
        item_id: &str,
    ) -> impl Future<Output = Result<Option<Item>, StoreError>> + Send;

    /// Those of the items that there are, each once and in no order.
    fn items_by_id(
        &self,
        of: &ItemsOf,
        item_ids: Vec<String>,
    ) -> impl Future<Output = Result<Vec<Item>, StoreError>> + Send;

    /// The items that are wanted, in their order.
    fn find(
        &self,
        of: &ItemsOf,
        find: Find,
    ) -> impl Future<Output = Result<Vec<Item>, StoreError>> + Send;

    /// How many items match.
    fn count(
        &self,
        of: &ItemsOf,
        filter: &Filter,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every item that matches, in the order in which they were inserted, one after the other.
    fn scan(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Does what is asked with each item by itself: one answer a write, in their order. What is answered
    /// is on disk.
    fn write(
        &self,
        of: &ItemsOf,
        batch: Batch,
    ) -> impl Future<Output = Result<Vec<Result<Written, DataError>>, StoreError>> + Send;

    /// Removes every item, and what links to them.
    fn truncate(&self, of: &ItemsOf) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Links items, one answer a link.
    fn link(
        &self,
        of: &ItemsOf,
        links: Vec<Link>,
    ) -> impl Future<Output = Result<Vec<LinkOutcome>, StoreError>> + Send;

    /// Takes links away, one answer a link.
    fn unlink(
        &self,
        of: &ItemsOf,
        links: Vec<Link>,
    ) -> impl Future<Output = Result<Vec<LinkOutcome>, StoreError>> + Send;

    /// Makes these the only links of one field of one item.
    fn replace_links(
        &self,
        of: &ItemsOf,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether two items are linked.
    fn is_linked(
        &self,
        of: &ItemsOf,
        link: &Link,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What each of these items is linked to, in the order in which the links were made, or backwards, each in its
    /// place. The offset and the limit count the links of all of them together; `each` is the most of one item.
    fn placed_links(
        &self,
        of: &ItemsOf,
        wanted: link::Wanted,
    ) -> impl Future<Output = Result<Vec<link::PlacedLink>, StoreError>> + Send;

    /// The same, without the places.
    fn links(
        &self,
        of: &ItemsOf,
        wanted: link::Wanted,
    ) -> impl Future<Output = Result<Vec<Link>, StoreError>> + Send {
        let placed = self.placed_links(of, wanted);
        async move { Ok(placed.await?.into_iter().map(|it| it.link).collect()) }
    }
}
