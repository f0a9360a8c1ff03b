//! What Wix says of each instance: its site, its plan, its permissions. Fetched when it is first
//! needed, stored in the database and, for those in use, in memory; fetched again periodically and
//! on request.
//!
//! Rules: one question to Wix for an instance at a time. On a request's path only what cannot do without
//! waits for this: a rule about plans when a caller's credential names none, a call about the caller's
//! site, a handler in Rust that asks.
//!
//! Source: `GET /apps/v1/instance`.

pub(crate) mod activity;
mod fetch;
mod plan;
mod refresh;
mod site_origins;
mod token_events;

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::resilience::SingleFlight;
use backlot_outbound::wix::{Priority, WixClient, WixError};
use backlot_store::Store;
use backlot_store::instance_details::Details;
use backlot_wix::InstanceId;
use moka::sync::Cache;

use crate::clock::Clock;
use crate::error::Chain;
use crate::id_hasher::InstanceHash;
pub(crate) use plan::PlanUse;
pub(crate) use refresh::RefreshScheduler;
pub use site_origins::SiteOrigins;
pub(crate) use token_events::Events;

/// Of a few kilobytes each.
const MAX_IN_MEMORY: u64 = 5_000;
/// What is in memory is read from the database again after this, for another node may have written.
const DETAILS_CACHE_TTL: Duration = Duration::from_mins(5);

/// What is known of instances. Cloning shares it.
#[derive(Clone)]
pub(crate) struct InstanceDirectory(Arc<Inner>);

struct Inner {
    store: Store,
    wix: WixClient,
    clock: Clock,
    origins: Arc<SiteOrigins>,
    in_memory: Cache<InstanceId, Arc<Details>, InstanceHash>,
    /// By instance, and whether a request waits: requests do not wait behind background fetches.
    flights: SingleFlight<(InstanceId, bool), Result<Arc<Details>, WixError>>,
}

impl InstanceDirectory {
    pub(crate) fn new(
        store: Store,
        wix: WixClient,
        clock: Clock,
        origins: Arc<SiteOrigins>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            wix,
            clock,
            origins,
            in_memory: Cache::builder()
                .max_capacity(MAX_IN_MEMORY)
                .time_to_live(DETAILS_CACHE_TTL)
                .build_with_hasher(InstanceHash::default()),
            flights: SingleFlight::default(),
        }))
    }

    /// What is in memory or in the database. Wix is not asked.
    pub(crate) async fn kept(&self, instance_id: InstanceId) -> Option<Arc<Details>> {
        if let Some(details) = self.0.in_memory.get(&instance_id) {
            return Some(details);
        }
        match self.0.store.find_details(instance_id).await {
            Ok(details) => {
                // What was fetched meanwhile is newer.
                let entry = self.0.in_memory.entry(instance_id);
                Some(entry.or_insert(Arc::new(details?)).into_value())
            }
            Err(error) => {
                tracing::warn!(error = %Chain(&error), %instance_id, "failed to read an instance's details");
                None
            }
        }
    }

    /// What is known; asks Wix if nothing is.
    pub(crate) async fn get(&self, instance_id: InstanceId) -> Result<Arc<Details>, WixError> {
        match self.kept(instance_id).await {
            Some(details) => Ok(details),
            None => self.refresh(instance_id, Priority::Interactive).await,
        }
    }

    /// Asks Wix, whatever is known.
    pub(crate) async fn refresh(
        &self,
        instance_id: InstanceId,
        priority: Priority,
    ) -> Result<Arc<Details>, WixError> {
        let inner = Arc::clone(&self.0);
        let work = || async move { fetch::fetch(&inner, instance_id, priority).await };
        let key = (instance_id, priority == Priority::Interactive);
        let outcome = self.0.flights.run(&key, || None, work);
        outcome.await.unwrap_or_else(|| {
            Err(WixError::unavailable(
                "the question about an instance failed here",
            ))
        })
    }

    /// True when what is known is older than `age`.
    pub(crate) fn is_older(&self, details: &Details, age: Duration) -> bool {
        // In the future: the clock was set back, so its age is not known.
        let is = self.0.clock.now().duration_since(details.fetched_at);
        is.unsigned_abs() > age
    }
}
