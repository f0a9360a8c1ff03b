//! Multi-references: linking items, and what they are linked to.

use std::collections::HashMap;

use backlot_store::items::Item;
use backlot_store::items::allowance::link_bytes;
use backlot_store::items::link::{Link, LinkOutcome, PlacedLink, ReferenceQuery};
use backlot_wix::data::collection::Operation;
use backlot_wix::data::{Budget, DataCode, DataError, Direction, item_id, limits};
use bytes::Bytes;

use super::retry::retry_if_stale;
use super::write::merged;
use super::{DataSession, OpenCollection, OperationError};

/// One referenced item, or why there is none.
pub(crate) struct Referenced {
    pub(crate) link: Link,
    /// The item as it is kept.
    pub(crate) item: Option<Bytes>,
    /// Whether there is one that the caller may not read.
    pub(crate) is_unauthorized: bool,
}

/// A page of referenced items.
pub(crate) struct ReferencedPage {
    /// The collection that they are in.
    pub(crate) collection: String,
    pub(crate) referenced: Vec<Referenced>,
    /// What the request may still cost.
    pub(crate) budget: Budget,
    pub(crate) has_next: bool,
    /// The last link, where more follow.
    pub(crate) next: Option<LinkPlace>,
    /// The first link, where others come before it.
    pub(crate) previous: Option<LinkPlace>,
    pub(crate) total: Option<u64>,
}

/// Where a link stands: whose it is, by the number of the item in the request, and its place among the item's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkPlace {
    pub(crate) item: usize,
    pub(crate) sequence: i64,
}

/// Beside which link a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// The page is what follows.
    Behind(LinkPlace),
    /// The page is what comes before.
    Before(LinkPlace),
}

impl DataSession {
    /// Links or unlinks items.
    pub(crate) async fn change_links(
        &self,
        collection: &str,
        links: Vec<Link>,
        add: bool,
    ) -> Result<Vec<LinkOutcome>, OperationError> {
        retry_if_stale!(self.try_to_change_links(collection, &links, add))
    }

    async fn try_to_change_links(
        &self,
        collection: &str,
        links: &[Link],
        add: bool,
    ) -> Result<Vec<LinkOutcome>, OperationError> {
        let opened = self.open(collection, Operation::Update).await?;
        for link in links {
            opened.check_multi_reference(&link.field)?;
            item_id::check(&link.item_id)?;
            // A link that was made before may be taken away.
            if add {
                item_id::check_reference(&link.field, &link.referenced_id)?;
            } else {
                item_id::check(&link.referenced_id)?;
            }
        }
        let ids = links.iter().map(|link| link.item_id.clone()).collect();
        let items = self.items(&opened, ids).await?;
        let may = |link: &Link| {
            opened
                .may_link(&link.item_id, items.get(&link.item_id))
                .err()
        };
        let faults: Vec<Option<DataError>> = links.iter().map(may).collect();
        let allowed = links.iter().zip(&faults);
        let allowed = allowed.filter(|(_, fault)| fault.is_none());
        let allowed: Vec<Link> = allowed.map(|(link, _)| link.clone()).collect();
        let store = &self.data.store;
        let outcomes = if add {
            let bytes = || allowed.iter().map(bytes_of).sum();
            self.check_room_for_links(bytes).await?;
            store.insert_links(&opened.of, allowed).await?
        } else {
            store.delete_links(&opened.of, allowed).await?
        };
        let outcomes = merged(faults, outcomes).into_iter().zip(links);
        let told = |(outcome, link): (LinkOutcome, &Link)| {
            let is_visible = items
                .get(&link.item_id)
                .is_some_and(|item| opened.may_see(item));
            if is_visible {
                outcome
            } else {
                without_state(outcome)
            }
        };
        Ok(outcomes.map(told).collect())
    }

    /// Makes these the only links of a field.
    pub(crate) async fn replace_links(
        &self,
        collection: &str,
        field: &str,
        item_id: &str,
        referenced: &[String],
    ) -> Result<(), OperationError> {
        retry_if_stale!(self.try_to_replace_links(collection, field, item_id, referenced))
    }

    async fn try_to_replace_links(
        &self,
        collection: &str,
        field: &str,
        item_id: &str,
        referenced: &[String],
    ) -> Result<(), OperationError> {
        check_count(referenced.len(), limits::LINKS_OF_FIELD)?;
        let opened = self.open(collection, Operation::Update).await?;
        opened.check_multi_reference(field)?;
        item_id::check(item_id)?;
        for id in referenced {
            item_id::check_reference(field, id)?;
        }
        let item = self.data.store.find_item(&opened.of, item_id).await?;
        opened.may_link(item_id, item.as_ref())?;
        self.check_room_to_replace(&opened, field, item_id, referenced)
            .await?;
        let (store, referenced) = (&self.data.store, referenced.to_vec());
        Ok(store
            .replace_links(&opened.of, field, item_id, referenced)
            .await?)
    }

