//! The ids of events that have none. A fingerprint of the content is enough for events with a time or a version in it, but
//! the app may be installed on a site, removed, and installed again, with the same content. An installation after a
//! removal is therefore another event, and so is a removal after an installation.
//!
//! A repeated event is signed before the opposite event was received, or is not separated from the first one by it. So it
//! has the id of the first one.

use backlot_store::StoreError;
use backlot_store::events::{EventFilter, ListOrder};
use backlot_wix::event::Event;
use jiff::{SignedDuration, Timestamp};

use super::Intake;

/// Times of tokens are cut off to whole seconds.
const SIGNING_PRECISION: SignedDuration = SignedDuration::from_secs(1);

impl Intake {
    /// Returns the id under which an event is stored.
    pub(super) async fn id_of(
        &self,
        event: &Event,
        issued_at: Option<Timestamp>,
    ) -> Result<String, StoreError> {
        let opposite = match event.event_type.as_str() {
            "AppInstalled" => "AppRemoved",
            "AppRemoved" => "AppInstalled",
            _ => return Ok(event.id.clone()),
        };
        let Some(instance_id) = event.instance_id.filter(|_| !event.has_own_id) else {
            return Ok(event.id.clone());
        };
        let filter = EventFilter {
            instance_id: Some(instance_id),
            event_type: Some(opposite.to_owned()),
            until: issued_at.and_then(|at| at.checked_add(SIGNING_PRECISION).ok()),
            ..EventFilter::default()
        };
        let latest = self.store.list_events(filter, ListOrder::Latest, 1).await?;
        Ok(match latest.first() {
            Some(opposite) => format!("{}-{}", event.id, opposite.sequence),
            None => event.id.clone(),
        })
    }
}
