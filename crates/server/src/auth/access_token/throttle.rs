//! Clients whose tokens Wix has refused of late. Each may have ten more a second checked; clients that
//! send only good ones are not counted. Of any client's only so many are asked about at a time.
//!
//! Caveat: behind a proxy that is not in `server.trusted_proxies` all clients look like one.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;

use crate::error::{ApiError, ErrorCode};
use crate::policy::{Limiter, RateKey, RateLimit};

const MAX_TRACKED: u64 = 50_000;
/// Questions about one client's tokens that are under way at the same time.
const AT_ONCE: usize = 16;
const THROTTLE_TTL: Duration = Duration::from_mins(1);
const TRIES: RateLimit = RateLimit {
    requests: match NonZeroU32::new(50) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    },
    per: Duration::from_secs(5),
};

pub(crate) struct Suspects {
    refused: Cache<RateKey, ()>,
    places: Cache<RateKey, Arc<Semaphore>>,
    tries: Limiter,
}

impl Suspects {
    pub(crate) fn new() -> Self {
        Self {
            refused: Cache::builder()
                .max_capacity(MAX_TRACKED)
                .time_to_live(THROTTLE_TTL)
                .build(),
            places: Cache::builder()
                .max_capacity(MAX_TRACKED)
                .time_to_idle(THROTTLE_TTL)
                .build(),
            tries: Limiter::new(TRIES),
        }
    }

    /// Whether another token of this client's may be checked.
    pub(crate) fn check(&self, client: RateKey) -> Result<(), ApiError> {
        if !self.refused.contains_key(&client) {
            return Ok(());
        }
        self.tries
            .take(client)
            .map_err(|wait| ApiError::from(ErrorCode::TooManyRefusedTokens).retry_after_time(wait))
    }

    /// The slots for verifications of a client's tokens, good or bad: a client that sends many at once waits
    /// behind its own, not in front of others'.
    pub(crate) fn places(&self, client: RateKey) -> Arc<Semaphore> {
        let new = || Arc::new(Semaphore::new(AT_ONCE));
        self.places.get_with(client, new)
    }

    pub(crate) fn forget_idle(&self) {
        self.tries.forget_idle();
    }

    /// Wix has refused one.
    pub(crate) fn note(&self, client: RateKey) {
        self.refused.insert(client, ());
    }
}
