//! Deleting old events, and what belongs to a deleted instance.

use backlot_store::events::{AfterAttempt, DeliveryFilter, EventFilter, ListOrder};

use crate::{Queue, at, event, instance, on_every_database};

on_every_database! {
    old_events_go_and_waiting_ones_stay
    only_the_newest_stay
    a_deleted_instance_leaves_nothing
}

async fn events(queue: &Queue) -> Vec<String> {
    let found = queue
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 100)
        .await;
    found.unwrap().into_iter().map(|it| it.event_id).collect()
}

async fn old_events_go_and_waiting_ones_stay(queue: Queue) {
    queue
        .insert(vec![
            event(1, "e1", "a", 0),
            event(1, "e2", "b", 1),
            event(1, "e3", "c", 50),
        ])
        .await;
    for claimed in queue.claim(10, 2).await {
        if claimed.event.event_id != "e2" {
            queue.settle(&claimed, AfterAttempt::Delivered, 3).await;
        }
    }
    assert_eq!(
        queue.store.delete_events(at(10), None, 100).await.unwrap(),
        1
    );
    assert_eq!(events(&queue).await, ["e2", "e3"]);
    assert_eq!(
        queue.store.delete_events(at(10), None, 100).await.unwrap(),
        0
    );
    let left = queue
        .store
        .list_deliveries(DeliveryFilter::default(), ListOrder::Oldest, 10);
    assert_eq!(left.await.unwrap().len(), 2);
}

async fn only_the_newest_stay(queue: Queue) {
    let mut all: Vec<_> = (0..10)
        .map(|it| event(1, &format!("e{it}"), "a", 0))
        .collect();
    for event in &mut all {
        event.deliveries.clear();
    }
    queue.insert(all).await;
    assert_eq!(
        queue.store.delete_events(at(-5), Some(4), 2).await.unwrap(),
        2
    );
    assert_eq!(
        queue
            .store
            .delete_events(at(-5), Some(4), 100)
            .await
            .unwrap(),
        4
    );
    assert_eq!(events(&queue).await, ["e6", "e7", "e8", "e9"]);
    assert_eq!(
        queue
            .store
            .delete_events(at(-5), Some(40), 100)
            .await
            .unwrap(),
        0
    );
}

async fn a_deleted_instance_leaves_nothing(queue: Queue) {
    queue
        .insert(vec![event(1, "e1", "a", 0), event(2, "e2", "b", 1)])
        .await;
    let claimed = queue.claim(1, 2).await;
    queue
        .settle(&claimed[0], AfterAttempt::RetryAt(at(5)), 3)
        .await;
    queue.store.delete_instance(instance(1)).await.unwrap();
    assert_eq!(events(&queue).await, ["e2"]);
    let claimed = queue.claim(10, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].lease.instance_id, instance(2));
}
