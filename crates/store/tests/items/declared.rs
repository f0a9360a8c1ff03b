//! Collections that the configuration declares: every instance has them.

use backlot_store::{Store, StoreError};
use backlot_wix::data::{DataCode, DataError};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, batch, definition, insert, instance, or_rejection};

on_every_database! {
    every_instance_has_what_is_declared_and_its_own_items_in_it
    what_is_declared_goes_before_an_instances_own
    what_did_not_change_keeps_its_revision
    items_stay_out_of_reach_until_their_collection_is_declared_again
    what_must_be_unique_is_so_in_each_instance_by_itself
    a_trial_says_what_would_be_refused_and_changes_nothing
}

async fn declare(store: &Store, all: &[Json]) -> Result<(), DataError> {
    let all = all.iter().map(definition).collect();
    or_rejection(store.declare_collections(all, false).await)
}

fn indexed(unique: bool) -> Json {
    json!({
        "indexes": [{ "name": "i", "fields": [{ "path": "a" }] }],
        "fields": [{ "key": "u", "type": "ANY", "unique": unique }],
    })
}

async fn every_instance_has_what_is_declared_and_its_own_items_in_it(place: &Place) {
    let store = place.open().await;
    declare(&store, &[indexed(true)]).await.unwrap();
    for number in [1, 2] {
        let table = Table::open(&store, number, "c").await;
        assert!(table.of.collection.declared);
        let mine = json!({ "_id": "1", "a": number, "u": "same" });
        table.insert_all(&[mine]).await;
    }
    let table = Table::open(&store, 1, "c").await;
    assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1"]);
    assert_eq!(table.matching(&json!({ "a": 2 })).await, [""; 0]);
    store.delete_items(&table.of).await.unwrap();
    let other = Table::open(&store, 2, "c").await;
    assert_eq!(other.matching(&json!({ "u": "same" })).await, ["1"]);
}

async fn what_is_declared_goes_before_an_instances_own(place: &Place) {
    let store = place.open().await;
    Table::create(&store, 1, &json!({ "displayName": "own" })).await;
    declare(&store, &[json!({ "displayName": "declared" })])
        .await
        .unwrap();
    let found = store
        .find_collection(instance(1), "c")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.definition.display_name.as_deref(), Some("declared"));
    let listed = store.list_collections(instance(1)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].declared);
    let taken = store
        .insert_collection(instance(2), definition(&json!({})))
        .await;
    assert_eq!(
        or_rejection(taken).unwrap_err().code(),
        DataCode::CollectionExists
    );
}

async fn what_did_not_change_keeps_its_revision(place: &Place) {
    let store = place.open().await;
    declare(&store, &[indexed(false)]).await.unwrap();
    let table = Table::open(&store, 1, "c").await;
    declare(&store, &[indexed(false), json!({ "id": "other" })])
        .await
        .unwrap();
    table
        .insert_all(&[json!({ "_id": "1", "a": 1, "u": 1 })])
        .await;
    declare(&store, &[indexed(true)]).await.unwrap();
    let late = store
        .commit(&table.of, batch(vec![insert(&json!({ "_id": "2" }))]))
        .await;
    assert!(matches!(late, Err(StoreError::Outdated)));
    let table = Table::open(&store, 1, "c").await;
    let again = table.refused(insert(&json!({ "_id": "2", "u": 1 }))).await;
    assert_eq!(again, DataCode::UniqueViolated);
}

async fn items_stay_out_of_reach_until_their_collection_is_declared_again(place: &Place) {
    let store = place.open().await;
    declare(&store, &[json!({})]).await.unwrap();
    let table = Table::open(&store, 1, "c").await;
    table
        .insert_all(&[
            json!({ "_id": "1", "a": 1 }),
            json!({ "_id": "2", "a": [1] }),
        ])
        .await;
    declare(&store, &[]).await.unwrap();
    assert!(
        store
            .find_collection(instance(1), "c")
            .await
            .unwrap()
            .is_none()
    );
    let late = store
        .commit(&table.of, batch(vec![insert(&json!({ "_id": "3" }))]))
        .await;
    assert!(matches!(late, Err(StoreError::Outdated)));
    declare(&store, &[indexed(true)]).await.unwrap();
    let table = Table::open(&store, 1, "c").await;
    assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1", "2"]);
}

async fn what_must_be_unique_is_so_in_each_instance_by_itself(place: &Place) {
    let store = place.open().await;
    declare(&store, &[json!({})]).await.unwrap();
    for number in [1, 2, 3] {
        let table = Table::open(&store, number, "c").await;
        table.insert_all(&[json!({ "_id": "1", "u": 1 })]).await;
    }
    declare(&store, &[indexed(true)]).await.unwrap();
    declare(&store, &[json!({})]).await.unwrap();
    let table = Table::open(&store, 3, "c").await;
    table.insert_all(&[json!({ "_id": "2", "u": 1 })]).await;
    let fault = declare(&store, &[indexed(true)]).await.unwrap_err();
    assert_eq!(fault.code(), DataCode::UniqueViolated);
    assert_eq!(fault.data()["instanceId"], json!(instance(3).to_string()));
    table.insert_all(&[json!({ "_id": "3", "u": 1 })]).await;
}

async fn a_trial_says_what_would_be_refused_and_changes_nothing(place: &Place) {
    let store = place.open().await;
    declare(&store, &[json!({})]).await.unwrap();
    let table = Table::open(&store, 1, "c").await;
    table.insert_all(&[json!({ "_id": "1", "u": 1 })]).await;
    let attempt = async || {
        let new = vec![
            definition(&indexed(true)),
            definition(&json!({ "id": "new" })),
        ];
        or_rejection(store.declare_collections(new, true).await)
    };
    assert_eq!(attempt().await, Ok(()));
    table.insert_all(&[json!({ "_id": "2", "u": 1 })]).await;
    assert_eq!(
        attempt().await.unwrap_err().code(),
        DataCode::UniqueViolated
    );
    let declared = store.list_declared_collections().await.unwrap();
    assert_eq!(declared.len(), 1);
    assert_eq!(declared[0].revision, 1);
    assert_eq!(table.matching(&json!({ "u": 1 })).await, ["1", "2"]);
}
