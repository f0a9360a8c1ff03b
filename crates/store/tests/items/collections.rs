//! Collections of one instance: made, changed and deleted, and what is built on an old one.

use backlot_store::StoreError;
use backlot_store::items::Link;
use backlot_wix::data::DataCode;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, batch, definition, insert, instance, or_rejection, patch, remove};

on_every_database! {
    a_collection_is_made_once_and_listed_by_its_id
    a_change_must_be_of_the_latest_revision
    whatever_is_built_on_an_old_definition_is_outdated_and_does_nothing
    a_deleted_collection_leaves_nothing_behind
    an_index_finds_what_was_there_before_it_and_is_gone_when_dropped
    truncating_empties_one_collection_and_its_indexes
    a_definition_comes_back_as_it_was
}

async fn a_collection_is_made_once_and_listed_by_its_id(place: &Place) {
    let store = place.open().await;
    for id in ["b", "a", "App/ä", "C"] {
        Table::create(&store, 1, &json!({ "id": id })).await;
    }
    let again = store
        .insert_collection(instance(1), definition(&json!({ "id": "a" })))
        .await;
    assert_eq!(
        or_rejection(again).unwrap_err().code(),
        DataCode::CollectionExists
    );
    let listed = store.list_collections(instance(1)).await.unwrap();
    let ids: Vec<&str> = listed.iter().map(|it| it.definition.id.as_str()).collect();
    assert_eq!(ids, ["App/ä", "C", "a", "b"]);
    assert!(
        store
            .find_collection(instance(1), "A")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.list_collections(instance(2)).await.unwrap().len(), 0);
}

async fn a_change_must_be_of_the_latest_revision(place: &Place) {
    let store = place.open().await;
    let mut table = Table::create(&store, 1, &json!({})).await;
    let old = table.of.collection.definition.clone();
    table
        .redefine(&json!({ "displayName": "second" }))
        .await
        .unwrap();
    let new = &table.of.collection.definition;
    assert_eq!(new.revision, old.revision + 1);
    let late = store.update_collection(instance(1), old.clone()).await;
    assert_eq!(
        or_rejection(late).unwrap_err().code(),
        DataCode::StaleRevision
    );
    let mut ahead = new.clone();
    ahead.revision += 1;
    let ahead = store.update_collection(instance(1), ahead).await;
    assert_eq!(
        or_rejection(ahead).unwrap_err().code(),
        DataCode::StaleRevision
    );
    let none = store.update_collection(instance(2), old).await;
    assert_eq!(
        or_rejection(none).unwrap_err().code(),
        DataCode::CollectionMissing
    );
    let found = store
        .find_collection(instance(1), "c")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.definition.display_name.as_deref(), Some("second"));
}

async fn whatever_is_built_on_an_old_definition_is_outdated_and_does_nothing(place: &Place) {
    let store = place.open().await;
    let field = json!({
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "t" } },
    });
    let more = json!({ "fields": [field] });
    let old = Table::create(&store, 1, &more).await;
    old.insert_all(&[json!({ "_id": "1", "n": 0 })]).await;
    let mut new = old.clone();
    new.redefine(&more).await.unwrap();
    let link = || Link {
        field: "tags".into(),
        item_id: "1".into(),
        referenced_id: "x".into(),
    };
    let is_outdated =
        |outcome: Result<(), StoreError>| assert!(matches!(outcome, Err(StoreError::Outdated)));
    let all_outdated = async || {
        let writes = vec![
            insert(&json!({ "_id": "2" })),
            patch("1", &[("n", "SET_FIELD", json!(1))]),
            remove("1"),
        ];
        for write in writes {
            is_outdated(store.commit(&old.of, batch(vec![write])).await.map(drop));
        }
        is_outdated(store.insert_links(&old.of, vec![link()]).await.map(drop));
        is_outdated(store.delete_links(&old.of, vec![link()]).await.map(drop));
        is_outdated(
            store
                .replace_links(&old.of, "tags", "1", vec!["x".into()])
                .await,
        );
        is_outdated(store.delete_items(&old.of).await);
    };
    all_outdated().await;
    assert_eq!(new.matching(&json!({ "n": 0, "tags": null })).await, ["1"]);
    store.delete_collection(instance(1), "c").await.unwrap();
    all_outdated().await;
}