    /// Refuses links where there is no room for so many bytes.
    async fn check_room_for_links(&self, bytes: impl Fn() -> usize) -> Result<(), OperationError> {
        let Some(room) = self.room(0, &bytes).await? else {
            return Ok(());
        };
        let grown = i64::try_from(bytes()).unwrap_or(i64::MAX);
        room.check(grown)?;
        self.data.storage.add(self.who.instance_id, &[], grown);
        Ok(())
    }

    /// The same where links go as well, which are looked at only if there is no room without.
    async fn check_room_to_replace(
        &self,
        opened: &OpenCollection,
        field: &str,
        item_id: &str,
        referenced: &[String],
    ) -> Result<(), OperationError> {
        let bytes = || -> usize { referenced.iter().map(|id| link_bytes(item_id, id)).sum() };
        let refused = match self.check_room_for_links(bytes).await {
            Err(OperationError::DataError(fault)) => fault,
            other => return other,
        };
        let ids = vec![item_id.to_owned()];
        let most = u32::try_from(limits::LINKS_OF_FIELD).unwrap_or(u32::MAX);
        let all = wanted(field.to_owned(), ids, Direction::Ascending, (most, 0));
        let links = self.data.store.list_links(&opened.of, all).await?;
        let before: usize = links.iter().map(bytes_of).sum();
        if bytes() <= before {
            return Ok(());
        }
        self.check_room_for_links(|| bytes() - before)
            .await
            .map_err(|_| refused.into())
    }

    /// Whether two items are linked.
    pub(crate) async fn is_linked(
        &self,
        collection: &str,
        link: &Link,
    ) -> Result<bool, OperationError> {
        let opened = self.open(collection, Operation::Read).await?;
        item_id::check(&link.item_id)?;
        item_id::check(&link.referenced_id)?;
        let definition = &opened.of.collection.definition;
        if definition.multi_reference(&link.field).is_none() {
            // A single reference holds the id itself.
            if definition.referenced(&link.field).is_none() {
                opened.check_multi_reference(&link.field)?;
            }
            let Some(item) = self.visible_item(&opened, &link.item_id).await? else {
                return Ok(false);
            };
            let object = item.object_within(&opened.of.budget)?;
            let held = object
                .get(&link.field)
                .and_then(backlot_wix::data::Value::as_str);
            return Ok(held == Some(link.referenced_id.as_str()));
        }
        if self.visible_item(&opened, &link.item_id).await?.is_none() {
            return Ok(false);
        }
        Ok(self.data.store.is_linked(&opened.of, link).await?)
    }

