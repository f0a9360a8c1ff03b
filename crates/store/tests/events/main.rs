//! Events and deliveries, on every database.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod echoes;
mod interleavings;
mod lanes;
mod links;
mod lists;
mod queue;
mod retention;

#[path = "../place/mod.rs"]
mod place;

use std::sync::Arc;
use std::time::Duration;

use backlot_store::Store;
use backlot_store::events::{
    AfterAttempt, Attempt, AttemptOutcome, ClaimLimits, ClaimedDelivery, Claims, NewDelivery,
    NewEvent,
};
use backlot_wix::InstanceId;
use jiff::Timestamp;

/// Each of these on every database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::Queue::new(&crate::place::Place::folder().into()).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::Queue::new(&crate::place::Place::database().await.into()).await).await;
            })*
        }
    };
}
pub(crate) use on_every_database;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn instance(number: u8) -> InstanceId {
    InstanceId::from_bytes([number; 16])
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + seconds).unwrap()
}

/// An event of an entity, for the subscription `all`.
pub(crate) fn event(number: u8, id: &str, entity: &str, seconds: i64) -> NewEvent {
    NewEvent {
        instance_id: instance(number),
        source: "wix".to_owned(),
        event_id: id.to_owned(),
        event_type: "wix.contacts.v4.contact_updated".to_owned(),
        entity_id: Some(entity.to_owned()),
        entity_sequence: None,
        occurred_at: Some(at(seconds)),
        received_at: at(seconds),
        identity: None,
        data: format!(r#"{{"id":"{entity}"}}"#),
        details: "{}".to_owned(),
        is_echo: false,
        deliveries: vec![NewDelivery {
            subscription: "all".to_owned(),
            lane: entity.to_owned(),
            sequence: None,
        }],
        echo: None,
    }
}

/// A store, and short words for what tests do with it.
pub(crate) struct Queue {
    pub(crate) place: Arc<place::Place>,
    pub(crate) store: Store,
}

impl Queue {
    pub(crate) async fn new(place: &Arc<place::Place>) -> Self {
        Self {
            store: place.open().await,
            place: Arc::clone(place),
        }
    }

    pub(crate) async fn insert(&self, events: Vec<NewEvent>) -> Vec<bool> {
        self.store.insert_events(events).await.unwrap()
    }

    pub(crate) async fn claim(&self, most: u32, seconds: i64) -> Vec<ClaimedDelivery> {
        self.advance(Vec::new(), most, seconds).await.claimed
    }

    pub(crate) async fn advance(
        &self,
        outcomes: Vec<AttemptOutcome>,
        most: u32,
        seconds: i64,
    ) -> Claims {
        self.advance_within(outcomes, ClaimLimits::new(most), seconds)
            .await
    }

    pub(crate) async fn advance_within(
        &self,
        outcomes: Vec<AttemptOutcome>,
        limits: ClaimLimits,
        seconds: i64,
    ) -> Claims {
        let (store, outcomes) = (&self.store, Arc::new(outcomes));
        let advanced = store.advance_deliveries("all", outcomes, limits, LEASE, at(seconds));
        advanced.await.unwrap()
    }

    pub(crate) async fn settle(
        &self,
        claimed: &ClaimedDelivery,
        next: AfterAttempt,
        seconds: i64,
    ) -> Claims {
        self.advance(vec![outcome(claimed, next, seconds)], 0, seconds)
            .await
    }
}

pub(crate) fn outcome(
    claimed: &ClaimedDelivery,
    next: AfterAttempt,
    seconds: i64,
) -> AttemptOutcome {
    let is_delivered = next == AfterAttempt::Delivered;
    AttemptOutcome {
        lease: claimed.lease.clone(),
        attempt: Attempt {
            number: claimed.attempt,
            started_at: at(seconds),
            duration_ms: 12,
            status: Some(if is_delivered { 200 } else { 500 }),
            error: (!is_delivered).then(|| "500".to_owned()),
            response: Some("ok".to_owned()),
        },
        next,
    }
}

pub(crate) fn ids(claimed: &[ClaimedDelivery]) -> Vec<&str> {
    claimed
        .iter()
        .map(|it| it.event.event_id.as_str())
        .collect()
}
