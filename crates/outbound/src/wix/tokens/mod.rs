//! The app's own token for each instance: kept in memory, renewed ahead of its end, asked for by one
//! request at a time for each instance.
//!
//! Tokens are counted down on this machine's steady clock from the moment they came, so a clock that
//! is set does not make them outlive Wix's. A refusal is remembered for a minute, so that an instance
//! whose app was removed does not cause a request with each call.
//!
//! Source: Wix's "Authenticate using OAuth"; there is no refresh token, and a token lasts four hours.

mod ask;
mod kept;
mod pauses;

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::InstanceId;
use moka::sync::Cache;

use super::WixError;
use crate::single_flight::SingleFlight;
pub(super) use ask::Asker;
pub(super) use kept::Kept;
use pauses::Pauses;

/// About a kilobyte each: as many as there are budgets, or evenly busy instances would push each
/// other's tokens out.
const MAX_CACHED: u64 = 100_000;
const MAX_REFUSED: u64 = 20_000;
/// After Wix gave no answer it is not asked again for this long, unless it wants longer.
const RETRY_COOLDOWN: Duration = Duration::from_secs(1);
const REFUSAL_TTL: Duration = Duration::from_mins(1);

/// Wix gives no token: the app is not on that site, or its secret is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("status {status} {reason}")]
pub struct TokenRefused {
    /// The status of Wix's reply.
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

/// Notified when Wix is asked for a token, for the state of instances.
pub trait TokenEvents: Send + Sync {
    /// Wix gave one.
    fn granted(&self, instance_id: InstanceId);
    /// Wix refused for good.
    fn refused(&self, instance_id: InstanceId, refused: &TokenRefused);
}

type Outcome = Result<Arc<Kept>, WixError>;

/// The tokens of all instances.
pub(super) struct AppTokens {
    kept: Cache<InstanceId, Arc<Kept>>,
    refused: Cache<InstanceId, TokenRefused>,
    pauses: Pauses,
    flights: SingleFlight<InstanceId, Outcome>,
    asker: Arc<Asker>,
}

impl AppTokens {
    pub(super) fn new(asker: Asker) -> Self {
        Self {
            kept: Cache::builder().max_capacity(MAX_CACHED).build(),
            pauses: Pauses::new(MAX_REFUSED),
            refused: Cache::builder()
                .max_capacity(MAX_REFUSED)
                .time_to_live(REFUSAL_TTL)
                .build(),
            flights: SingleFlight::default(),
            asker: Arc::new(asker),
        }
    }

    /// The token of an instance: the kept one while it lasts, a new one otherwise.
    pub(super) async fn get(&self, instance_id: InstanceId) -> Outcome {
        if let Some(kept) = self.lasting(instance_id) {
            if kept.begin_renewal() {
                self.renew(instance_id);
            }
            return Ok(kept);
        }
        if let Some(refused) = self.refused.get(&instance_id) {
            return Err(WixError::Refused(refused));
        }
        self.pauses.check(&instance_id)?;
        self.new_one(instance_id).await
    }

    fn lasting(&self, instance_id: InstanceId) -> Option<Arc<Kept>> {
        self.kept.get(&instance_id).filter(|kept| kept.lasts())
    }

    /// Drops a token that Wix no longer takes, unless it has been replaced already.
    pub(super) fn forget(&self, instance_id: InstanceId, used: &Arc<Kept>) {
        if self
            .kept
            .get(&instance_id)
            .is_some_and(|kept| Arc::ptr_eq(&kept, used))
        {
            self.kept.invalidate(&instance_id);
        }
    }

    /// In the background: the kept one is good for a while yet.
    fn renew(&self, instance_id: InstanceId) {
        let (flights, work) = (self.flights.clone(), self.work(instance_id));
        tokio::spawn(async move { flights.run(&instance_id, || None, || work).await });
    }

    async fn new_one(&self, instance_id: InstanceId) -> Outcome {
        let known = || self.lasting(instance_id).map(Ok);
        let outcome = self
            .flights
            .run(&instance_id, known, || self.work(instance_id));
        outcome
            .await
            .unwrap_or_else(|| Err(WixError::unavailable("asking for a token failed here")))
    }

    fn work(&self, instance_id: InstanceId) -> impl Future<Output = Outcome> + Send + use<> {
        let (kept, refused) = (self.kept.clone(), self.refused.clone());
        let pauses = self.pauses.clone();
        let asker = Arc::clone(&self.asker);
        async move {
            let outcome = asker.ask(instance_id).await.map(Arc::new);
            match &outcome {
                Ok(token) => {
                    refused.invalidate(&instance_id);
                    kept.insert(instance_id, Arc::clone(token));
                }
                Err(WixError::Refused(reason)) => {
                    kept.invalidate(&instance_id);
                    refused.insert(instance_id, reason.clone());
                }
                Err(error) => {
                    pauses.begin(instance_id, error.retry_after().unwrap_or(RETRY_COOLDOWN));
                }
            }
            outcome
        }
    }
}
