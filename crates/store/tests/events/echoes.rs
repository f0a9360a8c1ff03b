//! Marks of writes, and the events that take them.

use backlot_store::echo_marks::{EchoKey, EchoMark};
use backlot_store::events::{EchoCandidate, EventFilter, ListOrder, NewDelivery, NewEvent};

use crate::{Queue, at, event, ids, instance, on_every_database};

on_every_database! {
    the_first_new_event_takes_a_mark
    a_repeated_event_takes_no_second_mark
    events_of_one_batch_take_one_mark_each
    marks_of_others_and_expired_ones_stay
    a_removed_mark_is_taken_by_no_event
    an_echo_has_deliveries_of_its_own
    one_of_several_nodes_takes_a_mark
    an_instance_has_so_many_marks
    marks_go_with_their_instance_and_their_time
    a_mark_is_named_later
    a_stored_event_becomes_an_echo_once
}

fn key(text: &str) -> EchoKey {
    EchoKey::parse(text).unwrap()
}

/// A mark that expires a minute after these seconds.
fn mark(number: u8, id: u8, entity: &str, seconds: i64) -> EchoMark {
    EchoMark {
        instance_id: instance(number),
        mark_id: [id; 16],
        key: key(entity),
        expires_at: at(seconds + 60),
    }
}

/// An event of a contact that may be an echo.
fn contact(number: u8, id: &str, entity: &str, seconds: i64) -> NewEvent {
    NewEvent {
        echo: Some(EchoCandidate {
            key: EchoKey::new("wix.contacts.v4.contact", entity).unwrap(),
            deliveries: None,
        }),
        ..event(number, id, entity, seconds)
    }
}

async fn insert(queue: &Queue, mark: EchoMark, seconds: i64) -> bool {
    let inserted = queue.store.insert_echo_mark(mark, 10, at(seconds));
    inserted.await.unwrap()
}

/// The ids of the events that are echoes.
async fn echoes(queue: &Queue) -> Vec<String> {
    let all = queue
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 100);
    let all = all.await.unwrap().into_iter();
    all.filter(|it| it.is_echo).map(|it| it.event_id).collect()
}

async fn the_first_new_event_takes_a_mark(queue: Queue) {
    assert!(insert(&queue, mark(1, 1, "Contact/a", 0), 0).await);
    queue.insert(vec![contact(1, "e1", "a", 1)]).await;
    queue.insert(vec![contact(1, "e2", "a", 2)]).await;
    assert_eq!(echoes(&queue).await, ["e1"]);
    let taken = queue.store.delete_echo_mark(instance(1), [1; 16]).await;
    assert!(!taken.unwrap());
    let claimed = queue.claim(10, 3).await;
    assert_eq!(ids(&claimed), ["e1"]);
    assert!(claimed[0].event.is_echo);
}

async fn a_repeated_event_takes_no_second_mark(queue: Queue) {
    insert(&queue, mark(1, 1, "contact/a", 0), 0).await;
    insert(&queue, mark(1, 2, "contact/a", 0), 0).await;
    for _ in 0..3 {
        queue.insert(vec![contact(1, "e1", "a", 1)]).await;
    }
    queue.insert(vec![contact(1, "e2", "a", 2)]).await;
    queue.insert(vec![contact(1, "e3", "a", 3)]).await;
    assert_eq!(echoes(&queue).await, ["e1", "e2"]);
}

async fn events_of_one_batch_take_one_mark_each(queue: Queue) {
    insert(&queue, mark(1, 1, "contact/a", 0), 0).await;
    insert(&queue, mark(1, 2, "contact/b", 0), 0).await;
    insert(&queue, mark(2, 3, "contact/b", 0), 0).await;
    let batch = vec![
        contact(1, "e1", "b", 1),
        contact(1, "e1", "b", 1),
        contact(1, "e2", "a", 1),
        contact(1, "e3", "a", 1),
        event(1, "e4", "a", 1),
        contact(2, "e5", "b", 1),
    ];
    let are_new = queue.insert(batch).await;
    assert_eq!(are_new, [true, false, true, true, true, true]);
    assert_eq!(echoes(&queue).await, ["e1", "e2", "e5"]);
}

async fn marks_of_others_and_expired_ones_stay(queue: Queue) {
    insert(&queue, mark(2, 1, "contact/a", 0), 0).await;
    insert(&queue, mark(1, 2, "order/a", 0), 0).await;
    insert(&queue, mark(1, 3, "contact/A", 0), 0).await;
    insert(&queue, mark(1, 4, "contact/b", 0), 0).await;
    let batch = vec![contact(1, "e1", "a", 1), contact(1, "e2", "b", 60)];
    queue.insert(batch).await;
    assert_eq!(echoes(&queue).await, [""; 0]);
}