fn indexed() -> Json {
    json!({
        "indexes": [{ "name": "i", "fields": [{ "path": "a" }] }],
        "fields": [{ "key": "u", "type": "ANY", "unique": true }],
    })
}

async fn a_deleted_collection_leaves_nothing_behind(place: &Place) {
    let store = place.open().await;
    let beside = Table::create(
        &store,
        1,
        &json!({ "id": "beside", "indexes": indexed()["indexes"] }),
    )
    .await;
    beside.insert_all(&[json!({ "_id": "1", "a": 1 })]).await;
    for _ in 0..2 {
        let table = Table::create(&store, 1, &indexed()).await;
        assert_eq!(table.matching(&json!({})).await, [""; 0]);
        assert_eq!(table.matching(&json!({ "a": 1 })).await, [""; 0]);
        table
            .insert_all(&[
                json!({ "_id": "1", "a": 1, "u": 1 }),
                json!({ "_id": "2", "a": [1, 2] }),
            ])
            .await;
        assert!(store.delete_collection(instance(1), "c").await.unwrap());
        assert!(!store.delete_collection(instance(1), "c").await.unwrap());
        assert!(
            store
                .find_collection(instance(1), "c")
                .await
                .unwrap()
                .is_none()
        );
    }
    assert_eq!(beside.matching(&json!({ "a": 1 })).await, ["1"]);
}

async fn an_index_finds_what_was_there_before_it_and_is_gone_when_dropped(place: &Place) {
    let mut table = Table::create(&place.open().await, 1, &json!({})).await;
    let items = [
        json!({ "_id": "1", "a": 1 }),
        json!({ "_id": "2", "a": [1, 2] }),
        json!({ "_id": "3" }),
    ];
    table.insert_all(&items).await;
    for definition in [indexed(), json!({}), indexed()] {
        table.redefine(&definition).await.unwrap();
        assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1", "2"]);
        assert_eq!(table.matching(&json!({ "a": null })).await, ["3"]);
        table
            .done(patch("3", &[("a", "SET_FIELD", json!(1))]))
            .await;
        assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1", "2", "3"]);
        table
            .done(patch("3", &[("a", "REMOVE_FIELD", json!(null))]))
            .await;
    }
}

async fn truncating_empties_one_collection_and_its_indexes(place: &Place) {
    let store = place.open().await;
    let table = Table::create(&store, 1, &indexed()).await;
    let mut beside = indexed();
    beside["id"] = json!("beside");
    let beside = Table::create(&store, 1, &beside).await;
    let items = [json!({ "_id": "1", "a": [1, 2], "u": 1 })];
    for table in [&table, &beside] {
        table.insert_all(&items).await;
    }
    store.delete_items(&table.of).await.unwrap();
    assert_eq!(table.matching(&json!({})).await, [""; 0]);
    assert_eq!(table.matching(&json!({ "a": 1 })).await, [""; 0]);
    table.insert_all(&items).await;
    assert_eq!(beside.matching(&json!({ "a": 2 })).await, ["1"]);
}

async fn a_definition_comes_back_as_it_was(place: &Place) {
    let store = place.open().await;
    let more = json!({
        "displayName": "B\"ücher'", "displayField": "title",
        "fields": [{ "key": "title", "type": "TEXT", "required": true, "description": "\u{2028}" }],
        "plugins": [{ "type": "PUBLISH", "publishOptions": { "defaultStatus": "DRAFT" } }],
        "indexes": [{ "name": "i", "fields": [{ "path": "a.b", "order": "DESC" }], "caseInsensitive": true }],
    });
    let table = Table::create(&store, 1, &more).await;
    let mut expected = definition(&more);
    expected.revision = 1;
    assert_eq!(table.of.collection.definition, expected);
    assert!(!table.of.collection.declared);
}
