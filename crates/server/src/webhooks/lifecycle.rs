//! The ids of installations and removals, which have none. Their content is always the same, so a fingerprint of it is not
//! enough: the app may be installed on a site, removed, and installed again. And Wix may never tell of a removal, or tell
//! of it late.
//!
//! Wix repeats an event for up to 47 hours. So an event is a repetition of one with the same content that was signed less
//! than two days before or after, unless the opposite event was signed between the two. All times are Wix's: those at
//! which the tokens were signed.
//!
//! Caveat: an installation that arrives before the removal that it followed, within two days of the one before it, is
//! taken for a repetition.

use backlot_store::StoreError;
use backlot_store::events::{Event as StoredEvent, EventFilter, ListOrder};
use backlot_wix::InstanceId;
use backlot_wix::event::Event;
use jiff::{SignedDuration, Timestamp};

use super::Intake;

/// How long after an event its repetitions may be signed.
const REPETITION_PERIOD: SignedDuration = SignedDuration::from_hours(48);
/// The most installations and removals of an instance that are looked at, of each kind.
const MAX_EVENTS: u32 = 100;

impl Intake {
    /// Returns the id under which an event is stored.
    pub(super) async fn id_of(
        &self,
        event: &Event,
        signed_at: Timestamp,
    ) -> Result<String, StoreError> {
        let opposite = match event.event_type.as_str() {
            "AppInstalled" => "AppRemoved",
            "AppRemoved" => "AppInstalled",
            _ => return Ok(event.id.clone()),
        };
        let Some(instance_id) = event.instance_id.filter(|_| !event.has_own_id) else {
            return Ok(event.id.clone());
        };
        let same = self.latest(instance_id, &event.event_type).await?;
        let mut same = same
            .into_iter()
            .filter(|it| it.event_id.starts_with(&event.id));
        let Some(first) = same.next() else {
            return Ok(event.id.clone());
        };
        let opposites = self.latest(instance_id, opposite).await?;
        let opposites: Vec<Timestamp> = opposites.iter().filter_map(|it| it.occurred_at).collect();
        let repeated = std::iter::once(first)
            .chain(same)
            .find(|it| is_repetition(it, signed_at, &opposites));
        Ok(match repeated {
            Some(repeated) => repeated.event_id,
            None => format!("{}-{}", event.id, signed_at.as_second()),
        })
    }

    async fn latest(
        &self,
        instance_id: InstanceId,
        event_type: &str,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let filter = EventFilter {
            instance_id: Some(instance_id),
            event_type: Some(event_type.to_owned()),
            ..EventFilter::default()
        };
        self.store
            .list_events(filter, ListOrder::Latest, MAX_EVENTS)
            .await
    }
}

fn is_repetition(stored: &StoredEvent, signed_at: Timestamp, opposites: &[Timestamp]) -> bool {
    let Some(stored_at) = stored.occurred_at else {
        return false;
    };
    let (from, to) = (stored_at.min(signed_at), stored_at.max(signed_at));
    let is_between = |at: &Timestamp| (from..to).contains(at);
    to.duration_since(from) < REPETITION_PERIOD && !opposites.iter().any(is_between)
}
