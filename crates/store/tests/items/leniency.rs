//! What a collection's fields are declared to be is held to where a file says so, and nowhere else.

use backlot_store::items::{Link, Mutation};
use backlot_store::portability::{Importer, Record};
use backlot_wix::data::{DataCode, Filter, Object};
use serde_json::json;

use crate::place::Place;
use crate::table::{
    Table, content, definition, insert, instance, patch, remove, save, update, value,
};

on_every_database! {
    a_collection_that_the_api_made_stores_what_comes
    a_declared_collection_is_strict_unless_it_is_lenient
    ids_of_references_are_checked_as_ids_of_items_are
    single_references_hold_ids_of_items
    filters_find_nothing_by_what_is_no_id
    ids_that_nobody_could_ask_for_are_not_made
    an_import_that_cannot_be_done_says_which_item
}

/// An item with its id, as it is kept.
fn whole(item: &serde_json::Value) -> Object {
    let content = content(item);
    let mut whole = content.fields;
    whole.insert("_id".to_owned(), content.item_id.into());
    whole
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
    declared.await.unwrap();
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
    for id in ["a\0b", "", &long, "..", "a#b", "a/../b"] {
        let is_kept = ["..", "a#b", "a/../b"].contains(&id);
        let change = patch("1", &[("m", "APPEND_TO_ARRAY", json!(id))]);
        assert_eq!(table.refused(change).await, DataCode::BadItemId, "{id}");
        let change = patch("1", &[("m", "SET_FIELD", json!(["ok", id]))]);
        assert_eq!(table.refused(change).await, DataCode::BadItemId);
        // One that is there from earlier goes along when its instance moves, and can be taken away.
        let restored = Mutation::Restore {
            item: whole(&json!({ "_id": "2" })),
            links: vec![("m".to_owned(), vec![id.to_owned()])],
        };
        let removed = |of: &str| patch(of, &[("m", "REMOVE_FROM_ARRAY", json!(id))]);
        if is_kept {
            table.done(restored).await;
            table.done(removed("2")).await;
            table.done(remove("2")).await;
        } else {
            assert_eq!(table.refused(restored).await, DataCode::BadItemId);
            assert_eq!(table.refused(removed("1")).await, DataCode::BadItemId);
        }
        let link = Link {
            field: "m".to_owned(),
            item_id: "1".to_owned(),
            referenced_id: id.to_owned(),
        };
        assert!(!store.is_linked(&table.of, &link).await.unwrap());
    }
}

/// A single reference holds the id of an item, whatever else the fields of the collection may hold.
async fn single_references_hold_ids_of_items(place: &Place) {
    let store = place.open().await;
    let lenient = definition(&json!({ "id": "lenient", "fields": fields(), "lenient": true }));
    let declared = store.declare_collections(vec![lenient], false);
    declared.await.unwrap();
    for table in [
        Table::create(&store, 1, &json!({ "fields": fields() })).await,
        Table::open(&store, 1, "lenient").await,
    ] {
        let item = json!({ "_id": "1", "t": 7 });
        table.insert_all(&[item]).await;
        let long = "x".repeat(129);
        for (held, is_kept) in [
            (json!(""), false),
            (json!(long), false),
            (json!("a\0"), false),
            (json!(5), false),
            (json!(true), false),
            (json!(["1"]), false),
            (json!({ "a": 1 }), false),
            (json!({ "_id": 5 }), false),
            (json!({ "_id": "" }), false),
            (json!(".."), true),
            (json!("a#b"), true),
        ] {
            let with = |id: &str| json!({ "_id": id, "r": held });
            for write in [
                insert(&with("2")),
                save(&with("2")),
                save(&with("1")),
                update(&with("1")),
                patch("1", &[("r", "SET_FIELD", held.clone())]),
            ] {
                assert_eq!(table.refused(write).await, DataCode::BadItemId, "{held}");
            }
            let restored = Mutation::Restore {
                item: whole(&with("3")),
                links: Vec::new(),
            };
            if is_kept {
                table.done(restored).await;
                // What it holds from earlier stops no change of other fields.
                table
                    .done(patch("3", &[("t", "SET_FIELD", json!(8))]))
                    .await;
                table.done(remove("3")).await;
            } else {
                assert_eq!(table.refused(restored).await, DataCode::BadItemId, "{held}");
            }
        }
        let included = json!({ "_id": "1", "title": "x" });
        for held in [json!("gone"), json!(null), included] {
            table.done(patch("1", &[("r", "SET_FIELD", held)])).await;
        }
        assert_eq!(table.field("1", "r").await, json!("1"));
        table
            .done(patch("1", &[("r", "REMOVE_FIELD", json!(null))]))
            .await;
    }
}

/// No database is asked about a text that it cannot hold.
async fn filters_find_nothing_by_what_is_no_id(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({ "fields": fields() })).await;
    table
        .insert_all(&[json!({ "_id": "1", "r": "2", "u": "x" })])
        .await;
    table
        .done(patch("1", &[("m", "SET_FIELD", json!(["2"]))]))
        .await;
    let long = "x".repeat(200);
    for id in ["", "..", "a#b", &long] {
        for field in ["_id", "_owner", "r", "m", "u"] {
            for operand in [
                json!(id),
                json!({ "$hasSome": [id] }),
                json!({ "$in": [id] }),
                json!({ "$hasAll": [id, "2"] }),
            ] {
                let found = table.matching(&json!({ field: operand })).await;
                assert_eq!(found, [""; 0], "{field} {operand} {id:?}");
            }
            let found = table.matching(&json!({ field: { "$ne": id } })).await;
            assert_eq!(found, ["1"], "{field} {id:?}");
            let no_text = value(&json!({ field: { "$in": ["a\0"] } }));
            assert!(Filter::parse(&no_text).is_err());
        }
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
        let saved = save(&new());
        assert_eq!(table.refused(saved).await, DataCode::BadItemId, "{id}");
        // One that is there from earlier can be changed, and goes along when its instance moves.
        table
            .done(Mutation::Restore {
                item: whole(&json!({ "_id": id, "a": 1 })),
                links: Vec::new(),
            })
            .await;
        table.done(save(&new())).await;
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
