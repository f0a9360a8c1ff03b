//! What a batch does to links, taken together: pure.
//!
//! Links are first taken away, then made. So what is made stands at the end of its field, in the order
//! in which it was asked for.

use std::collections::HashSet;

use backlot_wix::data::collection::Definition;

use crate::items::effect::LinkChange;
use crate::items::link::Link;

/// Links to take away, and links to make.
#[derive(Debug, Default)]
pub(super) struct LinkChanges {
    /// Fields of items that lose all their links: field and item.
    pub(super) cleared: Vec<(String, String)>,
    /// Single links to take away.
    pub(super) removed: Vec<Link>,
    /// Items that are gone: what links to them is taken away.
    pub(super) forgotten: Vec<String>,
    /// Links to make, in this order.
    pub(super) added: Vec<Link>,
    known: HashSet<(String, String, String)>,
}

impl LinkChanges {
    pub(super) fn is_empty(&self) -> bool {
        self.cleared.is_empty()
            && self.removed.is_empty()
            && self.forgotten.is_empty()
            && self.added.is_empty()
    }

    pub(super) fn change(&mut self, item_id: &str, changes: Vec<LinkChange>) {
        for change in changes {
            match change {
                LinkChange::Replace(field, referenced) => {
                    self.replace(&field, item_id, referenced);
                }
                LinkChange::Add(field, referenced_id) => {
                    self.add(link(&field, item_id, referenced_id));
                }
                LinkChange::Remove(field, referenced_id) => {
                    self.remove(link(&field, item_id, referenced_id));
                }
            }
        }
    }

    pub(super) fn replace(&mut self, field: &str, item_id: &str, referenced: Vec<String>) {
        self.keep(|link| link.field != field || link.item_id != item_id);
        self.cleared.push((field.to_owned(), item_id.to_owned()));
        for referenced_id in referenced {
            self.add(link(field, item_id, referenced_id));
        }
    }

    /// Takes away what an item links to, and what links to it.
    pub(super) fn forget(&mut self, definition: &Definition, item_id: &str) {
        for field in definition.multi_references() {
            self.replace(&field.key, item_id, Vec::new());
        }
        self.keep(|link| {
            link.referenced_id != item_id
                || definition.referenced(&link.field) != Some(definition.id.as_str())
        });
        self.forgotten.push(item_id.to_owned());
    }

    fn add(&mut self, link: Link) {
        if self.known.insert(triple(&link)) {
            self.added.push(link);
        }
    }

    fn remove(&mut self, link: Link) {
        if self.known.contains(&triple(&link)) {
            self.keep(|other| *other != link);
        }
        self.removed.push(link);
    }

    fn keep(&mut self, wanted: impl Fn(&Link) -> bool) {
        let before = self.added.len();
        self.added.retain(wanted);
        if self.added.len() < before {
            self.known = self.added.iter().map(triple).collect();
        }
    }
}

fn link(field: &str, item_id: &str, referenced_id: String) -> Link {
    Link {
        field: field.to_owned(),
        item_id: item_id.to_owned(),
        referenced_id,
    }
}

fn triple(link: &Link) -> (String, String, String) {
    let Link {
        field,
        item_id,
        referenced_id,
    } = link.clone();
    (field, item_id, referenced_id)
}
