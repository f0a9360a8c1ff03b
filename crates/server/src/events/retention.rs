//! Deleting old events, in small steps: each is a short transaction, and intake goes on between them.
//!
//! Events that wait to be delivered stay. But what waits for a subscription that is not configured any more is skipped when
//! its time is over.

use std::collections::BTreeSet;
use std::time::Duration;

use backlot_store::events::EventAge;
use backlot_store::{Store, StoreError};
use jiff::Timestamp;

use super::{EventLimits, Subscriptions};
use crate::clock::Clock;
use crate::error::Chain;

/// Events of one step.
const STEP: u32 = 200;
/// The time between two steps, for other writes.
const STEP_INTERVAL: Duration = Duration::from_millis(20);

/// Deletes events that are too old or too many.
pub(crate) async fn delete_old(
    store: &Store,
    clock: &Clock,
    limits: EventLimits,
    subscriptions: &Subscriptions,
) {
    match delete(store, clock, limits, subscriptions).await {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(deleted, "deleted old events"),
        Err(error) => tracing::warn!(error = %Chain(&error), "failed to delete old events"),
    }
}

async fn delete(
    store: &Store,
    clock: &Clock,
    limits: EventLimits,
    subscriptions: &Subscriptions,
) -> Result<u64, StoreError> {
    let now = clock.now();
    let oldest = now.checked_sub(limits.retention).unwrap_or(Timestamp::MIN);
    let too_many = match limits.keep_count {
        Some(count) => store.find_event_before_newest(count).await?,
        None => None,
    };
    let is_over = |event: &EventAge| {
        event.received_at < oldest || too_many.is_some_and(|newest| event.sequence <= newest)
    };
    let (mut after, mut deleted) = (i64::MIN, 0);
    loop {
        let mut events = store.list_event_ages(after, STEP).await?;
        let is_last = events.is_empty() || !events.iter().all(is_over);
        events.retain(is_over);
        after = events.last().map_or(after, |event| event.sequence);
        let waiting = events.iter().filter_map(|event| event.waiting.as_ref());
        let abandoned = waiting.filter(|(_, name)| subscriptions.find(name).is_none());
        let abandoned: Vec<i64> = abandoned.map(|(delivery_id, _)| *delivery_id).collect();
        if !abandoned.is_empty() {
            let skipped = store.skip_deliveries(abandoned, now).await?;
            tracing::warn!(
                skipped,
                "skipped deliveries for subscriptions that are not configured"
            );
        }
        let expired: BTreeSet<i64> = events.iter().map(|event| event.sequence).collect();
        if !expired.is_empty() {
            deleted += store.delete_events(expired.into_iter().collect()).await?;
        }
        if is_last {
            return Ok(deleted);
        }
        tokio::time::sleep(STEP_INTERVAL).await;
    }
}

/// Warns of deliveries that wait for subscriptions that are not configured.
pub(super) async fn warn_of_abandoned(store: &Store, subscriptions: &Subscriptions) {
    let totals = match store.delivery_totals().await {
        Ok(totals) => totals,
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "failed to count waiting deliveries");
            return;
        }
    };
    for total in totals {
        if total.waiting > 0 && subscriptions.find(&total.subscription).is_none() {
            tracing::warn!(
                subscription.name = total.subscription,
                waiting = total.waiting,
                "deliveries wait for a subscription that is not configured; \
                 `backlot deliveries skip --subscription NAME` ends them"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use backlot_store::events::{EventFilter, ListOrder, NewDelivery, NewEvent, UNASSIGNED};
    use backlot_store::sqlite::SqliteStore;
    use jiff::SignedDuration;

    use super::super::{EventDestination, EventPattern, SubscriptionSettings};
    use super::*;

    fn event(id: &str, subscription: Option<&str>) -> NewEvent {
        let deliveries = subscription.map(|name| NewDelivery {
            subscription: name.to_owned(),
            lane: String::new(),
            sequence: None,
        });
        NewEvent {
            instance_id: UNASSIGNED,
            source: "wix".to_owned(),
            event_id: id.to_owned(),
            event_type: "x".to_owned(),
            entity_id: None,
            entity_sequence: None,
            occurred_at: None,
            received_at: Timestamp::UNIX_EPOCH,
            identity: None,
            data: "{}".to_owned(),
            details: "{}".to_owned(),
            is_echo: false,
            deliveries: deliveries.into_iter().collect(),
            echo: None,
        }
    }

    #[tokio::test]
    async fn what_waits_for_a_subscription_stays_unless_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Sqlite(SqliteStore::open(&folder.path().join("backlot.db")).unwrap());
        let destination = EventDestination::parse("http://127.0.0.1:1/").unwrap();
        let patterns = vec![EventPattern::parse("*").unwrap()];
        let known = SubscriptionSettings::new("known".to_owned(), patterns, destination);
        let subscriptions = Subscriptions::new(vec![known]);
        let mut events = vec![event("waiting", Some("known")), event("old", Some("gone"))];
        events.extend((0..500).map(|number| event(&number.to_string(), None)));
        store.insert_events(events).await.unwrap();
        let left = async || {
            let all = store
                .list_events(EventFilter::default(), ListOrder::Oldest, 1000)
                .await;
            all.unwrap()
                .into_iter()
                .map(|it| it.event_id)
                .collect::<Vec<_>>()
        };
        let clock = Clock::standing_at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
        let limits = |hours, keep_count| EventLimits {
            retention: SignedDuration::from_hours(hours),
            keep_count,
            body_bytes: 0,
        };
        delete_old(&store, &clock, limits(2, None), &subscriptions).await;
        assert_eq!(left().await.len(), 502);
        delete_old(&store, &clock, limits(2, Some(2)), &subscriptions).await;
        assert_eq!(left().await, ["waiting", "498", "499"]);
        let again = vec![event("again", Some("gone"))];
        store.insert_events(again).await.unwrap();
        delete_old(&store, &clock, limits(0, None), &subscriptions).await;
        assert_eq!(left().await, ["waiting"]);
    }
}
