//! Order within a lane, and turns between instances.

use std::collections::BTreeMap;

use backlot_store::events::{AfterAttempt, ClaimLimits, ClaimedDelivery};
use jiff::SignedDuration;

use crate::{Queue, at, event, ids, instance, on_every_database, outcome};

on_every_database! {
    a_lane_has_one_delivery_at_a_time_in_order
    events_that_came_out_of_order_are_delivered_in_order
    events_without_a_sequence_are_in_order_with_those_that_have_one
    a_failing_entity_holds_back_only_itself
    a_flood_of_one_instance_does_not_delay_another
    instances_take_turns
    an_instance_at_its_limit_leaves_room_for_others
    lanes_of_an_instance_at_its_limit_are_not_due
    a_skipped_head_lets_its_lane_go_on
    a_retried_dead_letter_is_due_at_once
    a_retry_does_not_cut_a_lease_short
    a_replay_makes_new_deliveries
}

async fn a_lane_has_one_delivery_at_a_time_in_order(queue: Queue) {
    let events = (0..5).map(|it| event(1, &format!("e{it}"), "a", it));
    queue.insert(events.collect()).await;
    for number in 0..5 {
        let claimed = queue.claim(10, 10 + number).await;
        assert_eq!(ids(&claimed), [format!("e{number}")]);
        assert!(queue.claim(10, 10 + number).await.is_empty());
        queue
            .settle(&claimed[0], AfterAttempt::Delivered, 10 + number)
            .await;
    }
}

async fn events_that_came_out_of_order_are_delivered_in_order(queue: Queue) {
    let numbered = |id: &str, sequence: i64| {
        let mut event = event(1, id, "a", 0);
        event.entity_sequence = Some(sequence);
        event.deliveries[0].sequence = Some(sequence);
        event
    };
    queue
        .insert(vec![
            numbered("third", 3),
            numbered("first", 1),
            numbered("second", 2),
        ])
        .await;
    let mut late = event(1, "late", "b", 1);
    late.occurred_at = Some(at(-10));
    queue.insert(vec![event(1, "early", "b", 0), late]).await;
    let mut order = Vec::new();
    for seconds in 5..8 {
        let claimed = queue.claim(10, seconds).await;
        order.extend(ids(&claimed).into_iter().map(str::to_owned));
        let outcomes = claimed
            .iter()
            .map(|it| outcome(it, AfterAttempt::Delivered, seconds));
        queue.advance(outcomes.collect(), 0, seconds).await;
    }
    let of = |names: &[&str]| {
        let own = order.iter().filter(|it| names.contains(&it.as_str()));
        own.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        of(&["first", "second", "third"]),
        ["first", "second", "third"]
    );
    assert_eq!(of(&["late", "early"]), ["late", "early"]);
}

async fn events_without_a_sequence_are_in_order_with_those_that_have_one(queue: Queue) {
    let new = |id: &str, sequence: Option<i64>, seconds: i64| {
        let mut event = event(1, id, "a", seconds);
        event.entity_sequence = sequence;
        event.deliveries[0].sequence = sequence;
        event
    };
    let mut later = new("f", None, 4);
    later.occurred_at = Some(at(4) + SignedDuration::from_micros(1));
    let all = [
        new("a", None, 0),
        new("b", None, 1),
        new("c", Some(7), 2),
        new("e", Some(9), 4),
        later,
        new("d", Some(8), 4),
        new("g", Some(10), 5),
    ];
    // In one batch, and one by one.
    queue.insert(all.to_vec()).await;
    for mut one in all {
        one.instance_id = instance(2);
        queue.insert(vec![one]).await;
    }
    let mut order = [String::new(), String::new()];
    for seconds in 10..17 {
        for claimed in queue.claim(10, seconds).await {
            let number = usize::from(claimed.lease.instance_id == instance(2));
            order[number] += &claimed.event.event_id;
            queue
                .settle(&claimed, AfterAttempt::Delivered, seconds)
                .await;
        }
    }
    assert_eq!(order, ["abcdefg", "abcdefg"]);
}

