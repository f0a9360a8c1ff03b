//! What is to be done with items, and what became of it.

use std::sync::Arc;

use backlot_wix::data::collection::Access;
use backlot_wix::data::modification::Modifications;
use backlot_wix::data::{Budget, DataCode, DataError, Date, Filter, Object};

use super::{Item, StorageAllowance};
use crate::Backfill;

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub enum Mutation {
    /// A new item.
    Insert(Document),
    /// Replaces the whole item.
    Update(Document),
    /// An update, or where there is no such item, an insert.
    Save(Document),
    /// Some fields of an item.
    Patch {
        /// Which item.
        item_id: String,
        /// What is done to it.
        modifications: Modifications,
    },
    /// An item as it was somewhere else, with its system fields.
    Restore {
        /// All of it.
        item: Object,
        /// What its multi-reference fields hold.
        links: Vec<(String, Vec<String>)>,
    },
    /// What a changed definition makes of an item. No rule applies, and it does not count as a change.
    Amend {
        /// Which item.
        item_id: String,
        /// What is done to it.
        backfill: Arc<Backfill>,
    },
    /// The end of an item.
    Remove {
        /// Which item.
        item_id: String,
    },
}

/// An item that is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its id.
    pub item_id: String,
    /// Its fields, without those of the system and without multi-references.
    pub fields: Object,
    /// Multi-reference fields whose links are to be these.
    pub links: Vec<(String, Vec<String>)>,
}

/// Writes, and on whose behalf they are done. Each is done or refused by itself.
#[derive(Debug, Clone)]
pub struct Batch {
    /// What is to be done.
    pub writes: Vec<Mutation>,
    /// Only to items that match.
    pub condition: Option<Filter>,
    /// Who asks, and what they may.
    pub author: Author,
    /// When.
    pub now: Date,
    /// Whether nothing more is done after the first failure. An item that is gone, or no longer meets the condition, is
    /// passed over.
    pub stops_at_failure: bool,
    /// What working out the changes may cost.
    pub budget: Budget,
    /// How much more may be kept. Defaults to no limit.
    pub room: Option<StorageAllowance>,
    /// Whether the result of each write contains the whole item. Otherwise [`Item::json`] is empty.
    pub tells_items: bool,
}

impl Batch {
    /// Writes of the program's own, which are not counted.
    pub(crate) const fn by_the_app(writes: Vec<Mutation>) -> Self {
        Self {
            writes,
            condition: None,
            author: Author::app(None),
            now: Date::EPOCH,
            stops_at_failure: false,
            budget: Budget::unlimited(),
            room: None,
            tells_items: false,
        }
    }
}

/// What became of the mutations of a commit that is one transaction.
pub(crate) struct Applied {
    /// One outcome for each mutation that was tried.
    pub(crate) outcomes: Vec<Outcome>,
    /// Whether none was left for a later commit.
    pub(crate) is_complete: bool,
    /// The position of the last item that was changed.
    pub(crate) reached: Option<i64>,
}

/// What became of a mutation.
pub(crate) type Outcome = Result<MutationResult, DataError>;

impl Applied {
    /// Whether a mutation failed that stops its batch ([`Batch::stops_at_failure`]).
    pub(crate) fn has_failed(&self) -> bool {
        self.outcomes.iter().any(is_failure)
    }
}

/// Whether an outcome stops a batch: an item that is gone, or no longer matches, is passed over.
pub(crate) fn is_failure(outcome: &Outcome) -> bool {
    let passed_over = [DataCode::ItemMissing, DataCode::ConditionNotMet];
    outcome
        .as_ref()
        .is_err_and(|fault| !passed_over.contains(&fault.code()))
}

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Whose new items are.
    pub owner: Option<String>,
    /// Whether items may be made.
    pub insert: Access,
    /// Which items may be changed.
    pub update: Access,
    /// Which items may be removed.
    pub remove: Access,
    /// Which items may be seen; one that may not is treated as missing.
    pub read: Access,
}

impl Author {
    /// The app itself.
    pub const fn app(owner: Option<String>) -> Self {
        Self {
            owner,
            insert: Access::All,
            update: Access::All,
            remove: Access::All,
            read: Access::All,
        }
    }
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MutationResult {
    /// A new item.
    Inserted(Item),
    /// The item as it is now.
    Updated(Item),
    /// The item as it was.
    Removed(Item),
}

impl MutationResult {
    /// Takes the item out.
    pub fn into_item(self) -> Item {
        match self {
            Self::Inserted(item) | Self::Updated(item) | Self::Removed(item) => item,
        }
    }

    /// The same without the item's JSON.
    #[must_use]
    pub(crate) fn without_json(mut self) -> Self {
        match &mut self {
            Self::Inserted(item) | Self::Updated(item) | Self::Removed(item) => {
                item.json = String::new();
            }
        }
        self
    }

    /// The item.
    pub const fn item(&self) -> &Item {
        match self {
            Self::Inserted(item) | Self::Updated(item) | Self::Removed(item) => item,
        }
    }
}
