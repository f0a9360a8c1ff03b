//! What a reply is kept under.

use std::sync::Arc;

use backlot_wix::InstanceId;

/// Whose replies they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheScope {
    /// Those of one instance, which no other sees.
    Instance(InstanceId),
    /// Shared by all instances.
    Shared,
}

/// What a reply is kept under, but for the headers that it varies by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The connection, and whatever else tells its credentials apart: after a change of them, nothing
    /// is found of what was kept before.
    pub connection: Arc<str>,
    /// Whose replies they are.
    pub scope: CacheScope,
    /// The full address that was asked for, with its query, without the credential.
    pub url: String,
}

impl CacheKey {
    pub(super) fn is_shared(&self) -> bool {
        self.scope == CacheScope::Shared
    }

    /// The bytes that it takes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.url.len()
    }
}
