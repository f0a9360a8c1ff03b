//! The kept replies.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Response, request, response};
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::control::Control;
use super::stored::{Stored, concerns};
use super::writes::Writes;
use super::{Asked, CacheKey, CacheLimits, Lookup, Stale};

/// The most replies of one address that differ by the headers of their requests: as many as there are languages on
/// most sites.
const MAX_VARIANTS: usize = 32;

/// The newest last.
type Variants = Arc<[Arc<Stored>]>;

/// The kept replies. Clones share them.
#[derive(Clone)]
pub struct ReplyCache {
    replies: Cache<CacheKey, Variants>,
    writes: Arc<Writes>,
    limits: CacheLimits,
}

impl ReplyCache {
    /// An empty cache.
    pub fn new(limits: CacheLimits) -> Self {
        let weigh = |key: &CacheKey, variants: &Variants| {
            let variants: usize = variants.iter().map(|it| it.weight()).sum();
            u32::try_from(key.weight() + variants).unwrap_or(u32::MAX)
        };
        let replies = Cache::builder()
            .max_capacity(limits.bytes)
            .weigher(weigh)
            .build();
        Self {
            replies,
            writes: Arc::default(),
            limits,
        }
    }

    /// The most bytes of a reply's body that is kept.
    pub const fn reply_bytes(&self) -> usize {
        self.limits.reply_bytes
    }

    /// To be called before a reply is asked for that may be kept.
    pub fn asked(&self, key: &CacheKey) -> Asked {
        self.writes.asked(key)
    }

    /// Looks for the reply to `request` under `key`.
    pub fn lookup(&self, key: &CacheKey, request: &request::Parts, now: SystemTime) -> Lookup {
        if !concerns(request) {
            return Lookup::Miss;
        }
        let Some(stored) = self.find(key, &request.headers) else {
            return Lookup::Miss;
        };
        let wish = Control::of(&request.headers);
        let is_too_old = wish
            .max_age
            // Browsers say 0 for "ask again", also within the first second.
            .is_some_and(|most| most.is_zero() || stored.freshness.age(now) > most);
        if stored.freshness.is_fresh(now) && !wish.no_cache && !is_too_old {
            return Lookup::Fresh(stored.answer(&request.headers, now));
        }
        match stored.conditions() {
            Some(conditions) => Lookup::Stale(Stale { stored, conditions }),
            None => Lookup::Miss,
        }
    }

    fn find(&self, key: &CacheKey, headers: &HeaderMap) -> Option<Arc<Stored>> {
        let variants = self.replies.get(key)?;
        let mut variants = variants.iter().rev();
        variants.find(|it| it.selection.fits(headers)).cloned()
    }

    /// Whether a reply would be kept, as far as its head tells: then its body is worth gathering.
    pub fn would_keep(
        &self,
        key: &CacheKey,
        request: &request::Parts,
        reply: &response::Parts,
        now: SystemTime,
    ) -> bool {
        let announced = crate::body::announced_bytes(&reply.headers).unwrap_or(0);
        announced <= self.limits.reply_bytes as u64
            && Stored::of(request, reply, key.is_shared(), now).is_some()
    }

    /// Keeps a whole reply that came `now`, if it may be kept, and no write there has ended since it was asked for.
    /// Whether it was.
    pub fn keep(
        &self,
        (key, asked): (CacheKey, Asked),
        request: &request::Parts,
        reply: &response::Parts,
        body: Bytes,
        now: SystemTime,
    ) -> bool {
        let stored = Stored::of(request, reply, key.is_shared(), now);
        match stored.filter(|_| body.len() <= self.limits.reply_bytes) {
            Some(stored) => {
                let stored = Stored { body, ..stored };
                self.put((key, asked), stored, &request.headers)
            }
            // What was kept before is not what it says any more.
            None if concerns(request) && reply.status.is_success() => {
                self.forget(&key);
                false
            }
            None => false,
        }
    }

    /// What a 304 to [`Stale::conditions`] makes of the reply: the answer to `request`. `None` when it
    /// is about another one; then there is nothing to serve, and `request` is to be sent without
    /// conditions.
    pub fn refresh(
        &self,
        (key, asked): (CacheKey, Asked),
        stale: &Stale,
        request: &request::Parts,
        not_modified: &response::Parts,
        now: SystemTime,
    ) -> Option<Response<Bytes>> {
        let stored = &stale.stored;
        let Some(renewed) = stored.renewed(request, not_modified, key.is_shared(), now) else {
            self.forget(&key);
            return None;
        };
        let answer = renewed.answer(&request.headers, now);
        self.put((key, asked), renewed, &request.headers);
        Some(answer)
    }

    /// A write under `key` has ended, or may have: removes what is stored there, and does not store responses in flight.
    pub fn written(&self, key: &CacheKey) {
        // First: who looks at it after that finds it, and who has looked before is done before the next line.
        self.writes.ended(key);
        self.forget(key);
    }

    /// Removes the responses under `key`.
    pub fn forget(&self, key: &CacheKey) {
        self.replies
            .entry_by_ref(key)
            .and_compute_with(|entry| match entry {
                Some(_) => Op::Remove,
                None => Op::Nop,
            });
    }

    /// In place of those that would also be the reply to this request. False if a write has ended since it was asked for.
    fn put(&self, (key, asked): (CacheKey, Asked), stored: Stored, headers: &HeaderMap) -> bool {
        let stored = Arc::new(stored);
        let (writes, mut is_kept) = (&self.writes, true);
        let of_writes = key.clone();
        self.replies.entry(key).and_compute_with(|entry| {
            // Here one goes after the other for each key, so no write ends unseen in between.
            if writes.asked(&of_writes) != asked {
                is_kept = false;
                return Op::Nop;
            }
            let before = entry.map(moka::Entry::into_value).unwrap_or_default();
            let others = before.iter().filter(|it| !it.selection.fits(headers));
            let mut variants: Vec<_> = others.cloned().collect();
            let too_many = (variants.len() + 1).saturating_sub(MAX_VARIANTS);
            variants.drain(..too_many);
            variants.push(Arc::clone(&stored));
            Op::Put(variants.into())
        });
        is_kept
    }
}

#[cfg(test)]
mod tests;
