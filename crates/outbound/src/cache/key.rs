//! Keys and limits of a cache.

use std::sync::Arc;

use backlot_wix::InstanceId;

/// Who shares a cached response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheOwner {
    /// One instance.
    Instance(InstanceId),
    /// All instances.
    Shared,
}

/// The key of a response, apart from the headers it varies by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// The connection, and what tells its credentials apart: with another credential, nothing is found of what was
    /// cached before.
    pub connection: Arc<str>,
    /// Who shares the response.
    pub owner: CacheOwner,
    /// The requested path and query, without the credential.
    pub url: String,
}

impl CacheKey {
    pub(super) fn is_shared(&self) -> bool {
        self.owner == CacheOwner::Shared
    }

    /// Returns the bytes that the key takes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.url.len()
    }
}

/// The size of a cache.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// The most bytes of all responses, their heads included.
    pub bytes: u64,
    /// The most bytes of one response's body.
    pub response_bytes: usize,
}
