//! Items and their links.

use super::Store;
use crate::StoreError;
use crate::commit::Commit;
use crate::items::link::{PlacedLink, Wanted};
use crate::items::{Find, Item, ItemsOf, Link, LinkOutcome, Visit, Written};
use backlot_wix::data::DataError;
use backlot_wix::data::Filter;

repository! {
    /// One item.
    async fn item(&self, of: &ItemsOf, item_id: &str) -> Result<Option<Item>, StoreError>;

    /// Those of the items that there are, each once and in no order.
    async fn items_by_id(
        &self,
        of: &ItemsOf,
        item_ids: Vec<String>,
    ) -> Result<Vec<Item>, StoreError>;

    /// The items that are wanted, in their order.
    async fn find(&self, of: &ItemsOf, find: Find) -> Result<Vec<Item>, StoreError>;

    /// How many items match.
    async fn count(&self, of: &ItemsOf, filter: &Filter) -> Result<u64, StoreError>;

    /// Every item that matches, in the order in which they were inserted, one after the other.
    async fn scan(
        &self,
        of: &ItemsOf,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;

    /// Removes every item, and what links to them.
    async fn truncate(&self, of: &ItemsOf) -> Result<(), StoreError>;

    /// Links items, one answer a link.
    async fn link(&self, of: &ItemsOf, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError>;

    /// Takes links away, one answer a link.
    async fn unlink(&self, of: &ItemsOf, links: Vec<Link>) -> Result<Vec<LinkOutcome>, StoreError>;

    /// Makes these the only links of one field of one item.
    async fn replace_links(
        &self,
        of: &ItemsOf,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), StoreError>;

    /// Whether two items are linked.
    async fn is_linked(&self, of: &ItemsOf, link: &Link) -> Result<bool, StoreError>;

    /// What each of these items is linked to, in the order in which the links were made, or backwards, each in its
    /// place. The offset and the limit count the links of all of them together; `each` is the most of one item.
    async fn placed_links(
        &self,
        of: &ItemsOf,
        wanted: Wanted,
    ) -> Result<Vec<PlacedLink>, StoreError>;
}

impl Store {
    /// Commits mutations, and what else belongs to the same transaction. Each mutation is applied or refused by itself:
    /// there is one outcome for each, in their order. What is returned is on disk.
    pub async fn commit(
        &self,
        of: &ItemsOf,
        commit: impl Into<Commit>,
    ) -> Result<Vec<Result<Written, DataError>>, StoreError> {
        match self {
            Self::Sqlite(store) => store.commit(of, commit.into()).await,
            Self::Postgres(store) => store.commit(of, commit.into()).await,
        }
    }

    /// Returns what [`Store::placed_links`](crate::Store::placed_links) does, without the places.
    pub async fn links(&self, of: &ItemsOf, wanted: Wanted) -> Result<Vec<Link>, StoreError> {
        let placed = self.placed_links(of, wanted).await?;
        Ok(placed.into_iter().map(|it| it.link).collect())
    }
}
