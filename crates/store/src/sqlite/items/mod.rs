//! Items in SQLite.

mod condition;
pub(super) mod keys;
mod links;
mod query;
mod scan;
mod write;
mod writing;

use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::Filter;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::SqliteStore;
use super::index_builds;
use super::readers::Reader;
use crate::StoreError;
use crate::collections::Collection;
use crate::items::link::{Link, LinkOutcome, PlacedLink, ReferenceQuery};
use crate::items::{Batch, CollectionRef, Item, ItemQuery, Mutation, Visit};

const GET: &str = "
    SELECT sequence, item_id, owner, data FROM items
    WHERE instance_id = ?1 AND collection = ?2 AND item_id = ?3";

impl SqliteStore {
    pub(crate) async fn find_item(
        &self,
        of: &CollectionRef,
        item_id: &str,
    ) -> Result<Option<Item>, StoreError> {
        let (instance_id, collection) = (of.instance_id, &of.collection);
        let budget = of.budget.clone();
        self.readers.read(budget, |reader| {
            get(&reader.connection, instance_id, collection, item_id)
        })
    }

    pub(crate) async fn find_items(
        &self,
        of: &CollectionRef,
        mut item_ids: Vec<String>,
    ) -> Result<Vec<Item>, StoreError> {
        item_ids.sort_unstable();
        item_ids.dedup();
        let (of, budget) = (of.clone(), of.budget.clone());
        let read = move |reader: &Reader| {
            let mut items = Vec::with_capacity(item_ids.len());
            for id in item_ids {
                if let Some(item) = get(&reader.connection, of.instance_id, &of.collection, &id)? {
                    item.keep_within(&of.budget)?;
                    items.push(item);
                }
            }
            Ok(items)
        };
        self.readers.read_long(budget, read).await
    }

    pub(crate) async fn query_items(
        &self,
        of: &CollectionRef,
        find: ItemQuery,
    ) -> Result<Vec<Item>, StoreError> {
        if find.is_short(&of.collection) {
            let budget = of.budget.clone();
            return self
                .readers
                .read(budget, |reader| query::find(reader, of, &find));
        }
        let of = of.clone();
        self.readers
            .read_long(of.budget.clone(), move |reader| {
                query::find(reader, &of, &find)
            })
            .await
    }

    pub(crate) async fn count_items(
        &self,
        of: &CollectionRef,
        filter: &Filter,
    ) -> Result<u64, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.readers
            .read_long(of.budget.clone(), move |reader| {
                query::count(reader, &of, &filter)
            })
            .await
    }

    pub(crate) async fn scan_items(
        &self,
        of: &CollectionRef,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        scan::scan(&self.readers, of, filter, visit).await
    }

    pub(crate) async fn delete_items(&self, of: &CollectionRef) -> Result<(), StoreError> {
        self.empty(of).await?;
        self.forget_links(of).await?;
        self.write_to(of, |connection, of| {
            writing::check_current(connection, of)?;
            truncate(connection, of.instance_id, &of.collection)
        })
        .await
    }

    pub(crate) async fn insert_links(
        &self,
        of: &CollectionRef,
        links: Vec<Link>,
    ) -> Result<Vec<LinkOutcome>, StoreError> {
        self.write_to(of, move |connection, of| {
            links::link(connection, of, &links)
        })
        .await
    }

    pub(crate) async fn delete_links(
        &self,
        of: &CollectionRef,
        links: Vec<Link>,
    ) -> Result<Vec<LinkOutcome>, StoreError> {
        self.write_to(of, move |connection, of| {
            links::unlink(connection, of, &links)
        })
        .await
    }

    pub(crate) async fn replace_links(
        &self,
        of: &CollectionRef,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), StoreError> {
        let (field, item_id) = (field.to_owned(), item_id.to_owned());
        self.write_to(of, move |connection, of| {
            writing::check_current(connection, of)?;
            links::replace(connection, of, &field, &item_id, &referenced).map(drop)
        })
        .await
    }

    pub(crate) async fn is_linked(
        &self,
        of: &CollectionRef,
        link: &Link,
    ) -> Result<bool, StoreError> {
        self.readers.read(of.budget.clone(), |reader| {
            links::is_linked(&reader.connection, of, link)
        })
    }

    pub(crate) async fn list_placed_links(
        &self,
        of: &CollectionRef,
        wanted: ReferenceQuery,
    ) -> Result<Vec<PlacedLink>, StoreError> {
        let of = of.clone();
        self.readers
            .read_long(of.budget.clone(), move |reader| {
                links::read(&reader.connection, &of, &wanted)
            })
            .await
    }
}

