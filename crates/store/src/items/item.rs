//! One item as it is kept.

use backlot_wix::data::{Budget, Object};

use crate::StoreError;

/// Units of work for a byte of an item that is read.
const PARSED_BYTE: u64 = 4;

/// An item with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it stands in the order of insertion.
    pub sequence: i64,
    /// Its `_id`.
    pub id: String,
    /// Its `_owner`.
    pub owner: Option<String>,
    /// All of it, as it goes over the wire: JSON, system fields included.
    pub json: String,
}

impl Item {
    /// Counts the item as one that is kept until the response is made.
    pub(crate) fn keep_within(&self, budget: &Budget) -> Result<(), StoreError> {
        Ok(budget.keep(size_of::<Self>() + self.id.len() + self.json.len())?)
    }

    /// The item as fields, with the work of reading it counted.
    pub fn object_within(&self, budget: &Budget) -> Result<Object, StoreError> {
        budget.work(self.json.len() as u64 * PARSED_BYTE)?;
        self.object()
    }

    /// The item as fields.
    pub fn object(&self) -> Result<Object, StoreError> {
        serde_json::from_str(&self.json).map_err(StoreError::not_json("an item"))
    }
}
