//! Items: what the collections of each instance hold.
//!
//! Everything here is reached through [`CollectionRef`]: one collection of one instance. There is no way to
//! ask for items without naming the instance whose they are.
//!
//! - [`mutation`]: changes of items as they are asked for, and their results
//! - [`effect`]: what a mutation does to an item, before any database is asked
//! - [`allowance`]: how much more an instance may store
//! - [`query`]: a filter, an order and a page
//! - [`plan`]: the index that serves a query

pub mod allowance;
mod conforming;
pub mod effect;
mod item;
pub(crate) mod key_change;
pub mod link;
pub(crate) mod link_condition;
pub mod mutation;
pub mod plan;
pub mod query;
mod storable;

use std::ops::ControlFlow;
use std::sync::Arc;

use backlot_wix::InstanceId;
use backlot_wix::data::{Budget, DataError};

use crate::collections::Collection;
pub use allowance::StorageAllowance;
pub use item::Item;
pub use link::{Link, LinkOutcome};
pub use mutation::{Batch, Mutation, MutationResult};
pub use query::{ItemQuery, Position};

/// One collection of one instance.
#[derive(Debug, Clone)]
pub struct CollectionRef {
    /// The tenant.
    pub instance_id: InstanceId,
    /// The collection, as it was when it was looked up. A write with an outdated one is
    /// [`StoreError::Outdated`](crate::StoreError::Outdated).
    pub collection: Arc<Collection>,
    /// What reading them may cost.
    pub budget: Budget,
}

impl CollectionRef {
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
