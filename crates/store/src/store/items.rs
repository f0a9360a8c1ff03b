//! Items and their links.

use super::Store;
use crate::StoreError;
use crate::commit::Commit;
use crate::items::link::{PlacedLink, ReferenceQuery};
use crate::items::{CollectionRef, Item, ItemQuery, Link, LinkOutcome, MutationResult, Visit};
use backlot_wix::data::DataError;
use backlot_wix::data::Filter;

repository! {
    /// One item.
    async fn find_item(&self, of: &CollectionRef, item_id: &str) -> Result<Option<Item>, StoreError>;

    /// Those of the items that there are, each once and in no order.
    async fn find_items(
        &self,
        of: &CollectionRef,
        item_ids: Vec<String>,
    ) -> Result<Vec<Item>, StoreError>;

    /// The items that are wanted, in their order.
    async fn query_items(&self, of: &CollectionRef, find: ItemQuery) -> Result<Vec<Item>, StoreError>;

    /// How many items match.
    async fn count_items(&self, of: &CollectionRef, filter: &Filter) -> Result<u64, StoreError>;

    /// Every item that matches, in the order in which they were inserted, one after the other.
    async fn scan_items(
        &self,
        of: &CollectionRef,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;

    /// Removes every item, and what links to them.
    async fn delete_items(&self, of: &CollectionRef) -> Result<(), StoreError>;

    /// Links items, one answer a link.
    async fn insert_links(&self, of: &CollectionRef, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError>;

    /// Takes links away, one answer a link.
    async fn delete_links(&self, of: &CollectionRef, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError>;

    /// Makes these the only links of one field of one item.
    async fn replace_links(
        &self,
        of: &CollectionRef,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), StoreError>;

    /// Whether two items are linked.
    async fn is_linked(&self, of: &CollectionRef, link: &Link) -> Result<bool, StoreError>;

    /// What each of these items is linked to, in the order in which the links were made, or backwards, each in its
    /// place. The offset and the limit count the links of all of them together; `each` is the most of one item.
    async fn list_placed_links(
        &self,
        of: &CollectionRef,
        wanted: ReferenceQuery,
    ) -> Result<Vec<PlacedLink>, StoreError>;
}

impl Store {
    /// Commits mutations, and what else belongs to the same transaction. Each mutation is applied or refused by itself:
    /// there is one outcome for each, in their order. What is returned is on disk.
    pub async fn commit(
        &self,
        of: &CollectionRef,
        commit: impl Into<Commit>,
    ) -> Result<Vec<Result<MutationResult, DataError>>, StoreError> {
        match self {
            Self::Sqlite(store) => store.commit(of, commit.into()).await,
            Self::Postgres(store) => store.commit(of, commit.into()).await,
        }
    }

    /// Returns what [`Store::list_placed_links`](crate::Store::list_placed_links) does, without the places.
    pub async fn list_links(
        &self,
        of: &CollectionRef,
        wanted: ReferenceQuery,
    ) -> Result<Vec<Link>, StoreError> {
        let placed = self.list_placed_links(of, wanted).await?;
        Ok(placed.into_iter().map(|it| it.link).collect())
    }
}
