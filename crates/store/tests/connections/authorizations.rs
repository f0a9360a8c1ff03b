//! Authorizations under way: each serves once, in time, and an instance has so many.

use backlot_store::Store;
use backlot_store::accounts::TakenAuthorization;

use crate::place::Place;
use crate::{at, pending};

on_every_database! {
    a_state_serves_once
    that_a_state_has_served_is_known_until_its_end
    of_all_who_come_with_a_state_one_gets_it
    what_has_ended_is_none
    an_instance_has_so_many_under_way
    at_once_there_are_not_more_than_that_either
    what_ended_is_forgotten
}

async fn a_state_serves_once(place: &Place) {
    let store = place.open().await;
    let kept = store.insert_authorization(pending(1, 1, 100), 5, at(1));
    assert!(kept.await.unwrap());
    assert!(!format!("{:?}", pending(1, 1, 100)).contains("state"));
    let another = store.take_authorization([2; 32], at(1)).await.unwrap();
    assert_eq!(another, None);
    let store = place.open().await;
    let taken = store.take_authorization([1; 32], at(99)).await.unwrap();
    assert_eq!(taken, Some(pending(1, 1, 100)));
    let again = store.take_authorization([1; 32], at(99)).await.unwrap();
    assert_eq!(again, None);
}

async fn that_a_state_has_served_is_known_until_its_end(place: &Place) {
    let store = place.open().await;
    let kept = store.insert_authorization(pending(1, 1, 100), 5, at(1));
    assert!(kept.await.unwrap());
    let taken = async |store: &Store, state, now| {
        let found = store.find_taken_authorization([state; 32], at(now));
        found.await.unwrap()
    };
    assert_eq!(taken(&store, 1, 2).await, None, "it has not served yet");
    store.take_authorization([1; 32], at(2)).await.unwrap();
    let expected = TakenAuthorization {
        instance_id: pending(1, 1, 100).instance_id,
        connection: pending(1, 1, 100).connection,
    };
    let other_node = place.open().await;
    assert_eq!(taken(&other_node, 1, 99).await, Some(expected));
    assert_eq!(taken(&store, 1, 100).await, None);
    assert_eq!(taken(&store, 2, 2).await, None);
    store.delete_expired_authorizations(at(101)).await.unwrap();
    assert_eq!(taken(&store, 1, 2).await, None);
}

async fn of_all_who_come_with_a_state_one_gets_it(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let kept = one.insert_authorization(pending(1, 1, 100), 5, at(1));
    assert!(kept.await.unwrap());
    // A state that is known is nobody else's, whatever they put behind it.
    let stolen = two.insert_authorization(pending(1, 2, 100), 5, at(1));
    assert!(!stolen.await.unwrap());
    let mut tasks = Vec::new();
    for round in 0..8 {
        let node = if round % 2 == 0 { &one } else { &two }.clone();
        tasks.push(tokio::spawn(async move {
            node.take_authorization([1; 32], at(2)).await.unwrap()
        }));
    }
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    assert_eq!(taken, [pending(1, 1, 100)]);
}

async fn what_has_ended_is_none(place: &Place) {
    let store = place.open().await;
    let kept = store.insert_authorization(pending(1, 1, 100), 5, at(1));
    assert!(kept.await.unwrap());
    let late = store.take_authorization([1; 32], at(100)).await.unwrap();
    assert_eq!(late, None);
    let after_that = store.take_authorization([1; 32], at(50)).await.unwrap();
    assert_eq!(after_that, None, "it is gone");
}

async fn an_instance_has_so_many_under_way(place: &Place) {
    let store = place.open().await;
    let keep = async |state, instance, now| {
        let pending = pending(state, instance, 100 + i64::from(state));
        store
            .insert_authorization(pending, 2, at(now))
            .await
            .unwrap()
    };
    assert!(keep(1, 1, 1).await);
    assert!(keep(2, 1, 1).await);
    assert!(!keep(3, 1, 1).await);
    assert!(keep(4, 2, 1).await, "another instance's do not count");
    assert!(keep(5, 1, 101).await, "one has ended");
    assert!(!keep(6, 1, 101).await);
    assert!(
        store
            .take_authorization([2; 32], at(1))
            .await
            .unwrap()
            .is_some()
    );
    assert!(keep(7, 1, 101).await, "one has come back");
}

async fn at_once_there_are_not_more_than_that_either(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let mut tasks = Vec::new();
    for state in 0..12 {
        let node = if state % 2 == 0 { &one } else { &two }.clone();
        tasks.push(tokio::spawn(async move {
            let kept = node.insert_authorization(pending(state, 1, 100), 3, at(1));
            kept.await.unwrap()
        }));
    }
    let mut kept = 0;
    for task in tasks {
        kept += usize::from(task.await.unwrap());
    }
    assert_eq!(kept, 3);
}

async fn what_ended_is_forgotten(place: &Place) {
    let store = place.open().await;
    for (state, instance) in [(1, 1), (2, 2), (3, 1)] {
        let pending = pending(state, instance, 100 + i64::from(state));
        assert!(store.insert_authorization(pending, 5, at(1)).await.unwrap());
    }
    store.delete_expired_authorizations(at(103)).await.unwrap();
    for (state, is_there) in [(1, false), (2, false), (3, true)] {
        let taken = store.take_authorization([state; 32], at(1)).await.unwrap();
        assert_eq!(taken.is_some(), is_there, "{state}");
    }
}