    /// What items are linked to.
    pub(crate) async fn linked(
        &self,
        collection: &str,
        mut wanted: ReferenceQuery,
        beside: Option<Beside>,
        with_total: bool,
    ) -> Result<ReferencedPage, OperationError> {
        self.may_take_long()?;
        let opened = self.open(collection, Operation::Read).await?;
        opened.check_multi_reference(&wanted.field)?;
        wanted
            .item_ids
            .iter()
            .try_for_each(|id| item_id::check(id))?;
        let items = self.items(&opened, wanted.item_ids.clone()).await?;
        let is_visible = |id: &String| items.get(id).is_some_and(|item| opened.may_see(item));
        let numbered = std::mem::take(&mut wanted.item_ids).into_iter().enumerate();
        let mut visible: Vec<(usize, String)> = numbered.filter(|(_, id)| is_visible(id)).collect();
        let total = if with_total {
            let all = ReferenceQuery {
                item_ids: visible.iter().map(|(_, id)| id.clone()).collect(),
                offset: 0,
                limit: u32::MAX,
                ..wanted.clone()
            };
            Some(self.data.store.list_links(&opened.of, all).await?.len() as u64)
        } else {
            None
        };
        let backwards = matches!(beside, Some(Beside::Before(_)));
        if backwards {
            visible.reverse();
            wanted.direction = wanted.direction.reversed();
        }
        if let Some(Beside::Behind(place) | Beside::Before(place)) = beside {
            visible.retain(|(number, _)| match beside {
                Some(Beside::Before(place)) => *number <= place.item,
                _ => *number >= place.item,
            });
            // The item may be gone meanwhile, and all its links.
            let is_there = visible
                .first()
                .is_some_and(|(number, _)| *number == place.item);
            wanted.after = is_there.then_some(place.sequence);
        }
        let (limit, offset) = (wanted.limit, wanted.offset);
        wanted.limit = limit.saturating_add(1);
        wanted.item_ids = visible.iter().map(|(_, id)| id.clone()).collect();
        let definition = &opened.of.collection.definition;
        let referenced = definition.referenced(&wanted.field);
        let referenced = referenced.unwrap_or_default().to_owned();
        let mut links = self
            .data
            .store
            .list_placed_links(&opened.of, wanted)
            .await?;
        let more = links.len() > limit as usize;
        links.truncate(limit as usize);
        if backwards {
            links.reverse();
        }
        let place = |placed: &PlacedLink| {
            let mut numbers = visible.iter().filter(|(_, id)| *id == placed.link.item_id);
            let (item, _) = numbers.next()?;
            Some(LinkPlace {
                item: *item,
                sequence: placed.sequence,
            })
        };
        let has_next = backwards || more;
        let has_previous = if backwards {
            more
        } else {
            beside.is_some() || offset > 0
        };
        let next = links.last().filter(|_| has_next).and_then(place);
        let previous = links.first().filter(|_| has_previous).and_then(place);
        let ids = links
            .iter()
            .map(|it| it.link.referenced_id.clone())
            .collect();
        let found = self.present(&referenced, ids).await?;
        let referenced_of = |placed: PlacedLink| {
            let item = found.get(&placed.link.referenced_id);
            Referenced {
                item: item.cloned().flatten(),
                is_unauthorized: item.is_some_and(Option::is_none),
                link: placed.link,
            }
        };
        Ok(ReferencedPage {
            referenced: links.into_iter().map(referenced_of).collect(),
            collection: referenced,
            budget: opened.of.budget,
            has_next,
            next,
            previous,
            total,
        })
    }

    async fn visible_item(
        &self,
        opened: &OpenCollection,
        item_id: &str,
    ) -> Result<Option<Item>, OperationError> {
        let item = self.data.store.find_item(&opened.of, item_id).await?;
        Ok(item.filter(|item| opened.may_see(item)))
    }

    /// The existing ones of these items, by their ids, regardless of permissions.
    async fn items(
        &self,
        opened: &OpenCollection,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Item>, OperationError> {
        let found = self.data.store.find_items(&opened.of, ids).await?;
        Ok(found
            .into_iter()
            .map(|item| (item.id.clone(), item))
            .collect())
    }
}

impl OpenCollection {
    /// Whether the caller may change the links of an item. The item must be there.
    fn may_link(&self, item_id: &str, item: Option<&Item>) -> Result<(), DataError> {
        match item {
            Some(item) if self.reaches(Operation::Update, item) => Ok(()),
            Some(item) if self.may_see(item) => Err(self.denied_fault(Operation::Update)),
            _ => Err(DataError::item_missing(item_id, self.id())),
        }
    }

    /// `WDE0020` for any other field.
    fn check_multi_reference(&self, field: &str) -> Result<(), DataError> {
        if self
            .of
            .collection
            .definition
            .multi_reference(field)
            .is_some()
        {
            return Ok(());
        }
        let short: String = field.chars().take(60).collect();
        let text = format!("Provided property [{short}] is not a multi-reference field.");
        Err(DataError::new(DataCode::NotAMultiReference, text))
    }
}

/// The result for links of an item that may not be read. It does not reveal whether they existed.
fn without_state(outcome: LinkOutcome) -> LinkOutcome {
    let tells = |fault: &DataError| {
        matches!(
            fault.code(),
            DataCode::ReferenceExists | DataCode::ReferenceMissing
        )
    };
    match outcome {
        Err(fault) if tells(&fault) => Ok(()),
        outcome => outcome,
    }
}

/// Bytes that a link takes up.
fn bytes_of(link: &Link) -> usize {
    link_bytes(&link.item_id, &link.referenced_id)
}

/// `WDE0080` for more links than are made at once.
pub(super) fn check_count(links: usize, most: usize) -> Result<(), DataError> {
    if links <= most {
        return Ok(());
    }
    Err(DataError::invalid(format!(
        "The request refers to {links} items, expected {most} or less."
    )))
}

/// Which links, as a request asks for them.
pub(crate) fn wanted(
    field: String,
    item_ids: Vec<String>,
    direction: Direction,
    (limit, offset): (u32, u64),
) -> ReferenceQuery {
    ReferenceQuery {
        field,
        item_ids,
        direction,
        after: None,
        offset,
        limit,
        each: u32::MAX,
    }
}