async fn a_removed_mark_is_taken_by_no_event(queue: Queue) {
    insert(&queue, mark(1, 1, "contact/a", 0), 0).await;
    let removed = queue.store.delete_echo_mark(instance(1), [1; 16]).await;
    assert!(removed.unwrap());
    queue.insert(vec![contact(1, "e1", "a", 1)]).await;
    assert_eq!(echoes(&queue).await, [""; 0]);
}

async fn an_echo_has_deliveries_of_its_own(queue: Queue) {
    insert(&queue, mark(1, 1, "contact/a", 0), 0).await;
    insert(&queue, mark(1, 2, "contact/b", 0), 0).await;
    let mut silent = contact(1, "e1", "a", 1);
    silent.echo.as_mut().unwrap().deliveries = Some(Vec::new());
    let mut other = contact(1, "e2", "b", 1);
    other.echo.as_mut().unwrap().deliveries = Some(vec![NewDelivery {
        subscription: "all".to_owned(),
        lane: "of echoes".to_owned(),
        sequence: None,
    }]);
    let mut original = contact(1, "e3", "c", 1);
    original.echo.as_mut().unwrap().deliveries = Some(Vec::new());
    queue.insert(vec![silent, other, original]).await;
    let mut claimed = queue.claim(10, 2).await;
    claimed.sort_by_key(|it| it.lease.delivery_id);
    assert_eq!(ids(&claimed), ["e2", "e3"]);
    assert_eq!(claimed[0].lease.lane, "of echoes");
}

async fn one_of_several_nodes_takes_a_mark(queue: Queue) {
    let mut nodes = vec![queue.store.clone()];
    for _ in 0..2 {
        nodes.push(queue.place.open().await);
    }
    for number in 1..=5 {
        insert(&queue, mark(1, number, "contact/a", 0), 0).await;
        insert(&queue, mark(1, 100 + number, "contact/b", 0), 0).await;
    }
    let inserts = (0..30).map(|number| {
        let node = nodes[number % 3].clone();
        let (one, two) = if number % 2 == 0 {
            ("a", "b")
        } else {
            ("b", "a")
        };
        let batch = vec![
            contact(1, &format!("e{number}-1"), one, 1),
            contact(1, &format!("e{number}-2"), two, 1),
        ];
        tokio::spawn(async move { node.insert_events(batch).await.unwrap() })
    });
    for task in inserts.collect::<Vec<_>>() {
        assert_eq!(task.await.unwrap(), [true, true]);
    }
    assert_eq!(echoes(&queue).await.len(), 10);
}

async fn an_instance_has_so_many_marks(queue: Queue) {
    for number in 1..=10 {
        assert!(insert(&queue, mark(1, number, "contact/a", 0), 0).await);
    }
    assert!(!insert(&queue, mark(1, 11, "contact/a", 0), 59).await);
    assert!(insert(&queue, mark(2, 12, "contact/a", 0), 59).await);
    assert!(insert(&queue, mark(1, 13, "contact/a", 60), 60).await);
}

async fn marks_go_with_their_instance_and_their_time(queue: Queue) {
    insert(&queue, mark(1, 1, "contact/a", 0), 0).await;
    insert(&queue, mark(2, 2, "contact/a", 0), 0).await;
    insert(&queue, mark(2, 3, "contact/a", 5), 5).await;
    queue.store.delete_instance(instance(1)).await.unwrap();
    let store = &queue.store;
    assert_eq!(store.delete_expired_echo_marks(at(60)).await.unwrap(), 1);
    assert_eq!(store.delete_expired_echo_marks(at(90)).await.unwrap(), 1);
}

async fn a_mark_is_named_later(queue: Queue) {
    let mut unknown = mark(1, 1, "contact/a", 0);
    unknown.key = EchoKey::of_unknown("wix.contacts.v4.Contact").unwrap();
    assert_eq!(
        (unknown.key.kind(), unknown.key.entity_id()),
        ("contact", "")
    );
    assert!(insert(&queue, unknown, 0).await);
    queue.insert(vec![contact(1, "e1", "a", 1)]).await;
    let (store, key) = (&queue.store, key("contact/a"));
    let named = store.name_echo_mark(instance(1), [1; 16], &key, at(70));
    assert!(named.await.unwrap());
    queue.insert(vec![contact(1, "e2", "a", 65)]).await;
    assert_eq!(echoes(&queue).await, ["e2"]);
    let named = store.name_echo_mark(instance(1), [1; 16], &key, at(70));
    assert!(!named.await.unwrap(), "an event has taken it");
}

async fn a_stored_event_becomes_an_echo_once(queue: Queue) {
    queue.insert(vec![contact(1, "e1", "a", 1)]).await;
    let all = EventFilter::default();
    let stored = queue
        .store
        .list_events(all, ListOrder::Oldest, 1)
        .await
        .unwrap();
    for is_changed in [true, false] {
        let changed = queue.store.set_event_echo(stored[0].sequence).await;
        assert_eq!(changed.unwrap(), is_changed);
    }
    assert_eq!(echoes(&queue).await, ["e1"]);
}
