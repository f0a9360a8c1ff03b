//! Items: what the collections of each instance hold.
//!
//! Everything here is reached through [`ItemsOf`]: one collection of one instance. There is no way to
//! ask for items without naming the instance whose they are.
//!
//! - [`write`](mod@write): what is to be done with items, and what became of it
//! - [`change`]: what a write makes of an item, before any database is asked, and whether it can be kept
//! - [`room`]: how much more may be kept
//! - [`find`]: which items are wanted, in which order
//! - [`plan`]: by which index they are found

pub mod change;
mod conforming;
pub mod find;
mod item;
pub(crate) mod key_change;
pub mod link;
pub(crate) mod link_condition;
pub mod plan;
pub mod room;
mod storable;
pub mod write;

use std::ops::ControlFlow;
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::{Budget, DataError};

use crate::collections::Collection;
pub use find::{Find, Position};
pub use item::Item;
pub use link::{Link, LinkOutcome};
pub use room::Room;
pub use write::{Batch, Write, Written};

/// One collection of one instance.
#[derive(Debug, Clone)]
pub struct ItemsOf {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The collection, as it was when it was looked up. A write with an outdated one is
    /// [`StoreError::Outdated`](crate::StoreError::Outdated).
    pub collection: Arc<Collection>,
    /// What reading them may cost.
    pub budget: Budget,
}

impl ItemsOf {
    /// A collection whose reading is not counted: what the operator does, and what tests do.
    pub const fn new(instance_id: InstanceId, collection: Arc<Collection>) -> Self {
        Self {
            instance_id,
            collection,
            budget: Budget::unlimited(),
        }
    }
}

/// What a scan does with each item: go on, stop, or give up with a fault.
pub type Visit<'visit> = dyn FnMut(Item) -> Result<ControlFlow<()>, DataError> + Send + 'visit;