/// Items that are removed at once from a collection that is emptied.
const TRUNCATE_BATCH_SIZE: u32 = 200;

impl SqliteStore {
    /// Removes all but the last few items of a collection, a few at a time, so that other instances have their turn.
    pub(super) async fn empty(&self, of: &CollectionRef) -> Result<(), StoreError> {
        let of = CollectionRef::new(of.instance_id, Arc::clone(&of.collection));
        loop {
            let find = ItemQuery::all(Filter::all(), TRUNCATE_BATCH_SIZE);
            let items = self.query_items(&of, find).await?;
            if items.len() < TRUNCATE_BATCH_SIZE as usize {
                return Ok(());
            }
            let writes = items
                .into_iter()
                .map(|item| Mutation::Remove { item_id: item.id });
            let batch = Batch::by_the_app(writes.collect());
            self.commit(&of, batch.into()).await?;
        }
    }

    /// Removes all links of a collection, and all to it, a few at a time.
    pub(super) async fn forget_links(&self, of: &CollectionRef) -> Result<(), StoreError> {
        loop {
            let most = writing::MAX_LINKS_AT_ONCE;
            let some = move |connection: &Connection, of: &CollectionRef| {
                links::forget_some_of_all(connection, of, most)
            };
            if self.write_to(of, some).await? < most {
                return Ok(());
            }
        }
    }

    /// Changes something of a collection, which is read again if it turns out to be outdated.
    async fn write_to<T: Send + 'static>(
        &self,
        of: &CollectionRef,
        work: impl FnOnce(&Connection, &CollectionRef) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let own = of.clone();
        let outcome = self
            .write_for(of.instance_id, move |connection| work(connection, &own))
            .await;
        self.definition_cache.look_again(of, outcome)
    }
}

fn get(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &Collection,
    item_id: &str,
) -> Result<Option<Item>, StoreError> {
    let parameters = params![instance_id.as_bytes(), collection.definition.id, item_id];
    let mut statement = connection.prepare_cached(GET)?;
    Ok(statement.query_row(parameters, read_item).optional()?)
}

/// `sequence, item_id, owner, data`
fn read_item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        sequence: row.get(0)?,
        id: row.get(1)?,
        owner: row.get(2)?,
        json: row.get(3)?,
    })
}

/// Removes every item of a collection, with its keys and links. Keys of indexes that are being
/// cleared, or failed, stay: there may be many, and queries do not use them.
pub(super) fn truncate(
    connection: &Connection,
    instance_id: InstanceId,
    collection: &Collection,
) -> Result<(), StoreError> {
    let id = &collection.definition.id;
    let tenant = instance_id.as_bytes();
    for sql in [
        "DELETE FROM items WHERE instance_id = ?1 AND collection = ?2",
        "DELETE FROM item_links WHERE instance_id = ?1 AND collection = ?2",
        "DELETE FROM item_links WHERE instance_id = ?1 AND referenced_collection = ?2",
    ] {
        connection
            .prepare_cached(sql)?
            .execute(params![tenant, id])?;
    }
    let unready = index_builds::unready(connection, instance_id, id)?;
    for index in &collection.indexes {
        let found = unready.iter().find(|it| it.index_id == index.id);
        if found.is_none_or(|it| it.state.is_maintained()) {
            keys::drop_index(connection, instance_id, index.id)?;
        }
    }
    Ok(())
}