async fn a_failing_entity_holds_back_only_itself(queue: Queue) {
    queue
        .insert(vec![
            event(1, "a1", "a", 0),
            event(1, "a2", "a", 1),
            event(1, "b1", "b", 2),
        ])
        .await;
    let claimed = queue.claim(10, 3).await;
    assert_eq!(ids(&claimed), ["a1", "b1"]);
    queue
        .settle(&claimed[0], AfterAttempt::RetryAt(at(100)), 4)
        .await;
    queue.settle(&claimed[1], AfterAttempt::Delivered, 4).await;
    queue.insert(vec![event(1, "b2", "b", 5)]).await;
    assert_eq!(ids(&queue.claim(10, 6).await), ["b2"]);
    assert_eq!(ids(&queue.claim(10, 100).await), ["b2", "a1"]);
}

async fn a_flood_of_one_instance_does_not_delay_another(queue: Queue) {
    for part in 0..4 {
        let flood =
            (0..500).map(|it| event(1, &format!("{part}-{it}"), &format!("{part}-{it}"), 0));
        queue.insert(flood.collect()).await;
    }
    assert_eq!(queue.claim(4, 1).await.len(), 4);
    queue.insert(vec![event(2, "single", "x", 2)]).await;
    let mut before = 0;
    loop {
        let claimed = queue.claim(1, 2).await;
        if claimed[0].lease.instance_id == instance(2) {
            break;
        }
        before += 1;
    }
    assert!(before <= 1, "{before}");
    // In one claim of several, each instance has its share.
    queue
        .insert(
            (0..8)
                .map(|it| event(3, &format!("t{it}"), &format!("t{it}"), 3))
                .collect(),
        )
        .await;
    let claimed = queue.claim(8, 3).await;
    let own = claimed
        .iter()
        .filter(|it| it.lease.instance_id == instance(3))
        .count();
    assert_eq!((claimed.len(), own), (8, 4));
}

async fn instances_take_turns(queue: Queue) {
    for number in 1..=5 {
        let events = (0..20).map(|it| event(number, &format!("{it}"), &format!("{it}"), 0));
        queue.insert(events.collect()).await;
    }
    let mut counts = BTreeMap::new();
    for _ in 0..50 {
        for claimed in queue.claim(1, 1).await {
            *counts
                .entry(claimed.lease.instance_id.to_string())
                .or_insert(0) += 1;
        }
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [10; 5]);
}

async fn an_instance_at_its_limit_leaves_room_for_others(queue: Queue) {
    let flood = (0..20).map(|it| event(1, &format!("{it}"), &format!("{it}"), 0));
    queue.insert(flood.collect()).await;
    let limits = ClaimLimits::new(8).per_instance(6);
    let claimed = queue
        .advance_within(Vec::new(), limits.clone(), 1)
        .await
        .claimed;
    assert_eq!(claimed.len(), 6);
    let other = (0..20).map(|it| event(2, &format!("{it}"), &format!("{it}"), 0));
    queue.insert(other.collect()).await;
    let mut left = limits;
    left.set(instance(1), 1);
    let claimed = queue.advance_within(Vec::new(), left, 1).await.claimed;
    let of_first = |it: &&ClaimedDelivery| it.lease.instance_id == instance(1);
    let of_first = claimed.iter().filter(of_first).count();
    assert_eq!((claimed.len(), of_first), (7, 1));
}

async fn lanes_of_an_instance_at_its_limit_are_not_due(queue: Queue) {
    let events = (0..2).map(|it| event(1, &format!("{it}"), &format!("{it}"), 0));
    queue.insert(events.collect()).await;
    let mut limits = ClaimLimits::new(8);
    limits.set(instance(1), 0);
    let claims = queue.advance_within(Vec::new(), limits.clone(), 1).await;
    assert_eq!((claims.claimed.len(), claims.next_due), (0, None));
    // Without its limit it has its turn.
    assert_eq!(queue.claim(1, 1).await.len(), 1);
    limits.set(instance(1), 1);
    let claims = queue.advance_within(Vec::new(), limits, 1).await;
    assert_eq!(claims.claimed.len(), 1);
}

