//! Storing, claiming, settling.

use std::sync::Arc;

use backlot_store::events::{AfterAttempt, ClaimLimits, DeliveryState, UNASSIGNED};
use jiff::SignedDuration;

use crate::{Queue, at, event, ids, instance, on_every_database, outcome};

on_every_database! {
    an_event_is_stored_once
    events_of_other_instances_and_sources_are_others
    of_two_equal_events_at_once_one_is_new
    a_claim_has_the_whole_event
    a_delivered_event_is_claimed_no_more
    a_failed_one_comes_back_at_its_time
    a_dead_one_does_not
    a_released_attempt_does_not_count
    a_retry_during_an_attempt_counts_from_zero
    a_lease_that_ran_out_is_claimed_again_and_the_first_outcome_is_lost
    an_extended_lease_holds
    leases_of_a_killed_server_end_where_no_other_can_hold_them
    an_outcome_counts_once
    next_due_says_when_to_come_again
    subscriptions_do_not_see_each_others_deliveries
    an_arrival_is_announced
    an_arrival_from_another_process_is_announced
}

async fn an_event_is_stored_once(queue: Queue) {
    let first = event(1, "e1", "a", 0);
    assert_eq!(queue.insert(vec![first.clone()]).await, [true]);
    assert_eq!(
        queue
            .insert(vec![first.clone(), event(1, "e2", "a", 0)])
            .await,
        [false, true]
    );
    let claimed = queue.claim(10, 1).await;
    assert_eq!(ids(&claimed), ["e1"]);
}

async fn events_of_other_instances_and_sources_are_others(queue: Queue) {
    let mut other_source = event(1, "e1", "a", 0);
    "stripe".clone_into(&mut other_source.source);
    let mut unassigned = event(1, "e1", "a", 0);
    unassigned.instance_id = UNASSIGNED;
    let events = vec![
        event(1, "e1", "a", 0),
        event(2, "e1", "a", 0),
        other_source,
        unassigned,
    ];
    assert_eq!(queue.insert(events).await, [true; 4]);
}

async fn of_two_equal_events_at_once_one_is_new(queue: Queue) {
    let same = || vec![event(1, "e1", "a", 0)];
    let (left, right) = tokio::join!(queue.insert(same()), queue.insert(same()));
    assert_eq!(u8::from(left[0]) + u8::from(right[0]), 1);
    assert_eq!(
        queue.insert([same(), same()].concat()).await,
        [false, false]
    );
    assert_eq!(
        queue
            .insert(vec![event(1, "e2", "a", 0), event(1, "e2", "a", 0)])
            .await,
        [true, false]
    );
    assert_eq!(queue.claim(10, 1).await.len(), 1);
}

async fn a_claim_has_the_whole_event(queue: Queue) {
    let mut new = event(1, "e1", "a", 5);
    new.entity_sequence = Some(7);
    new.occurred_at = Some(at(5) + SignedDuration::from_micros(123_456));
    new.identity = Some(r#"{"identityType":"APP"}"#.to_owned());
    new.is_echo = true;
    queue.insert(vec![new.clone()]).await;
    let claimed = queue.claim(10, 6).await.remove(0);
    let stored = claimed.event;
    assert_eq!(claimed.attempt, 1);
    assert_eq!(
        (claimed.lease.instance_id, claimed.lease.lane.as_str()),
        (instance(1), "a")
    );
    assert_eq!(
        (stored.source, stored.event_id, stored.event_type),
        (new.source, new.event_id, new.event_type)
    );
    assert_eq!(
        (stored.entity_id, stored.entity_sequence),
        (new.entity_id, Some(7))
    );
    assert_eq!(
        (stored.occurred_at, stored.received_at),
        (new.occurred_at, at(5))
    );
    assert_eq!(
        (stored.identity, stored.details, stored.is_echo),
        (new.identity, new.details, true)
    );
    assert_eq!(
        (stored.data_bytes, stored.data),
        (new.data.len() as u64, new.data)
    );
}

async fn a_delivered_event_is_claimed_no_more(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    assert!(queue.claim(10, 2).await.is_empty());
    queue.settle(&claimed[0], AfterAttempt::Delivered, 3).await;
    assert!(queue.claim(10, 1000).await.is_empty());
    let id = claimed[0].lease.delivery_id;
    let delivery = queue.store.find_delivery(id).await.unwrap().unwrap();
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Delivered, 1)
    );
    assert_eq!(
        (delivery.finished_at, delivery.last_status),
        (Some(at(3)), Some(200))
    );
    assert_eq!(delivery.run_at, None);
}

