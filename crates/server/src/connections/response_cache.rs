//! Replies that are kept, as far as the third party allows it by its own cache headers.

use std::sync::Arc;
use std::time::SystemTime;

use backlot_outbound::cache::{Asked, CacheKey, CacheLimits, CacheScope, ReplyCache};
use backlot_outbound::connection::Credential;
use backlot_wix::InstanceId;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, request};
use jiff::Timestamp;

use super::Kept;

/// The most bytes that a connection keeps.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of one reply that is kept.
const MAX_OF_ONE: usize = 1024 * 1024;

/// The kept replies of one connection.
pub(super) struct KeptReplies {
    kept: Kept,
    name: Box<str>,
    pub(super) cache: Arc<ReplyCache>,
}

/// A request that a kept reply may answer.
pub(super) struct Question {
    pub(super) key: CacheKey,
    /// When it was asked, as far as writes go.
    pub(super) asked: Asked,
    pub(super) parts: request::Parts,
    pub(super) now: SystemTime,
}

impl KeptReplies {
    pub(super) fn new(kept: Kept, name: &str) -> Self {
        let limits = CacheLimits {
            bytes: MAX_BYTES,
            reply_bytes: MAX_OF_ONE,
        };
        Self {
            kept,
            name: name.into(),
            cache: Arc::new(ReplyCache::new(limits)),
        }
    }

    /// What is asked, without the credential. After another credential nothing is found of what was kept before.
    pub(super) fn question(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        method: &Method,
        target: &PathAndQuery,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Question> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let mut request = Request::new(());
        method.clone_into(request.method_mut());
        *request.uri_mut() = target.clone().into();
        headers.clone_into(request.headers_mut());
        let key = self.key(instance_id, credential, target);
        Some(Question {
            asked: self.cache.asked(&key),
            key,
            parts: request.into_parts().0,
            now: now.into(),
        })
    }

    /// A write there, which is under way.
    pub(super) fn write(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        target: &PathAndQuery,
    ) -> WriteUnderWay {
        WriteUnderWay {
            cache: Arc::clone(&self.cache),
            key: Some(self.key(instance_id, credential, target)),
        }
    }

    fn key(
        &self,
        instance_id: InstanceId,
        credential: &Credential,
        target: &PathAndQuery,
    ) -> CacheKey {
        let generation = credential.generation();
        CacheKey {
            connection: format!("{}#{generation:x}", self.name).into(),
            scope: match self.kept {
                Kept::Instance => CacheScope::Instance(instance_id),
                Kept::Shared => CacheScope::Shared,
            },
            url: target.to_string(),
        }
    }
}

/// A write in progress. When it ends, the cached responses are removed, even if no response came, or no caller waits for
/// it any more, since it may have been done.
pub(super) struct WriteUnderWay {
    cache: Arc<ReplyCache>,
    key: Option<CacheKey>,
}

impl WriteUnderWay {
    /// It was refused, so nothing has changed.
    pub(super) fn was_refused(mut self) {
        self.key = None;
    }
}

impl Drop for WriteUnderWay {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.cache.written(key);
        }
    }
}
