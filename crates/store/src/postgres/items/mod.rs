//! Items in PostgreSQL.
//!
//! - [`select_builder`], [`filter_sql`], [`order_sql`]: SQL from filters and orders, and [`query`] that runs it
//! - [`insert`]: one new item; [`write`](mod@write): all else, by way of [`read_set`], [`simulate`] and [`statements`]
//! - [`links`] and [`link_changes`]: what multi-reference fields hold
//! - [`keys`]: what indexes hold

mod filter_sql;
pub(super) mod insert;
pub(super) mod keys;
mod link_changes;
mod links;
mod order_sql;
mod query;
mod read_set;
mod scan;
mod select_builder;
mod simulate;
mod statements;
pub(super) mod write;

use backlot_wix::data::Filter;
use tokio_postgres::Row;

use super::PostgresStore;
use super::failure::{Failure, attempt};
use super::stored::JsonText;
use super::tenant::{Isolation, transaction, uuid};
use crate::StoreError;
use crate::items::link::{Link, LinkOutcome, PlacedLink, ReferenceQuery};
use crate::items::{CollectionRef, Item, ItemQuery, Visit};
use link_changes::LinkChanges;
pub(super) use links::LOCK as LOCK_LINKS;

const GET: &str = "
    SELECT sequence, item_id, owner, data, field_order FROM items
    WHERE instance_id = $1 AND collection = $2 AND item_id = $3";

// A lateral query with a limit goes by the index, once for each id.
const GET_SEVERAL: &str = "
    SELECT i.sequence, i.item_id, i.owner, i.data, i.field_order
    FROM (SELECT DISTINCT id FROM unnest($3::text[]) AS wanted(id)) AS wanted
    CROSS JOIN LATERAL (
        SELECT sequence, item_id, owner, data, field_order FROM items
        WHERE instance_id = $1 AND collection = $2 AND item_id = wanted.id LIMIT 1
    ) AS i";

/// Items that are asked for at once by their ids: more of the largest ones would be too much to receive.
const LOOKUP_BATCH_SIZE: usize = 50;

impl PostgresStore {
    pub(crate) async fn find_item(
        &self,
        of: &CollectionRef,
        item_id: &str,
    ) -> Result<Option<Item>, StoreError> {
        // No id holds a NUL, and PostgreSQL would refuse to look for one.
        if item_id.contains('\0') {
            return Ok(None);
        }
        let tenant = uuid(of.instance_id);
        let values = &[
            &tenant as _,
            &of.collection.definition.id as _,
            &item_id as _,
        ];
        let rows = attempt!(reading: self.tenant_query(of.instance_id, GET, values))?;
        Ok(rows.first().map(read_item).transpose()?)
    }

    pub(crate) async fn find_items(
        &self,
        of: &CollectionRef,
        mut item_ids: Vec<String>,
    ) -> Result<Vec<Item>, StoreError> {
        item_ids.retain(|id| !id.contains('\0'));
        item_ids.sort_unstable();
        item_ids.dedup();
        if item_ids.is_empty() {
            return Ok(Vec::new());
        }
        let tenant = uuid(of.instance_id);
        let mut items = Vec::with_capacity(item_ids.len());
        for ids in item_ids.chunks(LOOKUP_BATCH_SIZE) {
            let collection = &of.collection.definition.id;
            let values = &[&tenant as _, collection as _, &ids as _];
            for row in attempt!(reading: self.tenant_query(of.instance_id, GET_SEVERAL, values))? {
                let item = read_item(&row)?;
                item.keep_within(&of.budget)?;
                items.push(item);
            }
        }
        Ok(items)
    }

    pub(crate) async fn query_items(
        &self,
        of: &CollectionRef,
        find: ItemQuery,
    ) -> Result<Vec<Item>, StoreError> {
        attempt!(reading: self.find_once(of, &find))
    }

    pub(crate) async fn count_items(
        &self,
        of: &CollectionRef,
        filter: &Filter,
    ) -> Result<u64, StoreError> {
        attempt!(reading: self.count_once(of, filter))
    }

    pub(crate) async fn scan_items(
        &self,
        of: &CollectionRef,
        filter: &Filter,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let all = ItemQuery::all(filter.clone(), u32::MAX);
        attempt!(reading: self.scan_once(of, &all, &mut *visit))
    }

    pub(crate) async fn delete_items(&self, of: &CollectionRef) -> Result<(), StoreError> {
        let outcome = attempt!(writing: self.truncate_once(of));
        self.definition_cache.look_again(of, outcome)
    }

    pub(crate) async fn insert_links(
        &self,
        of: &CollectionRef,
        links: Vec<Link>,
    ) -> Result<Vec<LinkOutcome>, StoreError> {
        let outcome = attempt!(writing: self.link_once(of, &links));
        self.definition_cache.look_again(of, outcome)
    }

    pub(crate) async fn delete_links(
        &self,
        of: &CollectionRef,
        links: Vec<Link>,
    ) -> Result<Vec<LinkOutcome>, StoreError> {
        let outcome = attempt!(writing: self.unlink_once(of, &links));
        self.definition_cache.look_again(of, outcome)
    }

    pub(crate) async fn replace_links(
        &self,
        of: &CollectionRef,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), StoreError> {
        let mut changes = LinkChanges::default();
        changes.replace(field, item_id, referenced);
        let outcome = attempt!(writing: self.replace_once(of, &changes));
        self.definition_cache.look_again(of, outcome)
    }

    pub(crate) async fn is_linked(
        &self,
        of: &CollectionRef,
        link: &Link,
    ) -> Result<bool, StoreError> {
        // No id holds a NUL, and PostgreSQL would refuse to look for one.
        let texts = [&link.field, &link.item_id, &link.referenced_id];
        if texts.iter().any(|text| text.contains('\0')) {
            return Ok(false);
        }
        attempt!(reading: self.is_linked_once(of, link))
    }

    pub(crate) async fn list_placed_links(
        &self,
        of: &CollectionRef,
        wanted: ReferenceQuery,
    ) -> Result<Vec<PlacedLink>, StoreError> {
        attempt!(reading: self.links_once(of, &wanted))
    }
}

impl PostgresStore {
    /// Removes what was there at one moment, including keys. A transaction that changes an item at the same time
    /// makes this fail, and it is done again.
    async fn truncate_once(&self, of: &CollectionRef) -> Result<(), Failure> {
        let lease = self.tenants().await?;
        let work = async {
            read_set::check_current(&lease, of).await?;
            keys::extend_timeouts(&lease).await?;
            keys::truncate(&lease, of.instance_id, &of.collection).await
        };
        let outcome = transaction(&lease, of.instance_id, Isolation::RepeatableRead, work).await;
        lease.release(outcome)
    }
}

/// `sequence, item_id, owner, data, field_order`
pub(super) fn read_item(row: &Row) -> Result<Item, Failure> {
    let data: JsonText<'_> = row.try_get(3)?;
    let order: Option<&[u8]> = row.try_get(4)?;
    Ok(Item {
        sequence: row.try_get(0)?,
        id: row.try_get(1)?,
        owner: row.try_get(2)?,
        json: data
            .to_wire(order)
            .map_err(StoreError::not_json("an item"))?,
    })
}