async fn a_failed_one_comes_back_at_its_time(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    let again = AfterAttempt::RetryAt(at(60));
    let claims = queue.settle(&claimed[0], again, 3).await;
    assert_eq!(claims.next_due, Some(at(60)));
    assert!(queue.claim(10, 59).await.is_empty());
    let second = queue.claim(10, 60).await;
    assert_eq!((ids(&second), second[0].attempt), (vec!["e1"], 2));
    let attempts = queue
        .store
        .list_attempts(second[0].lease.delivery_id)
        .await
        .unwrap();
    assert_eq!(
        (attempts.len(), attempts[0].number, attempts[0].status),
        (1, 1, Some(500))
    );
    assert_eq!(attempts[0].error.as_deref(), Some("500"));
}

async fn a_dead_one_does_not(queue: Queue) {
    queue
        .insert(vec![event(1, "e1", "a", 0), event(1, "e2", "a", 1)])
        .await;
    let claimed = queue.claim(10, 1).await;
    queue.settle(&claimed[0], AfterAttempt::Dead, 3).await;
    assert_eq!(ids(&queue.claim(10, 4).await), ["e2"]);
    let totals = queue.store.delivery_totals().await.unwrap();
    assert_eq!(
        (totals[0].waiting, totals[0].dead, totals[0].oldest_waiting),
        (1, 1, Some(at(1)))
    );
}

async fn a_released_attempt_does_not_count(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    queue.settle(&claimed[0], AfterAttempt::Released, 2).await;
    let again = queue.claim(10, 2).await;
    assert_eq!((ids(&again), again[0].attempt), (vec!["e1"], 1));
    let attempts = queue
        .store
        .list_attempts(again[0].lease.delivery_id)
        .await
        .unwrap();
    assert!(attempts.is_empty());
}

async fn a_retry_during_an_attempt_counts_from_zero(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    let id = claimed[0].lease.delivery_id;
    let retried = queue.store.retry_deliveries(vec![id], at(2)).await;
    assert_eq!(retried.unwrap(), 1);
    queue.settle(&claimed[0], AfterAttempt::Released, 3).await;
    let delivery = queue.store.find_delivery(id).await.unwrap().unwrap();
    assert_eq!(delivery.attempts, 0);
    assert_eq!(queue.claim(10, 4).await[0].attempt, 1);
}

async fn a_lease_that_ran_out_is_claimed_again_and_the_first_outcome_is_lost(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let first = queue.claim(10, 1).await;
    assert!(queue.claim(10, 30).await.is_empty());
    let second = queue.claim(10, 31).await;
    assert_eq!((ids(&second), second[0].attempt), (vec!["e1"], 2));
    assert!(second[0].lease.fence > first[0].lease.fence);
    let claims = queue.settle(&first[0], AfterAttempt::Delivered, 32).await;
    assert_eq!(claims.lost, [first[0].lease.delivery_id]);
    let claims = queue.settle(&second[0], AfterAttempt::Delivered, 33).await;
    assert!(claims.lost.is_empty());
}

