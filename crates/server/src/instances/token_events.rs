//! What happens when Wix gives or refuses a token for an instance: the mark in the register.
//!
//! The client reports it without blocking; separate tasks write to the database.

use std::sync::Arc;

use backlot_outbound::wix::{TokenEvents, TokenRefused};
use backlot_store::Store;
use backlot_store::instance_details::TokenRefusal;
use backlot_wix::InstanceId;
use tracing::Instrument as _;

use super::SiteOrigins;
use crate::clock::Clock;
use crate::error::Chain;
use crate::telemetry::metrics::{AppToken, Metrics};

pub(crate) struct Events {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) origins: Arc<SiteOrigins>,
    pub(crate) metrics: Arc<Metrics>,
}

impl TokenEvents for Events {
    /// Clears the mark, and allows the site again if its origin is known.
    fn granted(&self, instance_id: InstanceId) {
        self.metrics.app_token(AppToken::Granted);
        let (store, origins) = (self.store.clone(), Arc::clone(&self.origins));
        let update = async move {
            if let Err(error) = store.delete_refusal(instance_id).await {
                tracing::warn!(error = %Chain(&error), %instance_id, "failed to clear the mark of a refused token");
            }
            if origins.knows(instance_id) {
                return;
            }
            if let Ok(Some(details)) = store.find_details(instance_id).await {
                origins.set(instance_id, details.answer.site.origin());
            }
        };
        tokio::spawn(update.in_current_span());
    }

    /// Most likely the app was removed from that site: then its pages have no business here either. A
    /// wrong secret is no instance's fault, and marks none.
    fn refused(&self, instance_id: InstanceId, refused: &TokenRefused) {
        self.metrics.app_token(AppToken::Refused);
        let (status, reason) = (refused.status, &*refused.reason);
        if refused.is_about_the_app() {
            tracing::error!(%instance_id, status, reason, "Wix refused app.secret");
            return;
        }
        tracing::warn!(
            %instance_id, status, reason,
            "Wix refused a token for an instance: most likely the app was removed from its site"
        );
        self.origins.remove(instance_id);
        let refusal = TokenRefusal {
            instance_id,
            status: refused.status,
            reason: refused.reason.clone(),
            refused_at: self.clock.now(),
        };
        let store = self.store.clone();
        let update = async move {
            if let Err(error) = store.upsert_refusal(refusal).await {
                tracing::warn!(error = %Chain(&error), %instance_id, "failed to mark an instance's token as refused");
            }
        };
        tokio::spawn(update.in_current_span());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backlot_store::instance_details::Details;
    use backlot_store::sqlite::SqliteStore;
    use backlot_wix::AppInstance;
    use backlot_wix::app_instance::Site;
    use jiff::Timestamp;

    async fn until(mut holds: impl AsyncFnMut() -> bool) {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_mark_shuts_a_site_out_and_the_next_token_lets_it_in_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("backlot.db")).unwrap();
        let store = Store::Sqlite(store);
        let id: InstanceId = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60".parse().unwrap();
        let site = Site {
            url: Some("https://a.example/x".to_owned()),
            ..Site::default()
        };
        let details = Details {
            instance_id: id,
            answer: AppInstance {
                site,
                ..AppInstance::default()
            },
            fetched_at: Timestamp::UNIX_EPOCH,
        };
        store.upsert_details(details).await.unwrap();
        let origins = Arc::new(SiteOrigins::default());
        origins.set(id, Some("https://a.example".to_owned()));
        let events = Events {
            store: store.clone(),
            clock: Clock::standing_at(Timestamp::UNIX_EPOCH),
            origins: Arc::clone(&origins),
            metrics: Arc::new(Metrics::new()),
        };
        let refused = |reason: &str| TokenRefused {
            status: 400,
            reason: reason.to_owned(),
        };

        events.refused(id, &refused("invalid_client"));
        assert!(origins.contains("https://a.example"), "no instance's fault");
        events.refused(id, &refused("invalid_grant"));
        assert!(!origins.contains("https://a.example"));
        until(async || store.find_refusal(id).await.unwrap().is_some()).await;

        events.granted(id);
        until(async || origins.is_of("https://a.example", id)).await;
        assert_eq!(store.find_refusal(id).await.unwrap(), None);
    }
}
