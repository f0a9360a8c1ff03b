//! How large definitions may be, and how they are listed without being read.

use backlot_store::StoreError;
use backlot_store::collections::CollectionHead;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{DataCode, DataError, limits};
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, definition, instance, or_rejection};

on_every_database! {
    a_definition_has_a_size_that_it_may_not_pass
    all_definitions_of_an_instance_have_one_too
    collections_are_listed_without_their_definitions
    a_large_definition_is_read_only_where_it_may_take_long
}

/// A definition of about so many bytes.
fn large(id: &str, bytes: usize) -> Definition {
    let text = "x".repeat(limits::DESCRIPTION_CHARACTERS / 2);
    let field =
        |number: usize| json!({ "key": format!("f{number}"), "type": "TEXT", "description": text });
    let fields: Vec<_> = (0..bytes / text.len()).map(field).collect();
    definition(&json!({ "id": id, "fields": fields }))
}

async fn a_definition_has_a_size_that_it_may_not_pass(place: &Place) {
    let store = place.open().await;
    let create = |new: Definition| store.insert_collection(instance(1), new);
    let too_large = large("c", limits::DEFINITION_BYTES + 10_000);
    let refused = or_rejection(create(too_large.clone()).await).unwrap_err();
    assert_eq!(refused.code(), DataCode::Invalid);
    let most = large("c", limits::DEFINITION_BYTES - 20_000);
    let mut made = create(most).await.unwrap();
    made.fields = too_large.fields;
    let refused = store.update_collection(instance(1), made).await;
    assert_eq!(or_rejection(refused).unwrap_err().code(), DataCode::Invalid);
}

async fn all_definitions_of_an_instance_have_one_too(place: &Place) {
    let store = place.open().await;
    let bytes = limits::DEFINITION_BYTES - 20_000;
    let most = usize::try_from(limits::DEFINITIONS_BYTES).unwrap() / bytes;
    let create = |owner: u64, number: usize, bytes: usize| {
        store.insert_collection(instance(owner), large(&format!("c{number}"), bytes))
    };
    for number in 0..most {
        create(1, number, bytes).await.unwrap();
    }
    // The first ones fit, and the others are refused.
    let more = (0..6).map(|number| create(1, 100 + number, bytes / 2));
    let told = futures_util::future::join_all(more).await;
    let refused = told.into_iter().filter_map(|it| or_rejection(it).err());
    assert!(refused.count() >= 4);
    let used = |heads: Vec<CollectionHead>| heads.iter().map(|head| head.bytes).sum::<u64>();
    let heads = store.list_collection_heads(instance(1)).await.unwrap();
    assert!(used(heads) <= limits::DEFINITIONS_BYTES);
    let refused = or_rejection(create(1, 200, bytes).await).unwrap_err();
    assert_eq!(refused.code(), DataCode::BadRequest);
    create(2, 200, bytes).await.unwrap();
    // One may shrink, and not grow.
    let found = store
        .find_collection(instance(1), "c0")
        .await
        .unwrap()
        .unwrap();
    let mut other = found.definition.clone();
    other.fields.truncate(2);
    let mut shrunk = store.update_collection(instance(1), other).await.unwrap();
    for number in 300.. {
        if or_rejection(create(1, number, 20_000).await).is_err() {
            break;
        }
    }
    shrunk.fields = found.definition.fields.clone();
    let refused = store.update_collection(instance(1), shrunk).await;
    assert_eq!(
        or_rejection(refused).unwrap_err().code(),
        DataCode::BadRequest
    );
}

async fn collections_are_listed_without_their_definitions(place: &Place) {
    let store = place.open().await;
    let declared = definition(&json!({ "id": "b", "displayName": "declared" }));
    Table::create(&store, 1, &json!({ "id": "b", "displayName": "hidden" })).await;
    for id in ["a", "App/ä", "C"] {
        Table::create(&store, 1, &json!({ "id": id })).await;
    }
    let declared = store.declare_collections(vec![declared], false);
    declared.await.unwrap();
    let heads = store.list_collection_heads(instance(1)).await.unwrap();
    let ids: Vec<&str> = heads.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["App/ä", "C", "a", "b"]);
    let wanted = ["b", "gone", "C"].map(str::to_owned).to_vec();
    let found = store.list_definitions(instance(1), wanted).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].display_name.as_deref(), Some("declared"));
    assert_eq!(found[1].id, "C");
    for (definition, head) in [(&found[0], &heads[3]), (&found[1], &heads[1])] {
        let json = serde_json::to_string(definition).unwrap();
        assert_eq!(head.bytes, json.len() as u64);
    }
    let of_another = store.list_collection_heads(instance(2)).await.unwrap();
    assert_eq!(of_another.len(), 1);
    let wanted = vec!["C".to_owned(), "b".to_owned()];
    let found = store.list_definitions(instance(2), wanted).await.unwrap();
    assert_eq!(found.len(), 1);
}

async fn a_large_definition_is_read_only_where_it_may_take_long(place: &Place) {
    let store = place.open().await;
    let made = store.insert_collection(instance(1), large("c", 100_000));
    made.await.unwrap();
    let within = |bytes| store.find_collection_within(instance(1), "c", bytes);
    let refused = within(50_000).await;
    let is_costly = |fault: &DataError| fault.code() == DataCode::TooCostly;
    assert!(matches!(refused, Err(StoreError::Rejected(fault)) if is_costly(&fault)));
    assert!(within(200_000).await.unwrap().is_some());
    // It is known now.
    assert!(within(50_000).await.unwrap().is_some());
    let missing = store.find_collection_within(instance(1), "none", 1).await;
    assert!(missing.unwrap().is_none());
}
