//! Usage adds up, by instance, month and connection.

use backlot_store::connection_usage::ConnectionUsage;

use crate::place::Place;
use crate::{instance_id, used};

on_every_database! {
    usage_adds_up_and_is_read_by_month
    totals_come_most_calls_first
    nodes_that_add_at_once_lose_nothing
}

async fn usage_adds_up_and_is_read_by_month(place: &Place) {
    let store = place.open().await;
    let id = instance_id(1);
    store.add_connection_usage(Vec::new()).await.unwrap();
    assert_eq!(store.list_connection_usage(id, None).await.unwrap(), []);
    assert_eq!(
        store
            .count_connection_calls(id, "mail", 202_611)
            .await
            .unwrap(),
        0
    );
    // The same twice in one batch, and again in the next.
    let batch = vec![
        used(1, "mail", 202_611, 4),
        used(1, "crm", 202_611, 2),
        used(1, "mail", 202_611, 6),
        used(1, "mail", 202_612, 1),
        used(2, "mail", 202_611, 50),
    ];
    store.add_connection_usage(batch).await.unwrap();
    let late = vec![used(1, "mail", 202_611, 10)];
    place.open().await.add_connection_usage(late).await.unwrap();
    let of_november = [used(1, "crm", 202_611, 2), used(1, "mail", 202_611, 20)];
    let found = store
        .list_connection_usage(id, Some(202_611))
        .await
        .unwrap();
    assert_eq!(found, of_november);
    let [crm, mail] = of_november;
    let found = store.list_connection_usage(id, None).await.unwrap();
    assert_eq!(found, [crm, mail, used(1, "mail", 202_612, 1)]);
    let calls = store
        .count_connection_calls(id, "mail", 202_611)
        .await
        .unwrap();
    assert_eq!(calls, 20);
    assert_eq!(
        store
            .count_connection_calls(id, "a\0b", 202_611)
            .await
            .unwrap(),
        0
    );
}

async fn totals_come_most_calls_first(place: &Place) {
    let store = place.open().await;
    let batch = vec![
        used(1, "mail", 202_611, 5),
        used(2, "mail", 202_611, 9),
        used(2, "crm", 202_611, 5),
        used(3, "mail", 202_610, 99),
    ];
    store.add_connection_usage(batch).await.unwrap();
    let all = [
        used(2, "mail", 202_611, 9),
        used(1, "mail", 202_611, 5),
        used(2, "crm", 202_611, 5),
    ];
    let found = store.list_connection_totals(202_611, 9).await.unwrap();
    assert_eq!(found, all);
    let found = store.list_connection_totals(202_611, 2).await.unwrap();
    assert_eq!(found, all[..2]);
    assert_eq!(store.list_connection_totals(202_609, 9).await.unwrap(), []);
}

async fn nodes_that_add_at_once_lose_nothing(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let mut tasks = Vec::new();
    for round in 0..10 {
        let node = if round % 2 == 0 { &one } else { &two }.clone();
        let mut batch: Vec<ConnectionUsage> = (1..=20)
            .flat_map(|id| ["mail", "crm"].map(|name| used(id, name, 202_611, 2)))
            .collect();
        if round % 2 == 0 {
            batch.reverse();
        }
        tasks.push(tokio::spawn(async move {
            node.add_connection_usage(batch).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for id in 1..=20 {
        let found = one
            .list_connection_usage(instance_id(id), None)
            .await
            .unwrap();
        let expected = ["crm", "mail"].map(|name| used(id, name, 202_611, 20));
        assert_eq!(found, expected);
    }
}
