//! The app's own token for each instance: cached in memory, renewed ahead of its end, asked for by one
//! request at a time for each instance.
//!
//! Tokens expire by this machine's monotonic clock, so setting the clock does not prolong them. A refusal is cached for a
//! minute, so that an instance whose app was removed does not cause a request with each call.
//!
//! Source: Wix's "Authenticate using OAuth"; there is no refresh token, and a token lasts four hours.

mod cached_token;
mod fetch;

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use moka::sync::Cache;
use tokio::time::Instant;

use super::WixError;
use crate::resilience::SingleFlight;
pub(super) use cached_token::CachedToken;
pub(super) use fetch::TokenFetcher;

/// About a kilobyte each. As many as there are budgets: with fewer, busy instances would evict each other's tokens.
const MAX_CACHED: u64 = 100_000;
const MAX_REFUSED: u64 = 20_000;
/// The time without a request after Wix gave no answer, unless Wix wants longer.
const RETRY_COOLDOWN: Duration = Duration::from_secs(1);
/// The longest cooldown, whatever Wix wants.
const MAX_COOLDOWN: Duration = Duration::from_mins(1);
const REFUSAL_TTL: Duration = Duration::from_mins(1);

/// Wix gives no token: the app is not on that site, or its secret is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("status {status} {reason}")]
pub struct TokenRefused {
    /// The status of Wix's response.
    pub status: u16,
    /// Wix's own word for it, such as `invalid_grant`; empty where there is none.
    pub reason: String,
}

impl TokenRefused {
    /// True where Wix says that it is the app itself which it does not believe: no instance's fault.
    pub fn is_about_the_app(&self) -> bool {
        matches!(&*self.reason, "invalid_client" | "unauthorized_client")
    }
}

/// Receives the outcomes of token requests.
pub trait TokenEvents: Send + Sync {
    /// Wix issued a token.
    fn granted(&self, instance_id: InstanceId);
    /// Wix refused, and would again.
    fn refused(&self, instance_id: InstanceId, refused: &TokenRefused);
}

type Outcome = Result<Arc<CachedToken>, WixError>;

/// The tokens of all instances.
pub(super) struct AppTokens {
    cached: Cache<InstanceId, Arc<CachedToken>>,
    refused: Cache<InstanceId, TokenRefused>,
    /// Until when Wix is not asked for an instance's token, after it gave no answer.
    cooldowns: Cache<InstanceId, Instant>,
    in_flight: SingleFlight<InstanceId, Outcome>,
    fetcher: Arc<TokenFetcher>,
}

impl AppTokens {
    pub(super) fn new(fetcher: TokenFetcher) -> Self {
        Self {
            cached: Cache::builder().max_capacity(MAX_CACHED).build(),
            cooldowns: Cache::builder()
                .max_capacity(MAX_REFUSED)
                .time_to_live(MAX_COOLDOWN)
                .build(),
            refused: Cache::builder()
                .max_capacity(MAX_REFUSED)
                .time_to_live(REFUSAL_TTL)
                .build(),
            in_flight: SingleFlight::default(),
            fetcher: Arc::new(fetcher),
        }
    }

    /// Returns the token of an instance: the cached one, or a new one if that has expired.
    pub(super) async fn get(&self, instance_id: InstanceId) -> Outcome {
        if let Some(cached) = self.lasting(instance_id) {
            if cached.begin_renewal() {
                self.renew(instance_id);
            }
            return Ok(cached);
        }
        if let Some(refused) = self.refused.get(&instance_id) {
            return Err(WixError::Refused(refused));
        }
        let left = self.cooldowns.get(&instance_id);
        let left = left.map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Err(WixError::Unavailable {
                cause: "Wix gave no token a moment ago, so it is left alone".to_owned(),
                retry_after: Some(left),
            });
        }
        self.new_one(instance_id).await
    }

    fn lasting(&self, instance_id: InstanceId) -> Option<Arc<CachedToken>> {
        self.cached
            .get(&instance_id)
            .filter(|cached| cached.lasts())
    }

    /// Removes a token that Wix refused, unless it has been replaced.
    pub(super) fn invalidate(&self, instance_id: InstanceId, used: &Arc<CachedToken>) {
        if self
            .cached
            .get(&instance_id)
            .is_some_and(|cached| Arc::ptr_eq(&cached, used))
        {
            self.cached.invalidate(&instance_id);
        }
    }

    /// Renews a token in the background. The cached one is still valid.
    fn renew(&self, instance_id: InstanceId) {
        let (in_flight, work) = (self.in_flight.clone(), self.work(instance_id));
        tokio::spawn(async move { in_flight.run(&instance_id, || None, || work).await });
    }

    async fn new_one(&self, instance_id: InstanceId) -> Outcome {
        let known = || self.lasting(instance_id).map(Ok);
        let outcome = self
            .in_flight
            .run(&instance_id, known, || self.work(instance_id));
        outcome
            .await
            .unwrap_or_else(|| Err(WixError::unavailable("asking for a token failed here")))
    }

    fn work(&self, instance_id: InstanceId) -> impl Future<Output = Outcome> + Send + use<> {
        let (cached, refused) = (self.cached.clone(), self.refused.clone());
        let cooldowns = self.cooldowns.clone();
        let fetcher = Arc::clone(&self.fetcher);
        async move {
            let outcome = fetcher.fetch(instance_id).await.map(Arc::new);
            match &outcome {
                Ok(token) => {
                    refused.invalidate(&instance_id);
                    cached.insert(instance_id, Arc::clone(token));
                }
                Err(WixError::Refused(reason)) => {
                    cached.invalidate(&instance_id);
                    refused.insert(instance_id, reason.clone());
                }
                Err(error) => {
                    let time = error.retry_after().unwrap_or(RETRY_COOLDOWN);
                    cooldowns.insert(instance_id, Instant::now() + time.min(MAX_COOLDOWN));
                }
            }
            outcome
        }
    }
}
