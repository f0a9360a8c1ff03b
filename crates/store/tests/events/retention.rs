//! Deleting old events, and what belongs to a deleted instance.

use backlot_store::events::{AfterAttempt, DeliveryFilter, EventFilter, ListOrder};

use crate::{Queue, at, event, instance, on_every_database};

on_every_database! {
    waiting_events_are_not_deleted
    the_newest_are_counted
    a_deleted_instance_leaves_nothing
}

async fn events(queue: &Queue) -> Vec<String> {
    let found = queue
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 100)
        .await;
    found.unwrap().into_iter().map(|it| it.event_id).collect()
}

async fn waiting_events_are_not_deleted(queue: Queue) {
    let all = ["e1", "e2", "e3"].map(|id| event(1, id, id, 0));
    queue.insert(all.to_vec()).await;
    for claimed in queue.claim(10, 2).await {
        if claimed.event.event_id != "e2" {
            queue.settle(&claimed, AfterAttempt::Delivered, 3).await;
        }
    }
    let (store, mut ages) = (&queue.store, Vec::new());
    let mut after = i64::MIN;
    // Page by page.
    loop {
        let page = store.list_event_ages(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.sequence;
        ages.extend(page);
    }
    let waiting: Vec<_> = ages.iter().map(|it| it.waiting.clone()).collect();
    let of_e2 = Some((waiting[1].clone().unwrap().0, "all".to_owned()));
    assert_eq!(waiting, [None, of_e2, None]);
    assert!(ages.iter().all(|it| it.received_at == at(0)));
    let sequences: Vec<i64> = ages.iter().map(|it| it.sequence).collect();
    assert_eq!(store.delete_events(sequences.clone()).await.unwrap(), 2);
    assert_eq!(store.delete_events(sequences).await.unwrap(), 0);
    assert_eq!(events(&queue).await, ["e2"]);
    let left = store.list_deliveries(DeliveryFilter::default(), ListOrder::Oldest, 10);
    assert_eq!(left.await.unwrap().len(), 1);
}

async fn the_newest_are_counted(queue: Queue) {
    let all = (0..10).map(|it| event(1, &format!("e{it}"), "a", 0));
    queue.insert(all.collect()).await;
    let store = &queue.store;
    let ages = store.list_event_ages(i64::MIN, 100).await.unwrap();
    for (count, expected) in [
        (0, Some(9)),
        (4, Some(5)),
        (9, Some(0)),
        (10, None),
        (40, None),
    ] {
        let found = store.find_event_before_newest(count).await.unwrap();
        let expected = expected.map(|it: usize| ages[it].sequence);
        assert_eq!(found, expected, "{count}");
    }
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