async fn a_skipped_head_lets_its_lane_go_on(queue: Queue) {
    queue
        .insert(vec![
            event(1, "a1", "a", 0),
            event(1, "a2", "a", 1),
            event(1, "a3", "a", 2),
        ])
        .await;
    let claimed = queue.claim(10, 3).await;
    let (first, all) = (
        claimed[0].lease.delivery_id,
        queue
            .store
            .list_deliveries(
                backlot_store::events::DeliveryFilter::default(),
                backlot_store::events::ListOrder::Oldest,
                10,
            )
            .await
            .unwrap(),
    );
    let second = all[1].delivery_id;
    assert_eq!(
        queue
            .store
            .skip_deliveries(vec![second], at(4))
            .await
            .unwrap(),
        1
    );
    // The first is under way, and stays so.
    assert!(queue.claim(10, 4).await.is_empty());
    assert_eq!(
        queue
            .store
            .skip_deliveries(vec![first, second], at(5))
            .await
            .unwrap(),
        1
    );
    assert_eq!(ids(&queue.claim(10, 5).await), ["a3"]);
    let claims = queue.settle(&claimed[0], AfterAttempt::Delivered, 6).await;
    assert_eq!(claims.lost, [first]);
    assert_eq!(
        queue.store.skip_deliveries(vec![-1], at(7)).await.unwrap(),
        0
    );
}

async fn a_retried_dead_letter_is_due_at_once(queue: Queue) {
    queue.insert(vec![event(1, "a1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    queue.settle(&claimed[0], AfterAttempt::Dead, 2).await;
    let id = claimed[0].lease.delivery_id;
    assert_eq!(
        queue.store.retry_deliveries(vec![id], at(3)).await.unwrap(),
        1
    );
    let again = queue.claim(10, 3).await;
    assert_eq!((ids(&again), again[0].attempt), (vec!["a1"], 1));
    queue.settle(&again[0], AfterAttempt::Delivered, 4).await;
    assert_eq!(
        queue.store.retry_deliveries(vec![id], at(5)).await.unwrap(),
        0
    );
    assert_eq!(queue.store.list_attempts(id).await.unwrap().len(), 2);
}

async fn a_retry_does_not_cut_a_lease_short(queue: Queue) {
    queue.insert(vec![event(1, "a1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await;
    let id = claimed[0].lease.delivery_id;
    queue.store.retry_deliveries(vec![id], at(2)).await.unwrap();
    assert!(queue.claim(10, 2).await.is_empty());
    queue
        .settle(&claimed[0], AfterAttempt::RetryAt(at(500)), 3)
        .await;
    queue.store.retry_deliveries(vec![id], at(4)).await.unwrap();
    assert_eq!(ids(&queue.claim(10, 4).await), ["a1"]);
}

async fn a_replay_makes_new_deliveries(queue: Queue) {
    queue.insert(vec![event(1, "a1", "a", 0)]).await;
    let claimed = queue.claim(10, 1).await.remove(0);
    queue.settle(&claimed, AfterAttempt::Delivered, 2).await;
    let sequence = claimed.event.sequence;
    let deliveries = vec![
        event(1, "a1", "a", 0).deliveries,
        event(1, "a1", "a", 0).deliveries,
    ];
    let replayed = queue
        .store
        .replay_events(vec![sequence, 999_999], deliveries, at(3));
    assert_eq!(replayed.await.unwrap(), 1);
    let again = queue.claim(10, 3).await.remove(0);
    assert_eq!(again.event.sequence, sequence);
    assert_ne!(again.lease.delivery_id, claimed.lease.delivery_id);
}
