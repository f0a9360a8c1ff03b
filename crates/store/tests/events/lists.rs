//! Lists, by filter, in pages.

use backlot_store::events::{
    AfterAttempt, DeliveryFilter, DeliveryState, Event, EventFilter, ListOrder,
};

use crate::{Queue, at, event, instance, on_every_database};

on_every_database! {
    events_are_listed_in_both_orders
    events_are_listed_by_each_filter
    an_id_of_several_instances_is_found_of_one
    deliveries_are_listed_by_each_filter
}

/// Three events, of two instances.
async fn fill(queue: &Queue) {
    let mut other = event(2, "e3", "c", 20);
    "AppInstalled".clone_into(&mut other.event_type);
    "stripe".clone_into(&mut other.source);
    let events = vec![event(1, "e1", "a", 0), event(1, "e2", "b", 10), other];
    queue.insert(events).await;
}

async fn list(queue: &Queue, filter: EventFilter, order: ListOrder) -> Vec<String> {
    let found = queue.store.list_events(filter, order, 10).await.unwrap();
    let is_short = |it: &Event| it.data.is_empty() && it.data_bytes > 0;
    assert!(found.iter().all(is_short));
    found.into_iter().map(|it| it.event_id).collect()
}

async fn events_are_listed_in_both_orders(queue: Queue) {
    fill(&queue).await;
    let all = EventFilter::default;
    assert_eq!(
        list(&queue, all(), ListOrder::Latest).await,
        ["e3", "e2", "e1"]
    );
    assert_eq!(
        list(&queue, all(), ListOrder::Oldest).await,
        ["e1", "e2", "e3"]
    );
    let first = queue
        .store
        .list_events(all(), ListOrder::Oldest, 1)
        .await
        .unwrap();
    let found = queue.store.find_event(first[0].sequence).await.unwrap();
    assert_eq!(found.unwrap().data, r#"{"id":"a"}"#);
    assert_eq!(queue.store.find_event(-5).await.unwrap(), None);
}

async fn events_are_listed_by_each_filter(queue: Queue) {
    fill(&queue).await;
    let first = queue
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 1);
    let sequence = first.await.unwrap()[0].sequence;
    let filter = |set: &dyn Fn(&mut EventFilter)| {
        let mut filter = EventFilter::default();
        set(&mut filter);
        filter
    };
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        (filter(&|it| it.instance_id = Some(instance(1))), "e2 e1"),
        (filter(&|it| it.event_type = text("AppInstalled")), "e3"),
        (filter(&|it| it.source = text("wix")), "e2 e1"),
        (filter(&|it| it.event_id = text("e2")), "e2"),
        (
            filter(&|it| (it.event_id, it.instance_id) = (text("e2"), Some(instance(2)))),
            "",
        ),
        (
            filter(&|it| {
                (it.event_type, it.instance_id) = (text("AppInstalled"), Some(instance(1)));
            }),
            "",
        ),
        (filter(&|it| it.since = Some(at(10))), "e3 e2"),
        (filter(&|it| it.until = Some(at(10))), "e1"),
        (filter(&|it| it.after = Some(sequence)), "e3 e2"),
        (filter(&|it| it.before = Some(sequence + 1)), "e1"),
    ];
    for (filter, expected) in cases {
        let found = list(&queue, filter.clone(), ListOrder::Latest).await;
        assert_eq!(found.join(" "), expected, "{filter:?}");
    }
}

/// The limit counts what is asked for, not what other instances have under the same id.
async fn an_id_of_several_instances_is_found_of_one(queue: Queue) {
    let events = (1..=3).map(|number| event(number, "same", "a", 0));
    queue.insert(events.collect()).await;
    let filter = EventFilter {
        event_id: Some("same".to_owned()),
        instance_id: Some(instance(1)),
        ..EventFilter::default()
    };
    for order in [ListOrder::Latest, ListOrder::Oldest] {
        let found = queue.store.list_events(filter.clone(), order, 1).await;
        let found = found.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].instance_id, instance(1));
        let of_event = DeliveryFilter {
            event_sequence: Some(found[0].sequence),
            instance_id: Some(instance(2)),
            ..DeliveryFilter::default()
        };
        let others = queue.store.list_deliveries(of_event, order, 1).await;
        assert_eq!(others.unwrap(), []);
    }
}

async fn deliveries_are_listed_by_each_filter(queue: Queue) {
    queue
        .insert(vec![
            event(1, "e1", "a", 0),
            event(1, "e2", "b", 10),
            event(2, "e3", "c", 20),
        ])
        .await;
    let claimed = queue.claim(10, 21).await;
    queue.settle(&claimed[0], AfterAttempt::Dead, 22).await;
    queue.settle(&claimed[1], AfterAttempt::Delivered, 22).await;
    let (dead, delivered) = (&claimed[0].event.event_id, &claimed[1].event.event_id);
    let list = async |filter: DeliveryFilter| {
        let found = queue
            .store
            .list_deliveries(filter, ListOrder::Oldest, 10)
            .await
            .unwrap();
        found.into_iter().map(|it| it.event_id).collect::<Vec<_>>()
    };
    let all = DeliveryFilter::default;
    assert_eq!(list(all()).await, ["e1", "e2", "e3"]);
    let of_state = |state| DeliveryFilter {
        state: Some(state),
        ..all()
    };
    assert_eq!(list(of_state(DeliveryState::Dead)).await, [dead.as_str()]);
    assert_eq!(
        list(of_state(DeliveryState::Delivered)).await,
        [delivered.as_str()]
    );
    assert_eq!(list(of_state(DeliveryState::Waiting)).await.len(), 1);
    assert_eq!(
        list(DeliveryFilter {
            instance_id: Some(instance(2)),
            ..all()
        })
        .await,
        ["e3"]
    );
    assert_eq!(
        list(DeliveryFilter {
            event_id: Some("e2".to_owned()),
            ..all()
        })
        .await,
        ["e2"]
    );
    let of_event = DeliveryFilter {
        event_sequence: Some(claimed[0].event.sequence),
        ..all()
    };
    assert_eq!(list(of_event).await, [dead.as_str()]);
    assert_eq!(
        list(DeliveryFilter {
            subscription: Some("none".to_owned()),
            ..all()
        })
        .await,
        Vec::<String>::new()
    );
    let made = claimed.iter().map(|it| it.lease.delivery_id);
    let id = made.min().unwrap();
    assert_eq!(
        list(DeliveryFilter {
            after: Some(id),
            ..all()
        })
        .await
        .len(),
        2
    );
}
