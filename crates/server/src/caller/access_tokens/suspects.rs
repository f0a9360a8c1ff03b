//! Clients whose tokens Wix has refused of late. Each may have ten more a second checked; clients that
//! send only good ones are not counted at all.
//!
//! Caveat: behind a proxy that is not in `server.trusted_proxies` all clients look like one.

use std::num::NonZeroU32;
use std::time::Duration;

use moka::sync::Cache;

use crate::admission::{Limiter, RateKey, RateLimit};
use crate::error::{Code, Refusal};

const MOST_KEPT: u64 = 50_000;
const KEPT: Duration = Duration::from_mins(1);
const TRIES: RateLimit = RateLimit {
    requests: match NonZeroU32::new(50) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    },
    per: Duration::from_secs(5),
};

pub(super) struct Suspects {
    refused: Cache<RateKey, ()>,
    tries: Limiter,
}

impl Suspects {
    pub(super) fn new() -> Self {
        Self {
            refused: Cache::builder()
                .max_capacity(MOST_KEPT)
                .time_to_live(KEPT)
                .build(),
            tries: Limiter::new(TRIES),
        }
    }

    /// Whether another token of this client's may be checked.
    pub(super) fn check(&self, client: RateKey) -> Result<(), Refusal> {
        if !self.refused.contains_key(&client) {
            return Ok(());
        }
        self.tries
            .take(client)
            .map_err(|wait| Refusal::from(Code::TooManyRefusedTokens).retry_after_time(wait))
    }

    pub(super) fn forget_idle(&self) {
        self.tries.forget_idle();
    }

    /// Wix has refused one.
    pub(super) fn note(&self, client: RateKey) {
        self.refused.insert(client, ());
    }
}
