//! What happens when Wix gives or refuses a token for an instance: the mark in the register.
//!
//! The client tells of it in passing; the database is written by tasks of their own.

use std::sync::Arc;

use backlot_outbound::wix::{TokenEvents, TokenRefused};
use backlot_store::Store;
use backlot_store::instance_details::{InstanceDetails as _, TokenRefusal};
use backlot_wix::InstanceId;

use super::SiteOrigins;
use crate::clock::Clock;
use crate::metrics::{AppToken, Metrics};

pub(crate) struct Events {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) origins: Arc<SiteOrigins>,
    pub(crate) metrics: Arc<Metrics>,
}

impl TokenEvents for Events {
    fn granted(&self, instance_id: InstanceId) {
        self.metrics.app_token(AppToken::Granted);
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.forget_refusal(instance_id).await {
                tracing::warn!(%error, %instance_id, "cannot take the mark off an instance");
            }
        });
    }

    /// Most likely the app was removed from that site: then its pages have no business here either. A
    /// wrong secret is no instance's fault, and marks none.
    fn refused(&self, instance_id: InstanceId, refused: &TokenRefused) {
        self.metrics.app_token(AppToken::Refused);
        let (status, reason) = (refused.status, &*refused.reason);
        if refused.is_about_the_app() {
            tracing::error!(%instance_id, status, reason, "Wix does not take app.secret");
            return;
        }
        tracing::warn!(
            %instance_id, status, reason,
            "Wix gives no token for an instance: most likely the app was removed there"
        );
        self.origins.remove(instance_id);
        let refusal = TokenRefusal {
            instance_id,
            status: refused.status,
            reason: refused.reason.clone(),
            refused_at: self.clock.now(),
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.keep_refusal(refusal).await {
                tracing::warn!(%error, %instance_id, "cannot mark an instance");
            }
        });
    }
}
