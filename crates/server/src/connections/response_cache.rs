//! The responses of a connection, cached as far as its API allows by its own cache headers.

use std::sync::Arc;
use std::time::SystemTime;

use backlot_outbound::cache::{CacheKey, CacheLimits, CacheOwner, ResponseStore, WriteEpoch};
use backlot_outbound::third_party::{Credential, ThirdPartyRequest};
use backlot_wix::InstanceId;
use http::uri::PathAndQuery;
use http::{Method, Request, request};
use jiff::Timestamp;

use super::CacheScope;

const LIMITS: CacheLimits = CacheLimits {
    bytes: 16 * 1024 * 1024,
    response_bytes: 1024 * 1024,
};

/// The cached responses of one connection.
pub(super) struct ResponseCache {
    scope: CacheScope,
    name: Box<str>,
    pub(super) responses: Arc<ResponseStore>,
}

/// A request that a cached response may answer.
pub(super) struct CacheLookup {
    pub(super) key: CacheKey,
    /// The writes that had ended when the request was made.
    pub(super) epoch: WriteEpoch,
    pub(super) parts: request::Parts,
    pub(super) now: SystemTime,
}

impl ResponseCache {
    pub(super) fn new(scope: CacheScope, name: &str) -> Self {
        Self {
            scope,
            name: name.into(),
            responses: Arc::new(ResponseStore::new(LIMITS)),
        }
    }

    /// Returns the lookup for a request without its credential. `None` if such requests are not cached.
    pub(super) fn for_request(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        outgoing: &ThirdPartyRequest,
        now: Timestamp,
    ) -> Option<CacheLookup> {
        if !matches!(outgoing.method, Method::GET | Method::HEAD) {
            return None;
        }
        let mut request = Request::new(());
        outgoing.method.clone_into(request.method_mut());
        *request.uri_mut() = outgoing.target.clone().into();
        outgoing.headers.clone_into(request.headers_mut());
        let key = self.key(instance_id, credential, &outgoing.target);
        Some(CacheLookup {
            epoch: self.responses.write_epoch(&key),
            key,
            parts: request.into_parts().0,
            now: now.into(),
        })
    }

    /// Begins a write.
    pub(super) fn write(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        target: &PathAndQuery,
    ) -> PendingWrite {
        PendingWrite {
            responses: Arc::clone(&self.responses),
            key: Some(self.key(instance_id, credential, target)),
        }
    }

    /// Returns the key of an address. With another credential, nothing is found of what was cached before.
    fn key(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        target: &PathAndQuery,
    ) -> CacheKey {
        let generation = credential.generation();
        CacheKey {
            connection: format!("{}#{generation:x}", self.name).into(),
            owner: match self.scope {
                CacheScope::Instance => CacheOwner::Instance(instance_id),
                CacheScope::Shared => CacheOwner::Shared,
            },
            url: target.to_string(),
        }
    }
}

/// A write in progress. When it is dropped, the responses of its address are invalidated, even if no response came: the
/// write may have been done.
pub(super) struct PendingWrite {
    responses: Arc<ResponseStore>,
    key: Option<CacheKey>,
}

impl PendingWrite {
    /// The write was refused, so nothing has changed.
    pub(super) fn was_refused(mut self) {
        self.key = None;
    }
}

impl Drop for PendingWrite {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.responses.write_ended(key);
        }
    }
}
