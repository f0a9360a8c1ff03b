//! The states of an index in an instance.

use std::sync::Arc;

use backlot_wix::data::collection::IndexId;
use backlot_wix::data::{DataCode, DataError};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// How an index stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IndexState {
    /// It serves queries.
    #[default]
    Ready,
    /// Its keys are being made, and writes keep them.
    Building,
    /// Keys of an earlier time are being removed. If the collection has the index, it is built afterwards.
    Clearing,
    /// It could not be built, and does nothing.
    Failed(Arc<IndexFailure>),
}

impl IndexState {
    /// Whether it serves queries.
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Whether writes keep its keys, and refuse what it forbids.
    pub const fn is_maintained(&self) -> bool {
        matches!(self, Self::Ready | Self::Building)
    }

    /// The state of a row.
    pub(crate) fn from_row(name: &str, failure: Option<&str>) -> Result<Self, StoreError> {
        let unreadable = || StoreError::corrupt("the state of an index");
        match (name, failure) {
            ("BUILDING", _) => Ok(Self::Building),
            ("CLEARING", _) => Ok(Self::Clearing),
            ("FAILED", Some(failure)) => serde_json::from_str(failure)
                .map(|failure| Self::Failed(Arc::new(failure)))
                .map_err(|_| unreadable()),
            _ => Err(unreadable()),
        }
    }
}

/// Why an index could not be built, in Wix's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexFailure {
    /// `WDE0112` or `WDE0113`.
    pub code: String,
    /// A sentence for people.
    pub description: String,
    /// The item that cannot be in the index.
    pub item_id: String,
}

impl IndexFailure {
    /// `WDE0113`: another item holds what an item holds.
    pub(crate) fn duplicate(fault: &DataError, item_id: &str) -> Self {
        Self {
            code: DataCode::DuplicateKey.name().to_owned(),
            description: fault.text().to_owned(),
            item_id: item_id.to_owned(),
        }
    }

    /// An item that cannot be in the index at all.
    pub(crate) fn from_fault(fault: &DataError, item_id: &str) -> Self {
        Self {
            code: fault.code().name().to_owned(),
            description: fault.text().to_owned(),
            item_id: item_id.to_owned(),
        }
    }

    /// As it is kept.
    pub(crate) fn to_row(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Internal(error.to_string()))
    }
}

/// An index that is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnreadyIndex {
    pub(crate) index_id: IndexId,
    pub(crate) state: IndexState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_comes_back_as_it_was_kept() {
        let failure = IndexFailure {
            code: "WDE0113".to_owned(),
            description: "Twice.".to_owned(),
            item_id: "a\"b".to_owned(),
        };
        let row = failure.to_row().unwrap();
        let state = IndexState::from_row("FAILED", Some(&row)).unwrap();
        assert_eq!(state, IndexState::Failed(Arc::new(failure)));
        assert!(!state.is_ready() && !state.is_maintained());
        assert!(IndexState::from_row("FAILED", None).is_err());
        assert!(IndexState::from_row("READY", None).is_err());
    }
}