async fn an_extended_lease_holds(queue: Queue) {
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    let first = queue.claim(10, 1).await;
    let leases = vec![first[0].lease.clone()];
    let extended = queue
        .store
        .extend_leases(leases.clone(), crate::LEASE, at(20));
    assert_eq!(extended.await.unwrap(), [true]);
    assert!(queue.claim(10, 49).await.is_empty());
    assert_eq!(queue.claim(10, 50).await.len(), 1);
    let extended = queue.store.extend_leases(leases, crate::LEASE, at(51));
    assert_eq!(extended.await.unwrap(), [false]);
}

async fn leases_of_a_killed_server_end_where_no_other_can_hold_them(queue: Queue) {
    queue
        .insert(vec![event(1, "e1", "a", 0), event(2, "e2", "b", 0)])
        .await;
    let first = queue.claim(1, 1).await;
    let retried = queue.claim(1, 1).await;
    let later = AfterAttempt::RetryAt(at(100));
    queue.settle(&retried[0], later, 2).await;
    let released = queue.store.release_leases("other", at(3)).await.unwrap();
    assert_eq!(released, 0);
    let released = queue.store.release_leases("all", at(3)).await.unwrap();
    let again = queue.claim(10, 3).await;
    if queue.store.connections().is_some() {
        // Another node may hold them.
        assert_eq!((released, again.len()), (0, 0));
        return;
    }
    assert_eq!((released, ids(&again)), (1, ids(&first)));
    let claims = queue.settle(&first[0], AfterAttempt::Delivered, 4).await;
    assert_eq!(claims.lost, [first[0].lease.delivery_id]);
    assert_eq!(ids(&queue.claim(10, 100).await).len(), 2);
}

async fn an_outcome_counts_once(queue: Queue) {
    queue
        .insert(vec![event(1, "e1", "a", 0), event(1, "e2", "a", 0)])
        .await;
    let claimed = queue.claim(10, 1).await;
    let delivered = || outcome(&claimed[0], AfterAttempt::Delivered, 2);
    queue.advance(vec![delivered()], 0, 2).await;
    let claims = queue.advance(vec![delivered()], 10, 3).await;
    assert_eq!((claims.lost.len(), ids(&claims.claimed)), (1, vec!["e2"]));
}

async fn next_due_says_when_to_come_again(queue: Queue) {
    assert_eq!(queue.advance(Vec::new(), 10, 0).await.next_due, None);
    queue
        .insert(vec![event(1, "e1", "a", 0), event(2, "e2", "b", 0)])
        .await;
    let claims = queue.advance(Vec::new(), 1, 1).await;
    assert_eq!((claims.claimed.len(), claims.next_due), (1, Some(at(1))));
    let claims = queue.advance(Vec::new(), 1, 2).await;
    assert_eq!((claims.claimed.len(), claims.next_due), (1, Some(at(31))));
}

async fn subscriptions_do_not_see_each_others_deliveries(queue: Queue) {
    let mut other = event(1, "e1", "a", 0);
    "other".clone_into(&mut other.deliveries[0].subscription);
    queue.insert(vec![other]).await;
    assert!(queue.claim(10, 1).await.is_empty());
    let claims = queue.store.advance_deliveries(
        "other",
        Arc::default(),
        ClaimLimits::new(10),
        crate::LEASE,
        at(1),
    );
    assert_eq!(claims.await.unwrap().claimed.len(), 1);
}

async fn an_arrival_from_another_process_is_announced(queue: Queue) {
    let other = Queue::new(&queue.place).await;
    let mut arrived = queue.store.deliveries_arrived();
    let announced = async {
        loop {
            arrived.changed().await.unwrap();
            let claimed = queue.claim(10, 1).await;
            if !claimed.is_empty() {
                break;
            }
        }
    };
    let inserted = other.insert(vec![event(1, "e1", "a", 0)]);
    let ((), inserted) = tokio::join!(announced, inserted);
    assert_eq!(inserted, [true]);
}

async fn an_arrival_is_announced(queue: Queue) {
    let mut arrived = queue.store.deliveries_arrived();
    arrived.mark_unchanged();
    queue.insert(vec![event(1, "e1", "a", 0)]).await;
    arrived.changed().await.unwrap();
}
