//! Where an API is, and whether it is up.

use super::health::Health;
use crate::upstream::Address;

/// Where an API is. Most third parties have one place for all accounts; some have one for each.
pub struct ApiBase {
    pub(super) address: Address,
    pub(super) health: Health,
}

impl ApiBase {
    /// Nothing is connected yet.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            health: Health::default(),
        }
    }

    /// Its scheme, host, port and the path that all of its paths start with.
    pub const fn address(&self) -> &Address {
        &self.address
    }
}
