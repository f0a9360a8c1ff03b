//! Several nodes, and a server that goes away.

use backlot_store::postgres::PostgresStore;
use backlot_store::{Store, StoreError};

use crate::house::{House, batch, definition, insert, instance_id, of};
use crate::server::Database;

#[tokio::test]
async fn many_nodes_that_start_at_once_make_the_tables_once() {
    let database = Database::create().await;
    let url = database.url();
    let opened = futures_util::future::join_all((0..6).map(|_| PostgresStore::open(&url))).await;
    let stores: Vec<Store> = opened
        .into_iter()
        .map(|it| Store::Postgres(it.unwrap()))
        .collect();
    let declare = |store: &Store| {
        let store = store.clone();
        async move {
            store
                .declare_collections(vec![definition("c", &["a"])], false)
                .await
        }
    };
    for outcome in futures_util::future::join_all(stores.iter().map(declare)).await {
        outcome.unwrap();
    }
    let declared = stores[0].list_declared_collections().await.unwrap();
    assert_eq!((declared.len(), declared[0].revision), (1, 1));
}

#[tokio::test]
async fn a_database_from_the_future_is_left_alone() {
    let house = House::new().await;
    let client = house.client().await;
    client
        .batch_execute("INSERT INTO migrations VALUES (9999)")
        .await
        .unwrap();
    let opened = PostgresStore::open(&house.database.url()).await;
    assert!(matches!(
        opened,
        Err(StoreError::TooNew { found: 9999, .. })
    ));
}

#[tokio::test]
async fn connections_that_were_cut_are_made_anew() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["a"])).await;
    house.insert(&of, &[("x", r#"{"a":1}"#)]).await;
    let client = house.client().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for round in 0..5 {
        let ended: i64 = client.query_one(cut, &[]).await.unwrap().get(0);
        assert!(ended > 0);
        // What reads is asked again on a new connection.
        assert!(house.store.find_item(&of, "x").await.unwrap().is_some());
        assert_eq!(house.ids(&of, r#"{"a":1}"#).await, ["x"]);
        client.query_one(cut, &[]).await.unwrap();
        // A write may say that it does not know; the next one is done.
        let first = house
            .store
            .commit(&of, batch(vec![insert(&format!("a{round}"), "{}")]))
            .await;
        if let Err(error) = first {
            assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        }
        let again = house
            .write(&of, vec![insert(&format!("b{round}"), "{}")])
            .await;
        assert!(again[0].is_ok());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_password() {
    let url = "postgres://me:secret@127.0.0.1:1/shop";
    let error = PostgresStore::open(url).await.err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("me@127.0.0.1:1/shop") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn whoever_gives_up_leaves_no_lock_behind() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    house.insert(&of, &[("x", "{}")]).await;
    let client = house.client().await;
    client
        .batch_execute("BEGIN; SELECT 1 FROM items FOR UPDATE")
        .await
        .unwrap();
    let save = || backlot_store::items::Mutation::Save(crate::house::content("x", r#"{"a":1}"#));
    let waiting = house.store.commit(&of, batch(vec![save()]));
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(200), waiting).await;
    assert!(given_up.is_err());
    client.batch_execute("ROLLBACK").await.unwrap();
    assert!(house.write(&of, vec![save()]).await[0].is_ok());
    let open: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(open, 0);
}

#[tokio::test]
async fn a_new_definition_waits_for_writers_and_its_keys_miss_nobody() {
    let house = House::new().await;
    let before = definition("c", &[]);
    house
        .store
        .declare_collections(vec![before], false)
        .await
        .unwrap();
    let declared = house
        .store
        .list_declared_collections()
        .await
        .unwrap()
        .swap_remove(0);
    let writers = (0..8).map(|writer| {
        let (store, mut of) = (
            house.store.clone(),
            of(writer % 2 + 1, declared.clone(), true),
        );
        async move {
            for number in 0..25 {
                let id = format!("{writer}-{number}");
                loop {
                    let write = insert(&id, r#"{"a":1}"#);
                    match store.commit(&of, batch(vec![write])).await {
                        Err(StoreError::Outdated) => {
                            let fresh = store
                                .list_declared_collections()
                                .await
                                .unwrap()
                                .swap_remove(0);
                            of = crate::house::of(writer % 2 + 1, fresh, true);
                        }
                        outcome => break outcome.unwrap()[0].as_ref().map(drop).unwrap(),
                    }
                }
            }
        }
    });
    let change = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        house
            .store
            .declare_collections(vec![definition("c", &["a"])], false)
            .await
            .unwrap();
    };
    tokio::join!(futures_util::future::join_all(writers), change);
    let now = house
        .store
        .list_declared_collections()
        .await
        .unwrap()
        .swap_remove(0);
    assert_eq!(now.revision, 2);
    for instance in [1, 2] {
        let of = of(instance, now.clone(), true);
        assert_eq!(
            house.ids(&of, r#"{"a":1}"#).await.len(),
            100,
            "{}",
            instance_id(instance)
        );
    }
}
