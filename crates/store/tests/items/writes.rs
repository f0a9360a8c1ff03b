//! What each kind of write does to an item, and what a batch of them does.

use backlot_store::items::{Batch, Mutation, MutationResult};
use backlot_wix::data::{DataCode, Date};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, batch, codes, filter, insert, patch, remove, save, update};

on_every_database! {
    an_insert_makes_the_system_fields_and_keeps_the_others
    an_update_replaces_the_fields_and_keeps_what_the_system_made
    a_save_inserts_or_updates
    a_patch_does_its_modifications_in_their_order_all_or_none
    a_remove_answers_what_was_there
    each_of_a_batch_is_done_by_itself_one_after_the_other
    a_condition_is_asked_of_the_item_as_it_is_at_its_turn
    a_thousand_items_fit_in_one_batch
    an_update_keeps_an_items_place_and_a_new_item_comes_last
}

const CREATED: &str = "2023-11-14T22:13:20.000Z";

fn later(writes: Vec<Mutation>) -> Batch {
    let now = Date::from_milliseconds(1_700_000_060_000).unwrap();
    Batch {
        now,
        ..batch(writes)
    }
}

async fn table(place: &Place) -> Table {
    Table::create(&place.open().await, 1, &json!({})).await
}

fn json_of(written: &MutationResult) -> Json {
    serde_json::from_str(&written.item().json).unwrap()
}

async fn an_insert_makes_the_system_fields_and_keeps_the_others(place: &Place) {
    let table = table(place).await;
    let item = json!({ "_id": "1", "z": null, "a": { "b": [1, "x", { "$date": "1969-12-31T23:59:59.999Z" }] } });
    let written = table.done(insert(&item)).await;
    let date = json!({ "$date": CREATED });
    let mut expected = item;
    expected["_owner"] = json!(null);
    expected["_createdDate"] = date.clone();
    expected["_updatedDate"] = date;
    assert!(matches!(written, MutationResult::Inserted(_)));
    assert_eq!(json_of(&written), expected);
    assert_eq!(table.item("1").await, Some(expected));
    assert_eq!(table.item("2").await, None);
}

async fn an_update_replaces_the_fields_and_keeps_what_the_system_made(place: &Place) {
    let table = table(place).await;
    table
        .insert_all(&[json!({ "_id": "1", "a": 1, "b": 1 })])
        .await;
    let writes = vec![update(&json!({ "_id": "1", "b": 2 }))];
    let outcomes = table.store.commit(&table.of, later(writes)).await.unwrap();
    assert!(matches!(&outcomes[0], Ok(MutationResult::Updated(_))));
    let expected = json!({
        "_id": "1", "_owner": null, "b": 2, "_createdDate": { "$date": CREATED },
        "_updatedDate": { "$date": "2023-11-14T22:14:20.000Z" },
    });
    assert_eq!(table.item("1").await, Some(expected));
    assert_eq!(
        table.refused(update(&json!({ "_id": "2" }))).await,
        DataCode::ItemMissing
    );
    assert_eq!(table.item("2").await, None);
}

async fn a_save_inserts_or_updates(place: &Place) {
    let table = table(place).await;
    let item = json!({ "_id": "1", "a": 1 });
    assert!(matches!(
        table.done(save(&item)).await,
        MutationResult::Inserted(_)
    ));
    assert!(matches!(
        table.done(save(&json!({ "_id": "1" }))).await,
        MutationResult::Updated(_)
    ));
    assert_eq!(table.field("1", "a").await, Json::Null);
    assert_eq!(table.matching(&json!({})).await, ["1"]);
}

async fn a_patch_does_its_modifications_in_their_order_all_or_none(place: &Place) {
    let table = table(place).await;
    let before = json!({ "_id": "1", "n": 1, "l": [1, 2, 1], "s": "text", "gone": 1 });
    table.insert_all(&[before]).await;
    let modifications = [
        ("n", "INCREMENT_FIELD", json!(1.5)),
        ("new", "INCREMENT_FIELD", json!(-2)),
        ("l", "REMOVE_FROM_ARRAY", json!(1)),
        ("l", "APPEND_TO_ARRAY", json!({ "z": 1 })),
        ("list", "APPEND_TO_ARRAY", json!(1)),
        ("x.y.z", "SET_FIELD", json!({ "$date": CREATED })),
        ("gone", "REMOVE_FIELD", json!(null)),
        ("_owner", "SET_FIELD", json!("thief")),
        ("_createdDate", "REMOVE_FIELD", json!(null)),
    ];
    table.done(patch("1", &modifications)).await;
    let date = json!({ "$date": CREATED });
    let after = json!({
        "_id": "1", "n": 2.5, "new": -2, "l": [2, 1, { "z": 1 }], "list": [1], "s": "text",
        "x": { "y": { "z": date } }, "_owner": null, "_createdDate": date, "_updatedDate": date,
    });
    assert_eq!(table.item("1").await, Some(after.clone()));
    for (path, action, value) in [
        ("s", "INCREMENT_FIELD", json!(1)),
        ("n", "APPEND_TO_ARRAY", json!(1)),
        ("s", "REMOVE_FROM_ARRAY", json!(1)),
        ("n.x", "SET_FIELD", json!(1)),
        ("n", "INCREMENT_FIELD", json!(f64::MAX)),
    ] {
        let first = ("n", "INCREMENT_FIELD", json!(f64::MAX));
        let refused = table
            .refused(patch("1", &[first, (path, action, value)]))
            .await;
        assert_eq!(refused, DataCode::Invalid, "{path} {action}");
        assert_eq!(
            table.item("1").await,
            Some(after.clone()),
            "{path} {action}"
        );
    }
    let missing = patch("2", &[("n", "SET_FIELD", json!(1))]);
    assert_eq!(table.refused(missing).await, DataCode::ItemMissing);
}

