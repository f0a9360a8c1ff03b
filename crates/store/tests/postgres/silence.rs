//! A network that falls silent, a server that takes no further connections, connections that are all in use: every wait
//! has an end, and nobody waits longer than need be.

use std::time::{Duration, Instant};

use backlot_store::items::{CollectionRef, ItemQuery, Link, Mutation};
use backlot_store::postgres::PostgresStore;
use backlot_store::{Store, StoreError};
use backlot_wix::data::Filter;

use crate::house::{House, batch, content, definition, insert};
use crate::private_server::PrivateServer;
use crate::relay::Relay;
use crate::server;

/// Longer than the server's own limit for a statement, and than any wait for a connection.
const LONGEST: Duration = Duration::from_secs(15);

/// A house, a relay to its server, and a store that works through the relay.
async fn relayed(connections: u32) -> (House, Relay, Store, CollectionRef) {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["a"])).await;
    house.insert(&of, &[("x", r#"{"a":1}"#)]).await;
    let relay = Relay::to(&house.database.url()).await;
    let url = relay.url(&house.database.url());
    let store = PostgresStore::open_with(&url, connections).await.unwrap();
    let store = Store::Postgres(store);
    store.find_item(&of, "x").await.unwrap().unwrap();
    (house, relay, store, of)
}

/// One call of each kind: a read, a scan, a new item, a transaction, links.
async fn call(store: &Store, of: &CollectionRef, number: usize) -> Result<(), StoreError> {
    let id = format!("n{number}");
    match number % 5 {
        0 => store.find_item(of, "x").await.map(drop),
        1 => store
            .query_items(of, ItemQuery::all(Filter::all(), 10))
            .await
            .map(drop),
        2 => {
            let write = batch(vec![insert(&id, "{}")]);
            store.commit(of, write).await.map(drop)
        }
        3 => {
            let write = batch(vec![Mutation::Save(content(&id, "{}")), insert("y", "{}")]);
            store.commit(of, write).await.map(drop)
        }
        _ => {
            let link = Link {
                field: "friends".to_owned(),
                item_id: "x".to_owned(),
                referenced_id: id,
            };
            store.insert_links(of, vec![link]).await.map(drop)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_when_the_network_falls_silent_and_served_when_it_is_back() {
    let (_house, relay, store, of) = relayed(8).await;
    // Connections that are in use when it happens, idle ones, and some that are yet to be made.
    futures_util::future::join_all((0..4).map(|number| call(&store, &of, number))).await;
    relay.fall_silent();
    let calls = (0..60).map(|number| {
        let (store, of) = (store.clone(), of.clone());
        async move {
            let began = Instant::now();
            let outcome = call(&store, &of, number).await;
            assert!(
                matches!(outcome, Err(StoreError::Unavailable(_))),
                "{outcome:?}"
            );
            began.elapsed()
        }
    });
    let slowest = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .max();
    assert!(slowest.unwrap() < LONGEST, "{slowest:?}");
    relay.recover();
    let began = Instant::now();
    for number in 100..110 {
        call(&store, &of, number).await.unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_give_up_free_their_connection_on_a_silent_network() {
    let (_house, relay, store, of) = relayed(4).await;
    relay.fall_silent();
    for number in 0..12 {
        let gives_up = tokio::time::timeout(Duration::from_millis(50), call(&store, &of, number));
        assert!(gives_up.await.is_err());
    }
    relay.recover();
    let began = Instant::now();
    // The first may still wait for one that is being given up.
    while call(&store, &of, 100).await.is_err() {
        assert!(began.elapsed() < LONGEST);
    }
    for number in 101..106 {
        call(&store, &of, number).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_while_they_were_idle_fail_nobody() {
    let (_house, relay, store, of) = relayed(8).await;
    futures_util::future::join_all((0..5).map(|number| call(&store, &of, number))).await;
    relay.fall_silent();
    relay.recover();
    // Only what was idle for a while is asked for a sign of life.
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let began = Instant::now();
    let calls = (10..20).map(|number| call(&store, &of, number));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_connection_is_not_begun_again_and_again() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    let url = house.database.url();
    let store = Store::Postgres(PostgresStore::open_with(&url, 4).await.unwrap());
    let mut other = house.client().await;
    let held = other.transaction().await.unwrap();
    held.execute("SELECT 1 FROM collections FOR UPDATE", &[])
        .await
        .unwrap();
    // Both connections for tenants' work wait for the lock.
    let waiting: Vec<_> = (0..2)
        .map(|number| {
            let (store, of) = (store.clone(), of.clone());
            tokio::spawn(async move {
                let write = batch(vec![insert(&format!("w{number}"), "{}")]);
                store.commit(&of, write).await
            })
        })
        .collect();
    let watcher = house.client().await;
    let waiters = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watcher
        .query_one(waiters, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        < 2
    {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let outcome = store.find_item(&of, "x").await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );
    held.rollback().await.unwrap();
    for write in waiting {
        write.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_server_takes_no_more_connections_one_of_ours_serves() {
    let server = PrivateServer::start(None).await;
    let url = server.url("127.0.0.1", "");
    let admin = server::connect(&url.parse().unwrap()).await;
    let role = "CREATE ROLE app LOGIN PASSWORD 'app' CONNECTION LIMIT 6;
                GRANT CREATE ON DATABASE postgres TO app";
    admin.batch_execute(role).await.unwrap();
    let (_, place) = url.rsplit_once('@').unwrap();
    let url = format!("postgres://app:app@{place}");
    let store = Store::Postgres(PostgresStore::open_with(&url, 40).await.unwrap());
    let of = crate::house::made(&store, 1, definition("c", &["a"])).await;
    let calls = (0..80).map(|number| {
        let (store, of) = (store.clone(), of.clone());
        tokio::spawn(async move { call(&store, &of, number).await })
    });
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_failed_first_in_a_transaction_is_told() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["!u"])).await;
    house.insert(&of, &[("x", r#"{"u":1}"#)]).await;
    let url = format!("{}?options=-c%20lock_timeout%3D100ms", house.database.url());
    let store = Store::Postgres(PostgresStore::open(&url).await.unwrap());
    let mut other = house.client().await;
    let held = other.transaction().await.unwrap();
    held.execute("SELECT 1 FROM items FOR UPDATE", &[])
        .await
        .unwrap();
    // The statements behind the one that fails are sent along with it, more than once so that all are prepared.
    for _ in 0..3 {
        let writes = vec![
            Mutation::Save(content("x", r#"{"u":2}"#)),
            insert("y", r#"{"u":3}"#),
        ];
        let error = store.commit(&of, batch(writes)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("55P03") && !text.contains("25P02"), "{text}");
    }
}
