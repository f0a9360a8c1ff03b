//! What multi-reference fields hold: links from items to items. They lie beside the items.

use backlot_wix::data::{Budget, DataCode, DataError, Direction, limits};

use crate::StoreError;

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The field that holds it.
    pub field: String,
    /// The item that refers.
    pub item_id: String,
    /// The item that is referred to. It need not exist.
    pub referenced_id: String,
}

impl ReferenceQuery {
    /// The place beyond which the links of an item are wanted, by its number among the items.
    pub(crate) const fn beyond(&self, number: usize) -> i64 {
        match (self.after, self.direction) {
            (Some(place), _) if number == 0 => place,
            (_, Direction::Ascending) => i64::MIN,
            (_, Direction::Descending) => i64::MAX,
        }
    }
}

impl Link {
    /// Counts the link as one that is kept until the response is made.
    pub(crate) fn keep_within(&self, budget: &Budget) -> Result<(), StoreError> {
        let texts = self.field.len() + self.item_id.len() + self.referenced_id.len();
        Ok(budget.keep(size_of::<Self>() + texts)?)
    }

    /// `WDE0080`
    pub(crate) fn no_room(&self) -> DataError {
        too_many(&self.item_id, &self.field)
    }

    /// `WDE0029`
    pub(crate) fn exists(&self) -> DataError {
        let text = format!("{} refers to {} already.", self.item_id, self.referenced_id);
        DataError::new(DataCode::ReferenceExists, text)
    }

    /// `WDE0153`
    pub(crate) fn missing(&self) -> DataError {
        let text = format!("{} does not refer to {}.", self.item_id, self.referenced_id);
        DataError::new(DataCode::ReferenceMissing, text)
    }
}

/// `WDE0080`: a field of an item would hold more links than it may.
pub(crate) fn too_many(item_id: &str, field: &str) -> DataError {
    let most = limits::LINKS_OF_FIELD;
    DataError::invalid(format!(
        "The field {field} of {item_id} would refer to more than {most} items."
    ))
}

/// What became of one link.
pub type LinkOutcome = Result<(), DataError>;

/// A link in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedLink {
    /// The link.
    pub link: Link,
    /// Where it stands in the order in which links were made.
    pub sequence: i64,
}

/// Which links are wanted.
#[derive(Debug, Clone)]
pub struct ReferenceQuery {
    /// The field that holds them.
    pub field: String,
    /// The items that refer.
    pub item_ids: Vec<String>,
    /// Oldest first, or newest first.
    pub direction: Direction,
    /// Of the first of the items, only links beyond this place.
    pub after: Option<i64>,
    /// How many to pass over.
    pub offset: u64,
    /// How many to return.
    pub limit: u32,
    /// How many of one item to return.
    pub each: u32,
}