async fn a_remove_answers_what_was_there(place: &Place) {
    let table = table(place).await;
    table.insert_all(&[json!({ "_id": "1", "a": 1 })]).await;
    let there = table.item("1").await.unwrap();
    let written = table.done(remove("1")).await;
    assert!(matches!(written, MutationResult::Removed(_)));
    assert_eq!(json_of(&written), there);
    assert_eq!(table.item("1").await, None);
    assert_eq!(table.matching(&json!({})).await, [""; 0]);
    assert_eq!(table.refused(remove("1")).await, DataCode::ItemMissing);
}

async fn each_of_a_batch_is_done_by_itself_one_after_the_other(place: &Place) {
    let table = table(place).await;
    let outcomes = table
        .write(vec![
            insert(&json!({ "_id": "1", "n": 1 })),
            insert(&json!({ "_id": "1", "n": 2 })),
            patch("1", &[("n", "INCREMENT_FIELD", json!(1))]),
            update(&json!({ "_id": "none" })),
            remove("1"),
            patch("1", &[("n", "INCREMENT_FIELD", json!(1))]),
            insert(&json!({ "_id": "1", "n": 7 })),
            save(&json!({ "_id": "1", "n": 8 })),
            save(&json!({ "_id": "2", "n": 9 })),
            insert(&json!({ "_id": "2" })),
            patch("2", &[("n", "INCREMENT_FIELD", json!(1))]),
        ])
        .await;
    let (exists, missing) = (Some(DataCode::ItemExists), Some(DataCode::ItemMissing));
    let expected = [
        None, exists, None, missing, None, missing, None, None, None, exists, None,
    ];
    assert_eq!(codes(&outcomes), expected);
    assert_eq!(json_of(outcomes[2].as_ref().unwrap())["n"], json!(2));
    assert_eq!(table.field("1", "n").await, json!(8));
    assert_eq!(table.field("2", "n").await, json!(10));
    assert_eq!(table.matching(&json!({})).await, ["1", "2"]);
    assert_eq!(table.write(Vec::new()).await, []);
}

async fn a_condition_is_asked_of_the_item_as_it_is_at_its_turn(place: &Place) {
    let table = table(place).await;
    table
        .insert_all(&[json!({ "_id": "1", "n": 1 }), json!({ "_id": "2", "n": 5 })])
        .await;
    let more = || patch("1", &[("n", "INCREMENT_FIELD", json!(1))]);
    let writes = vec![
        more(),
        more(),
        more(),
        remove("2"),
        save(&json!({ "_id": "3", "n": 9 })),
        remove("4"),
    ];
    let condition = Some(filter(&json!({ "n": { "$lt": 3 } })));
    let outcomes = Batch {
        condition,
        ..batch(writes)
    };
    let outcomes = table.store.commit(&table.of, outcomes).await.unwrap();
    let unmet = Some(DataCode::ConditionNotMet);
    let missing = Some(DataCode::ItemMissing);
    assert_eq!(codes(&outcomes), [None, None, unmet, unmet, None, missing]);
    assert_eq!(table.field("1", "n").await, json!(3));
    assert_eq!(table.matching(&json!({})).await, ["1", "2", "3"]);
}

async fn a_thousand_items_fit_in_one_batch(place: &Place) {
    let index = json!({ "name": "i", "fields": [{ "path": "n" }] });
    let more = json!({ "indexes": [index] });
    let table = Table::create(&place.open().await, 1, &more).await;
    let items: Vec<Json> = (0..1000)
        .map(|n| json!({ "_id": format!("i{n}"), "n": n % 10 }))
        .collect();
    table.insert_all(&items).await;
    assert_eq!(table.matching(&json!({ "n": 3 })).await.len(), 100);
    let patches = (0..1000).map(|n| patch(&format!("i{n}"), &[("n", "INCREMENT_FIELD", json!(1))]));
    let outcomes = table.write(patches.collect()).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(table.matching(&json!({ "n": 10 })).await.len(), 100);
    assert_eq!(table.matching(&json!({ "n": 0 })).await.len(), 0);
    let ids: Vec<String> = table.matching(&json!({})).await;
    let made: Vec<String> = (0..1000).map(|n| format!("i{n}")).collect();
    assert_eq!(ids, made, "in the order of insertion");
    let outcomes = table
        .write(made.iter().map(|id| remove(id)).collect())
        .await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(
        table.matching(&json!({ "n": { "$gte": 0 } })).await,
        [""; 0]
    );
}

async fn an_update_keeps_an_items_place_and_a_new_item_comes_last(place: &Place) {
    let table = table(place).await;
    table
        .insert_all(&["1", "2", "3"].map(|id| json!({ "_id": id })))
        .await;
    let place_of_2 = table.store_item("2").await.sequence;
    table.done(update(&json!({ "_id": "2", "a": 1 }))).await;
    assert_eq!(table.store_item("2").await.sequence, place_of_2);
    table.done(remove("1")).await;
    table.done(insert(&json!({ "_id": "1" }))).await;
    assert_eq!(table.matching(&json!({})).await, ["2", "3", "1"]);
}
