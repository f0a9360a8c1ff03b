//! The cached responses.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Response, request, response};
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::cache_control::CacheControl;
use super::entry::{CacheEntry, is_cacheable_request};
use super::write_epochs::WriteEpochs;
use super::{CacheKey, CacheLimits, Stale, WriteEpoch};
use crate::body::content_length;

/// The most responses of one address that vary by the headers of their requests: the number of languages of most
/// sites.
const MAX_VARIANTS: usize = 32;

/// The variants of one address, the newest last.
type Variants = Arc<[Arc<CacheEntry>]>;

/// The result of a lookup.
pub enum CachedResponse {
    /// A response that can be used.
    Fresh(Response<Bytes>),
    /// A response that has to be revalidated.
    Stale(Stale),
    /// No response.
    Miss,
}

/// The cached responses. Clones share them.
#[derive(Clone)]
pub struct ResponseStore {
    responses: Cache<CacheKey, Variants>,
    writes: Arc<WriteEpochs>,
    limits: CacheLimits,
}

impl ResponseStore {
    /// Creates an empty cache.
    pub fn new(limits: CacheLimits) -> Self {
        let weigh = |key: &CacheKey, variants: &Variants| {
            let variants: usize = variants.iter().map(|it| it.weight()).sum();
            u32::try_from(key.weight() + variants).unwrap_or(u32::MAX)
        };
        let responses = Cache::builder()
            .max_capacity(limits.bytes)
            .weigher(weigh)
            .build();
        Self {
            responses,
            writes: Arc::default(),
            limits,
        }
    }

    /// Returns the most bytes of a body that is cached.
    pub const fn response_bytes(&self) -> usize {
        self.limits.response_bytes
    }

    /// Returns the writes that have ended. Called before a request is made whose response may be cached.
    pub fn write_epoch(&self, key: &CacheKey) -> WriteEpoch {
        self.writes.current(key)
    }

    /// Looks up the response to `request`.
    pub fn lookup(
        &self,
        key: &CacheKey,
        request: &request::Parts,
        now: SystemTime,
    ) -> CachedResponse {
        if !is_cacheable_request(request) {
            return CachedResponse::Miss;
        }
        let Some(entry) = self.find(key, &request.headers) else {
            return CachedResponse::Miss;
        };
        let control = CacheControl::from_headers(&request.headers);
        // Browsers send 0 to reload, also within the first second.
        let is_too_old = |limit: Duration| limit.is_zero() || entry.freshness.age(now) > limit;
        let is_refused = control.no_cache || control.max_age.is_some_and(is_too_old);
        if entry.freshness.is_fresh(now) && !is_refused {
            return CachedResponse::Fresh(entry.response(&request.headers, now));
        }
        match entry.conditions() {
            Some(conditions) => CachedResponse::Stale(Stale { entry, conditions }),
            None => CachedResponse::Miss,
        }
    }

    fn find(&self, key: &CacheKey, headers: &HeaderMap) -> Option<Arc<CacheEntry>> {
        let variants = self.responses.get(key)?;
        let mut variants = variants.iter().rev();
        variants.find(|it| it.variant.matches(headers)).cloned()
    }

    /// Returns whether a response would be cached, as far as its head tells.
    pub fn is_storable(
        &self,
        key: &CacheKey,
        request: &request::Parts,
        response: &response::Parts,
        now: SystemTime,
    ) -> bool {
        let length = content_length(&response.headers).unwrap_or(0);
        length <= self.limits.response_bytes as u64
            && CacheEntry::new(request, response, key.is_shared(), now).is_some()
    }

    /// Caches a complete response that arrived at `now`, if that is allowed and no write has ended since the request
    /// was made. Returns whether it was.
    pub fn insert(
        &self,
        (key, epoch): (CacheKey, WriteEpoch),
        request: &request::Parts,
        response: &response::Parts,
        body: Bytes,
        now: SystemTime,
    ) -> bool {
        let entry = CacheEntry::new(request, response, key.is_shared(), now);
        match entry.filter(|_| body.len() <= self.limits.response_bytes) {
            Some(entry) => {
                let entry = CacheEntry { body, ..entry };
                self.put((key, epoch), entry, &request.headers)
            }
            // The cached response is outdated.
            None if is_cacheable_request(request) && response.status.is_success() => {
                self.invalidate(&key);
                false
            }
            None => false,
        }
    }

    /// Updates a stale response by the 304 to its conditional request, and returns the response to `request`. `None`
    /// if the 304 is about another response. Then `request` has to be sent without conditions.
    pub fn refresh(
        &self,
        (key, epoch): (CacheKey, WriteEpoch),
        stale: &Stale,
        request: &request::Parts,
        not_modified: &response::Parts,
        now: SystemTime,
    ) -> Option<Response<Bytes>> {
        let renewed = stale
            .entry
            .renewed(request, not_modified, key.is_shared(), now);
        let Some(renewed) = renewed else {
            self.invalidate(&key);
            return None;
        };
        let response = renewed.response(&request.headers, now);
        self.put((key, epoch), renewed, &request.headers);
        Some(response)
    }

    /// Invalidates the responses of an address where a write has ended, or may have, and those in flight.
    pub fn write_ended(&self, key: &CacheKey) {
        // First: an insert that reads the epoch after this line sees it, and one that has read it before is done
        // before the next line.
        self.writes.advance(key);
        self.invalidate(key);
    }

    /// Removes the responses of an address.
    pub fn invalidate(&self, key: &CacheKey) {
        let entry = self.responses.entry_by_ref(key);
        entry.and_compute_with(|entry| match entry {
            Some(_) => Op::Remove,
            None => Op::Nop,
        });
    }

    /// Replaces the entries that match the same requests. Returns false if a write has ended since the request was made.
    fn put(
        &self,
        (key, epoch): (CacheKey, WriteEpoch),
        entry: CacheEntry,
        headers: &HeaderMap,
    ) -> bool {
        let entry = Arc::new(entry);
        let (writes, mut is_stored) = (&self.writes, true);
        let written = key.clone();
        self.responses.entry(key).and_compute_with(|before| {
            // Computations of one key run one after the other, so no write ends unseen in between.
            if writes.current(&written) != epoch {
                is_stored = false;
                return Op::Nop;
            }
            let before = before.map(moka::Entry::into_value).unwrap_or_default();
            let others = before.iter().filter(|it| !it.variant.matches(headers));
            let mut variants: Vec<_> = others.cloned().collect();
            let too_many = (variants.len() + 1).saturating_sub(MAX_VARIANTS);
            variants.drain(..too_many);
            variants.push(Arc::clone(&entry));
            Op::Put(variants.into())
        });
        is_stored
    }
}

#[cfg(test)]
mod tests;
