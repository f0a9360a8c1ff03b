//! An instance's records, a page at a time, so that neither side holds more than that.
//!
//! Others may write meanwhile: an item is exported as it is when its page is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::{Direction, Filter};

use super::tally::Tally;
use super::{Exported, Record};
use crate::Store;
use crate::StoreError;
use crate::collections::Collection;
use crate::entity_links::EntityLink;
use crate::items::link::ReferenceQuery;
use crate::items::{CollectionRef, ItemQuery, Position};

/// Items that are read at once.
const PAGE: u32 = 500;

/// Hands over the records of an instance.
pub struct Exporter<'store> {
    store: &'store Store,
    instance_id: InstanceId,
    tally: Tally,
    state: State,
    /// The end has been handed over.
    is_over: bool,
}

enum State {
    Beginning,
    /// The collections that are left, the present one last; and the place in it.
    Collections(Vec<Arc<Collection>>, i64),
    /// The links between entities after this one.
    EntityLinks(Option<EntityLink>),
    Over,
}

impl<'store> Exporter<'store> {
    /// Begins.
    pub fn new(store: &'store Store, instance_id: InstanceId) -> Self {
        Self {
            store,
            instance_id,
            tally: Tally::default(),
            state: State::Beginning,
            is_over: false,
        }
    }

    /// How much has been handed over.
    pub const fn exported(&self) -> Exported {
        self.tally.held()
    }

    /// The next records; none after the end.
    pub async fn next(&mut self) -> Result<Vec<Record>, StoreError> {
        let mut records = self.read().await?;
        for record in &records {
            // They are in the order that is counted.
            let added = self.tally.add(record);
            added.map_err(|error| StoreError::Internal(error.to_string()))?;
        }
        if matches!(self.state, State::Over) && !self.is_over {
            self.is_over = true;
            records.push(self.tally.end());
        }
        Ok(records)
    }

    async fn read(&mut self) -> Result<Vec<Record>, StoreError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Beginning => {
                let mut collections = self.store.list_collections(self.instance_id).await?;
                collections.reverse();
                let mut records = self.head().await?;
                records.extend(begin(collections.last()));
                self.state = if collections.is_empty() {
                    State::EntityLinks(None)
                } else {
                    State::Collections(collections, 0)
                };
                Ok(records)
            }
            State::Collections(mut collections, place) => {
                let Some(collection) = collections.last().map(Arc::clone) else {
                    return Ok(Vec::new());
                };
                let (mut records, next) = self.page(collection, place).await?;
                if let Some(next) = next {
                    self.state = State::Collections(collections, next);
                    return Ok(records);
                }
                collections.pop();
                if let Some(record) = begin(collections.last()) {
                    records.push(record);
                    self.state = State::Collections(collections, 0);
                } else {
                    records.extend(self.entity_links(None).await?);
                }
                Ok(records)
            }
            State::EntityLinks(after) => self.entity_links(after).await,
            State::Over => Ok(Vec::new()),
        }
    }

    async fn head(&self) -> Result<Vec<Record>, StoreError> {
        let instance_id = self.instance_id;
        let mut records = vec![Record::Header {
            version: Record::VERSION,
            instance_id,
            leaves_out: self.leaves_out().await?,
        }];
        if let Some(instance) = self.store.find_instance(instance_id).await? {
            records.push(Record::Instance {
                first_seen: instance.first_seen,
                last_seen: instance.last_seen,
                requests: instance.requests,
            });
        }
        if let Some(details) = self.store.find_details(instance_id).await? {
            records.push(Record::Details {
                answer: Box::new(details.answer),
                fetched_at: details.fetched_at,
            });
        }
        Ok(records)
    }

    /// The data of the instance that is not exported.
    async fn leaves_out(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let (store, instance_id) = (self.store, self.instance_id);
        let accounts = store.list_accounts(instance_id).await?.len() as u64;
        let secrets = store.list_secrets(Some(instance_id)).await?.len() as u64;
        let usage = store.list_connection_usage(instance_id, None).await?.len() as u64;
        let addresses = store.list_webhook_addresses(instance_id).await?.len() as u64;
        let jobs = store.job_load(instance_id).await?.unfinished;
        let all = [
            ("connectedAccounts", accounts),
            ("connectionUsage", usage),
            ("secrets", secrets),
            ("unfinishedJobs", jobs),
            ("webhookAddresses", addresses),
        ];
        let all = all.into_iter().filter(|(_, number)| *number > 0);
        Ok(all
            .map(|(name, number)| (name.to_owned(), number))
            .collect())
    }

    /// The links between entities after one, by their collections and external ids.
    async fn entity_links(&mut self, after: Option<EntityLink>) -> Result<Vec<Record>, StoreError> {
        let (store, instance_id) = (self.store, self.instance_id);
        let links = store.list_entity_links_of_instance(instance_id, after.as_ref(), PAGE);
        let links = links.await?;
        if let Some(last) = links.last().filter(|_| links.len() >= PAGE as usize) {
            self.state = State::EntityLinks(Some(last.clone()));
        }
        let record = |link: EntityLink| Record::EntityLink {
            collection: link.collection,
            external: link.external,
            internal: link.internal,
            hash: link.hash,
            updated_at: link.updated_at,
        };
        Ok(links.into_iter().map(record).collect())
    }

    /// The items after a place in the order of insertion, and the next place if there are more.
    async fn page(
        &self,
        collection: Arc<Collection>,
        place: i64,
    ) -> Result<(Vec<Record>, Option<i64>), StoreError> {
        let of = CollectionRef::new(self.instance_id, collection);
        let mut find = ItemQuery::all(Filter::all(), PAGE);
        find.after = Some(Position {
            values: Vec::new(),
            sequence: place,
        });
        let items = self.store.query_items(&of, find).await?;
        let next = items.last().map(|item| item.sequence);
        let ids = items.iter().map(|item| item.id.clone()).collect();
        let mut links = links_of(self.store, &of, ids).await?;
        let mut records = Vec::with_capacity(items.len());
        for item in items {
            let data = item.object()?;
            let links = links.remove(&item.id).unwrap_or_default();
            let collection = of.collection.definition.id.clone();
            records.push(Record::Item {
                collection,
                data,
                links,
            });
        }
        Ok((records, next))
    }
}

fn begin(collection: Option<&Arc<Collection>>) -> Option<Record> {
    let collection = collection?;
    // An index that could not be built would refuse the items that stand in its way, or fail again.
    let definition = if collection.declared {
        collection.definition.clone()
    } else {
        collection.without_failed()
    };
    Some(Record::Collection {
        declared: collection.declared,
        definition: Box::new(definition),
    })
}

type Links = HashMap<String, Vec<(String, Vec<String>)>>;

/// What the multi-reference fields of these items hold.
async fn links_of(
    store: &Store,
    of: &CollectionRef,
    item_ids: Vec<String>,
) -> Result<Links, StoreError> {
    let mut links = Links::new();
    for field in of.collection.definition.multi_references() {
        let wanted = ReferenceQuery {
            field: field.key.clone(),
            item_ids: item_ids.clone(),
            direction: Direction::Ascending,
            after: None,
            offset: 0,
            limit: u32::MAX,
            each: u32::MAX,
        };
        for link in store.list_links(of, wanted).await? {
            let fields = links.entry(link.item_id).or_default();
            match fields.iter_mut().find(|(key, _)| *key == field.key) {
                Some((_, ids)) => ids.push(link.referenced_id),
                None => fields.push((field.key.clone(), vec![link.referenced_id])),
            }
        }
    }
    Ok(links)
}
