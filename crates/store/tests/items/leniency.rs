//! What a collection's fields are declared to be is held to where a file says so, and nowhere else.

use backlot_store::collections::Collections as _;
use backlot_store::items::{Items as _, Link, Write};
use backlot_store::transfer::{Importer, Record};
use backlot_wix::data::DataCode;
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, content, definition, insert, instance, patch};

on_every_database! {
    a_collection_that_the_api_made_stores_what_comes
    a_declared_collection_is_strict_unless_it_is_lenient
    ids_of_references_are_checked_as_ids_of_items_are
    ids_that_nobody_could_ask_for_are_not_made
    an_import_that_cannot_be_done_says_which_item
}

fn fields() -> serde_json::Value {
    json!([
        { "key": "n", "type": "NUMBER", "numberRange": { "max": 3 } },
        { "key": "t", "type": "TEXT", "required": true },
        { "key": "u", "type": "TEXT", "unique": true },
        { "key": "r", "type": "REFERENCE", "typeMetadata": { "reference": { "referencedCollectionId": "c" } } },
        { "key": "m", "type": "MULTI_REFERENCE",
          "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } } },
    ])
}

async fn a_collection_that_the_api_made_stores_what_comes(place: &Place) {
    let store = place.open().await;
    let table = Table::create(&store, 1, &json!({ "fields": fields() })).await;
    table
        .done(insert(&json!({ "_id": "1", "n": "a text", "u": 7 })))
        .await;
    assert_eq!(table.field("1", "n").await, json!("a text"));
    table
        .done(patch("1", &[("t", "SET_FIELD", json!({ "x": 1 }))]))
        .await;
    // What is unique is so, whatever it is, and references are made of ids.
    let twice = insert(&json!({ "_id": "2", "u": 7 }));
    assert_eq!(table.refused(twice).await, DataCode::UniqueViolated);
    let no_ids = patch("1", &[("m", "SET_FIELD", json!("x"))]);
    assert_eq!(table.refused(no_ids).await, DataCode::NotAnArrayOfIds);
}

async fn a_declared_collection_is_strict_unless_it_is_lenient(place: &Place) {
    let store = place.open().await;
    let strict = definition(&json!({ "id": "strict", "fields": fields() }));
    let lenient = definition(&json!({ "id": "lenient", "fields": fields(), "lenient": true }));
    let declared = store.declare_collections(vec![strict, lenient], false);
    declared.await.unwrap().unwrap();
    let item = json!({ "_id": "1", "n": "a text" });
    let strict = Table::open(&store, 1, "strict").await;
    assert_eq!(strict.refused(insert(&item)).await, DataCode::Invalid);
    let lenient = Table::open(&store, 1, "lenient").await;
    lenient.done(insert(&item)).await;
}

async fn ids_of_references_are_checked_as_ids_of_items_are(place: &Place) {
    let store = place.open().await;
    let table = Table::create(&store, 1, &json!({ "fields": fields() })).await;
    table.insert_all(&[json!({ "_id": "1" })]).await;
    let long = "x".repeat(129);
    for id in ["a\0b", "", &long] {
        for action in ["APPEND_TO_ARRAY", "REMOVE_FROM_ARRAY"] {
            let change = patch("1", &[("m", action, json!(id))]);
            assert_eq!(table.refused(change).await, DataCode::BadItemId, "{action}");
        }
        let change = patch("1", &[("m", "SET_FIELD", json!(["ok", id]))]);
        assert_eq!(table.refused(change).await, DataCode::BadItemId);
        let restored = Write::Restore {
            item: content(&json!({ "_id": "2" })).fields,
            links: vec![("m".to_owned(), vec![id.to_owned()])],
        };
        assert_eq!(table.refused(restored).await, DataCode::BadItemId);
        let link = Link {
            field: "m".to_owned(),
            item_id: "1".to_owned(),
            referenced_id: id.to_owned(),
        };
        assert!(!store.is_linked(&table.of, &link).await.unwrap());
    }
}

async fn ids_that_nobody_could_ask_for_are_not_made(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    for id in ["..", ".", "a#b", "a/../b", "x\\.\\y", "%2e%2E"] {
        let new = || json!({ "_id": id });
        assert_eq!(
            table.refused(insert(&new())).await,
            DataCode::BadItemId,
            "{id}"
        );
        let saved = crate::table::save(&new());
        assert_eq!(table.refused(saved).await, DataCode::BadItemId, "{id}");
        // One that is there from earlier can be changed, and goes along when its instance moves.
        let mut item = content(&json!({ "_id": id, "a": 1 })).fields;
        item.insert("_id".to_owned(), id.into());
        table
            .done(Write::Restore {
                item,
                links: Vec::new(),
            })
            .await;
        table.done(crate::table::save(&new())).await;
        table.done(patch(id, &[("a", "SET_FIELD", json!(2))])).await;
    }
}

async fn an_import_that_cannot_be_done_says_which_item(place: &Place) {
    let store = place.open().await;
    let mut importer = Importer::begin(&store, instance(1)).await.unwrap();
    let item = |id: &str, to: &str| Record::Item {
        collection: "c".to_owned(),
        data: serde_json::from_value(json!({ "_id": id })).unwrap(),
        links: vec![("m".to_owned(), vec![to.to_owned()])],
    };
    let header = Record::Header {
        version: Record::VERSION,
        instance_id: instance(1),
        leaves_out: std::collections::BTreeMap::new(),
    };
    let collection = Record::Collection {
        declared: false,
        definition: Box::new(definition(&json!({ "fields": fields() }))),
    };
    let records = vec![
        header,
        collection,
        item("good", "1"),
        item("bad one", "a\0b"),
    ];
    let end = Record::end_of(&records).unwrap();
    for record in records {
        importer.take(record).await.unwrap();
    }
    let refused = importer.take(end).await.unwrap_err().to_string();
    assert!(
        refused.contains("bad one") && refused.contains("WDE0079"),
        "{refused}"
    );
}
