//! Multi-references: linking items, and what they are linked to.

use std::collections::HashMap;

use backlot_store::StoreError;
use backlot_store::items::link::{Link, LinkOutcome, Wanted};
use backlot_store::items::{Item, Items as _};
use backlot_wix::data::collection::{Access, Operation};
use backlot_wix::data::{DataCode, Direction, Fault, Object};

use super::{DataFault, DataOf, Opened};

/// How often a change is built anew when the collection changed meanwhile.
const ATTEMPTS: usize = 5;

/// One referenced item, or why there is none.
pub(crate) struct Referenced {
    pub(crate) link: Link,
    pub(crate) item: Option<Object>,
}

/// A page of referenced items.
pub(crate) struct ReferencedPage {
    /// The collection that they are in.
    pub(crate) collection: String,
    pub(crate) referenced: Vec<Referenced>,
    pub(crate) has_next: bool,
    pub(crate) total: Option<u64>,
}

impl DataOf {
    /// Links or unlinks items.
    pub(crate) async fn change_links(
        &self,
        collection: &str,
        links: Vec<Link>,
        add: bool,
    ) -> Result<Vec<LinkOutcome>, DataFault> {
        for _ in 0..ATTEMPTS {
            let opened = self.open(collection, Operation::Update).await?;
            for link in &links {
                opened.check_multi_reference(&link.field)?;
            }
            let mut faults: HashMap<usize, Fault> = HashMap::new();
            let mut allowed = Vec::with_capacity(links.len());
            for (place, link) in links.iter().enumerate() {
                match self.may_link(&opened, &link.item_id).await? {
                    Ok(()) => allowed.push(link.clone()),
                    Err(fault) => {
                        faults.insert(place, fault);
                    }
                }
            }
            let store = &self.data.store;
            let outcomes = if add {
                store.link(&opened.of, allowed).await
            } else {
                store.unlink(&opened.of, allowed).await
            };
            let mut outcomes = match outcomes {
                Err(StoreError::Outdated) => continue,
                other => other?.into_iter(),
            };
            let outcome = |place| match faults.remove(&place) {
                Some(fault) => Err(fault),
                None => outcomes.next().unwrap_or(Ok(())),
            };
            return Ok((0..links.len()).map(outcome).collect());
        }
        Err(StoreError::Outdated.into())
    }

    /// Makes these the only links of a field.
    pub(crate) async fn replace_links(
        &self,
        collection: &str,
        field: &str,
        item_id: &str,
        referenced: Vec<String>,
    ) -> Result<(), DataFault> {
        for _ in 0..ATTEMPTS {
            let opened = self.open(collection, Operation::Update).await?;
            opened.check_multi_reference(field)?;
            self.may_link(&opened, item_id).await??;
            let replaced = self
                .data
                .store
                .replace_links(&opened.of, field, item_id, referenced.clone())
                .await;
            match replaced {
                Err(StoreError::Outdated) => {}
                other => return Ok(other?),
            }
        }
        Err(StoreError::Outdated.into())
    }

    /// Whether two items are linked.
    pub(crate) async fn is_linked(&self, collection: &str, link: &Link) -> Result<bool, DataFault> {
        let opened = self.open(collection, Operation::Read).await?;
        let definition = &opened.of.collection.definition;
        if definition.multi_reference(&link.field).is_none() {
            // A single reference holds the id itself.
            if definition.referenced(&link.field).is_none() {
                opened.check_multi_reference(&link.field)?;
            }
            let Some(item) = self.visible_item(&opened, &link.item_id).await? else {
                return Ok(false);
            };
            let object = item.object()?;
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
        mut wanted: Wanted,
        with_total: bool,
    ) -> Result<ReferencedPage, DataFault> {
        let opened = self.open(collection, Operation::Read).await?;
        opened.check_multi_reference(&wanted.field)?;
        let mut visible = Vec::with_capacity(wanted.item_ids.len());
        for item_id in wanted.item_ids {
            if self.visible_item(&opened, &item_id).await?.is_some() {
                visible.push(item_id);
            }
        }
        wanted.item_ids = visible;
        let limit = wanted.limit;
        let total = if with_total {
            let all = Wanted {
                offset: 0,
                limit: u32::MAX,
                ..wanted.clone()
            };
            Some(self.data.store.links(&opened.of, all).await?.len() as u64)
        } else {
            None
        };
        wanted.limit = limit.saturating_add(1);
        let definition = &opened.of.collection.definition;
        let referenced = definition
            .referenced(&wanted.field)
            .unwrap_or_default()
            .to_owned();
        let mut links = self.data.store.links(&opened.of, wanted).await?;
        let has_next = links.len() > limit as usize;
        links.truncate(limit as usize);
        let ids = links
            .iter()
            .map(|link| link.referenced_id.clone())
            .collect();
        let found = self.readable(&referenced, ids).await?;
        let referenced_of = |link: Link| Referenced {
            item: found.get(&link.referenced_id).cloned(),
            link,
        };
        Ok(ReferencedPage {
            referenced: links.into_iter().map(referenced_of).collect(),
            collection: referenced,
            has_next,
            total,
        })
    }

    async fn visible_item(
        &self,
        opened: &Opened,
        item_id: &str,
    ) -> Result<Option<Item>, DataFault> {
        let item = self.data.store.item(&opened.of, item_id).await?;
        Ok(item.filter(|item| opened.may_see(item)))
    }

    /// Whether the caller may change the links of an item. The item must be there.
    async fn may_link(
        &self,
        opened: &Opened,
        item_id: &str,
    ) -> Result<Result<(), Fault>, DataFault> {
        let item = self.data.store.item(&opened.of, item_id).await?;
        let may_see = item.as_ref().is_some_and(|item| opened.may_see(item));
        let reached = item.filter(|item| match opened.access(Operation::Update) {
            Access::All => true,
            Access::Own => item.owner.is_some() && item.owner == opened.author.owner,
            Access::Denied => false,
        });
        Ok(match reached {
            Some(_) => Ok(()),
            None if may_see => Err(opened.denied_fault(Operation::Update)),
            None => Err(Fault::item_missing(item_id, opened.id())),
        })
    }
}

impl Opened {
    /// `WDE0020` for any other field.
    fn check_multi_reference(&self, field: &str) -> Result<(), Fault> {
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
        Err(Fault::new(DataCode::NotAMultiReference, text))
    }
}

/// Which links, as a request asks for them.
pub(crate) fn wanted(
    field: String,
    item_ids: Vec<String>,
    direction: Direction,
    (limit, offset): (u32, u64),
) -> Wanted {
    Wanted {
        field,
        item_ids,
        direction,
        offset,
        limit,
        each: u32::MAX,
    }
}
