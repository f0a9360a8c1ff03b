//! Everybody locks in one order, so nobody waits for somebody who waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backlot_store::items::{Batch, Link, Mutation};
use backlot_store::postgres::PostgresStore;
use backlot_store::{Store, StoreError};
use backlot_wix::data::budget::{Limits, Watch};
use backlot_wix::data::{Budget, DataError, Filter};

use crate::house::{House, batch, content, definition, insert};

/// A number that looks like any other.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state % 1_000).unwrap()
}

/// Writes about few items and few unique values, so that they are in each other's way.
fn writes(state: &mut u64) -> Batch {
    let count = 1 + random(state) % 6;
    let writes = (0..count).map(|_| {
        let id = format!("i{}", random(state) % 8);
        let json = format!(
            r#"{{"u":{},"a":[{},1]}}"#,
            random(state) % 6,
            random(state) % 3
        );
        let mut item = content(&id, &json);
        if random(state).is_multiple_of(3) {
            let friends = (0..3).map(|_| format!("i{}", random(state) % 8)).collect();
            item.links = vec![("friends".to_owned(), friends)];
        }
        match random(state) % 4 {
            0 => insert(&id, &json),
            1 => Mutation::Remove { item_id: id },
            _ => Mutation::Save(item),
        }
    });
    batch(writes.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_in_each_others_way_never_deadlock() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["!u", "a"])).await;
    let store = PostgresStore::open(&house.database.url()).await.unwrap();
    let store = Store::Postgres(store);
    let tasks = (0..8_u64).map(|number| {
        let (store, of) = (store.clone(), of.clone());
        tokio::spawn(async move {
            let mut state = 0x9e37_79b9_7f4a_7c15 ^ (number + 1);
            for _ in 0..40 {
                match random(&mut state) % 12 {
                    // It is of one moment, and so may be in the way of others for too long.
                    0 => match store.delete_items(&of).await {
                        Ok(()) | Err(StoreError::Unavailable(_)) => {}
                        Err(error) => panic!("{error}"),
                    },
                    1 | 2 => {
                        let links = (0..5).map(|_| Link {
                            field: "friends".to_owned(),
                            item_id: format!("i{}", random(&mut state) % 4),
                            referenced_id: format!("i{}", random(&mut state) % 8),
                        });
                        let links = links.collect();
                        if random(&mut state).is_multiple_of(2) {
                            store.insert_links(&of, links).await.unwrap();
                        } else {
                            store.delete_links(&of, links).await.unwrap();
                        }
                    }
                    _ => {
                        store.commit(&of, writes(&mut state)).await.unwrap();
                    }
                }
            }
        })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.unwrap();
    }
    // What a connection has counted is told at its end.
    drop(store);
    let client = house.client().await;
    let counted = "SELECT deadlocks, (SELECT count(*) FROM pg_stat_activity
                                      WHERE datname = current_database() AND application_name = 'backlot')
                   FROM pg_stat_database WHERE datname = current_database()";
    drop(house.store);
    loop {
        let row = client.query_one(counted, &[]).await.unwrap();
        let (deadlocks, connected): (i64, i64) = (row.get(0), row.get(1));
        assert_eq!(deadlocks, 0);
        if connected == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// A batch takes unique keys first, and marks indexes as inexact then. An insert that did it the other way round met it
/// in a deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_locks_in_the_order_of_a_batch() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["!u", "a"])).await;
    let client = house.client().await;
    let all = "SET backlot.all_instances = 'on'; SET lock_timeout = '500ms'";
    client.batch_execute(all).await.unwrap();
    house.insert(&of, &[("before", r#"{"u":3}"#)]).await;
    // Another transaction has the unique key. It gives up waiting before PostgreSQL looks for a deadlock.
    let copy = "CREATE TEMPORARY TABLE taken AS SELECT * FROM item_unique_keys";
    client.batch_execute(copy).await.unwrap();
    let removal = Mutation::Remove {
        item_id: "before".to_owned(),
    };
    house.write(&of, vec![removal]).await[0].as_ref().unwrap();
    let take = "BEGIN; INSERT INTO item_unique_keys SELECT * FROM taken";
    client.batch_execute(take).await.unwrap();

    let store = house.store.clone();
    let inserting = tokio::spawn({
        let (store, of) = (store.clone(), of.clone());
        async move {
            let one = vec![insert("after", r#"{"u":3,"a":[1,2]}"#)];
            store.commit(&of, batch(one)).await.unwrap()
        }
    });
    let watching = house.client().await;
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watching
        .query_one(waits, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        tokio::task::yield_now().await;
    }
    let mark = "INSERT INTO inexact_indexes
                SELECT instance_id, id.index_id FROM taken, unnest($1::bigint[]) AS id(index_id)";
    let ids: Vec<i64> = of.collection.ready_indexes().map(|it| it.id).collect();
    client.execute(mark, &[&ids]).await.unwrap();
    client.batch_execute("ROLLBACK").await.unwrap();
    inserting.await.unwrap()[0].as_ref().unwrap();
}

/// Counts how often a request is looked at, and how often it is to wait for its turn.
struct Turns {
    looks: Arc<AtomicUsize>,
    waits: Arc<AtomicUsize>,
}

impl Watch for Turns {
    fn look(&self) -> Result<(), DataError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn take_turns(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }
}

/// Four patches of one item with a costly condition never ended: one held the item's lock and waited for its turn in
/// the work pool, while the others had the places and waited for the lock.
#[tokio::test]
async fn a_write_that_holds_locks_does_not_wait_for_its_turn() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    let text = "Words and numbers ".repeat(20_000);
    let json = format!(r#"{{"text":"{text}"}}"#);
    let written = house
        .store
        .commit(&of, batch(vec![insert("i", &json)]))
        .await;
    written.unwrap();
    let (looks, waits) = (Arc::<AtomicUsize>::default(), Arc::default());
    let watch = Turns {
        looks: Arc::clone(&looks),
        waits: Arc::clone(&waits),
    };
    let plenty = Limits {
        work: u64::MAX,
        memory: u64::MAX,
    };
    let term =
        |number| serde_json::json!({ "text": { "$contains": format!("nothing of {number}") } });
    let terms: Vec<_> = (0..100).map(term).collect();
    let condition = serde_json::json!({ "$or": terms });
    let mut patch = batch(vec![Mutation::Save(content("i", &json))]);
    patch.condition = Some(Filter::parse(&serde_json::from_value(condition).unwrap()).unwrap());
    patch.budget = Budget::watched(plenty, watch);
    let outcomes = house.store.commit(&of, patch).await.unwrap();
    assert!(outcomes[0].is_err());
    assert!(looks.load(Ordering::Relaxed) > 0);
    assert_eq!(waits.load(Ordering::Relaxed), 0);
}
