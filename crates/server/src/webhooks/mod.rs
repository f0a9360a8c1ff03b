//! Webhooks: what others send is verified, and stored before it is acknowledged.
//!
//! - [`wix`]: Wix's own, whose body is signed with the app's key
//! - [`Intake`]: storing events with their deliveries, whatever their source

mod lifecycle;
mod wix;

use std::sync::Arc;

use backlot_store::Store;
use backlot_store::events::{NewEvent, UNASSIGNED};
use backlot_wix::jwt::PublicKey;

use crate::clock::Clock;
use crate::echo_marks::EchoMarks;
use crate::error::ApiError;
use crate::events::{LaneKey, Subscriptions};
use crate::instances::activity::InstanceActivity;
use crate::telemetry::metrics::Metrics;

/// Verifies and stores what others send.
pub(crate) struct Intake {
    /// The app's public keys. Empty: webhooks of Wix are refused.
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) activity: Arc<InstanceActivity>,
    pub(crate) echo_marks: EchoMarks,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
}

impl Intake {
    /// Stores events of a webhook source with their deliveries, all of them or none. They are on disk when this returns.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer or has no room: the source has to send the events again.
    pub(crate) async fn store_of_source(&self, mut events: Vec<NewEvent>) -> Result<(), ApiError> {
        let mut sources = Vec::with_capacity(events.len());
        for event in &mut events {
            let source = event.source.clone();
            let entity_id = event.entity_id.clone();
            let key = entity_id
                .as_deref()
                .map_or(LaneKey::Nothing, |id| LaneKey::Entity { kind: &source, id });
            self.subscriptions.add_deliveries(event, key);
            sources.push(source);
        }
        self.echo_marks.wait_for_creations(&events).await;
        let are_new = self.store.insert_events(events).await?;
        for (source, is_new) in sources.iter().zip(are_new) {
            self.metrics.events.received(source, is_new);
        }
        Ok(())
    }

    /// Stores an event with its deliveries. It is on disk when this returns. An event that was stored before stays as it
    /// is.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer or has no room: the source has to send the event again.
    pub(crate) async fn store(
        &self,
        mut event: NewEvent,
        key: LaneKey<'_>,
    ) -> Result<(), ApiError> {
        self.subscriptions.add_deliveries(&mut event, key);
        let (source, instance_id, now) =
            (event.source.clone(), event.instance_id, event.received_at);
        let events = vec![event];
        self.echo_marks.wait_for_creations(&events).await;
        let is_new = self.store.insert_events(events).await?;
        let is_new = is_new.first().copied().unwrap_or_default();
        self.metrics.events.received(&source, is_new);
        if instance_id != UNASSIGNED {
            self.activity.note_event(instance_id, now);
        }
        Ok(())
    }
}
