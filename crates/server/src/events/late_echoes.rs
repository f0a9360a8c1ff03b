//! Events that were stored before the response to the creation that has caused them.
//!
//! Caveat: a delivery that has begun cannot be taken back.

use backlot_store::echo_marks::EchoKey;
use backlot_store::events::{
    DeliveryFilter, DeliveryState, Event, EventFilter, ListOrder, NewDelivery,
};
use backlot_store::{Store, StoreError};
use backlot_wix::InstanceId;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::Subscriptions;
use super::replay::as_candidate;
use crate::clock::Clock;
use crate::echo_marks::StoredEchoes;

/// The most events among which the one of an entity is looked for: those of an instance during one call.
const MAX_EVENTS: u32 = 1000;
/// The most deliveries of one event.
const MAX_DELIVERIES: u32 = 1000;

/// Makes stored events echoes.
pub(crate) struct LateEchoes {
    pub(crate) subscriptions: Subscriptions,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

impl LateEchoes {
    async fn find_event(
        &self,
        instance_id: InstanceId,
        key: &EchoKey,
        since: Timestamp,
    ) -> Result<Option<Event>, StoreError> {
        let filter = EventFilter {
            instance_id: Some(instance_id),
            since: Some(since),
            ..EventFilter::default()
        };
        let listed = self
            .store
            .list_events(filter, ListOrder::Oldest, MAX_EVENTS);
        let of_entity = |event: &Event| event.entity_id.as_deref() == Some(key.entity_id());
        for event in listed.await?.into_iter().filter(of_entity) {
            let Some(event) = self.store.find_event(event.sequence).await? else {
                continue;
            };
            let new = as_candidate(&self.subscriptions, &event);
            if new.echo.is_some_and(|echo| echo.key == *key) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    async fn mark_event(&self, event: Event) -> Result<(), StoreError> {
        let (store, now) = (&self.store, self.clock.now());
        let new = as_candidate(&self.subscriptions, &event);
        if !store.set_event_echo(event.sequence).await? {
            return Ok(());
        }
        let of_echo = new.echo.and_then(|echo| echo.deliveries);
        let Some(of_echo) = of_echo else {
            return Ok(());
        };
        let has = |all: &[NewDelivery], name: &str| all.iter().any(|it| it.subscription == name);
        let filter = DeliveryFilter {
            event_sequence: Some(event.sequence),
            state: Some(DeliveryState::Waiting),
            ..DeliveryFilter::default()
        };
        let waiting = store.list_deliveries(filter, ListOrder::Oldest, MAX_DELIVERIES);
        let unwanted = waiting
            .await?
            .into_iter()
            .filter(|delivery| delivery.attempts == 0 && !has(&of_echo, &delivery.subscription));
        let unwanted: Vec<i64> = unwanted.map(|delivery| delivery.delivery_id).collect();
        if !unwanted.is_empty() {
            store.skip_deliveries(unwanted, now).await?;
        }
        let added = of_echo
            .into_iter()
            .filter(|delivery| !has(&new.deliveries, &delivery.subscription));
        let added: Vec<NewDelivery> = added.collect();
        if !added.is_empty() {
            let sequences = vec![event.sequence];
            store.replay_events(sequences, vec![added], now).await?;
        }
        Ok(())
    }
}

impl StoredEchoes for LateEchoes {
    fn find<'call>(
        &'call self,
        instance_id: InstanceId,
        key: &'call EchoKey,
        since: Timestamp,
    ) -> BoxFuture<'call, Result<Option<Event>, StoreError>> {
        self.find_event(instance_id, key, since).boxed()
    }

    fn mark(&self, event: Event) -> BoxFuture<'_, Result<(), StoreError>> {
        self.mark_event(event).boxed()
    }
}
