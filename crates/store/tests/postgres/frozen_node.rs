//! A node that is frozen, or cut off, in the middle of a transaction on the queue: its locks must not stop other nodes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_store::Store;
use backlot_store::events::{
    AfterAttempt, Attempt, AttemptOutcome, ClaimLimits, NewDelivery, NewEvent,
};
use backlot_store::postgres::PostgresStore;
use backlot_wix::InstanceId;
use jiff::Timestamp;

use crate::relay::Relay;
use crate::server::Database;

const LEASE: Duration = Duration::from_secs(30);

fn event(id: &str) -> NewEvent {
    NewEvent {
        instance_id: InstanceId::from_bytes([1; 16]),
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
        echo: None,
        deliveries: vec![NewDelivery {
            subscription: "all".to_owned(),
            lane: id.to_owned(),
            sequence: None,
        }],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_node_does_not_stop_the_queue_of_others() {
    let database = Database::create().await;
    let relay = Relay::to(&database.url()).await;
    let frozen = Store::Postgres(
        PostgresStore::open(&relay.url(&database.url()))
            .await
            .unwrap(),
    );
    let other = Store::Postgres(PostgresStore::open(&database.url()).await.unwrap());
    let now = Timestamp::UNIX_EPOCH;
    frozen.insert_events(vec![event("e1")]).await.unwrap();
    let claims = frozen.advance_deliveries("all", Arc::default(), ClaimLimits::new(1), LEASE, now);
    let claimed = claims.await.unwrap().claimed.remove(0);

    // It has locked the turn of the instance when it falls silent.
    relay.fall_silent_before("WITH outcome AS");
    let outcome = AttemptOutcome {
        lease: claimed.lease,
        attempt: Attempt {
            number: 1,
            started_at: now,
            duration_ms: 1,
            status: Some(200),
            error: None,
            response: None,
        },
        next: AfterAttempt::Delivered,
    };
    let settling = tokio::spawn(async move {
        frozen
            .advance_deliveries(
                "all",
                Arc::new(vec![outcome]),
                ClaimLimits::none(),
                LEASE,
                now,
            )
            .await
    });
    relay.is_silent().await;

    let began = Instant::now();
    assert_eq!(
        other.insert_events(vec![event("e2")]).await.unwrap(),
        [true]
    );
    let later = now.checked_add(LEASE).unwrap();
    let claims =
        other.advance_deliveries("all", Arc::default(), ClaimLimits::new(10), LEASE, later);
    assert_eq!(claims.await.unwrap().claimed.len(), 2);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    settling.abort();
}
