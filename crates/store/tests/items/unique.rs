//! What must be unique is: within one instance's collection, whatever else happens.

use backlot_wix::data::DataCode;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, codes, insert, patch, remove, save, update};

on_every_database! {
    a_value_that_is_taken_is_refused_however_it_comes
    a_value_is_free_again_when_its_item_changes_or_goes
    an_item_does_not_stand_in_its_own_way
    what_is_empty_is_never_taken
    what_looks_alike_and_is_not_the_same_is_not_taken
    elements_of_lists_and_whole_objects_are_unique_too
    without_case_texts_that_differ_in_case_are_the_same
    a_unique_index_is_kept_when_it_is_made_later_and_gone_when_it_is_dropped
    of_many_who_want_a_value_at_once_one_gets_it
}

const TAKEN: Option<DataCode> = Some(DataCode::UniqueViolated);

fn unique() -> Json {
    json!({ "fields": [{ "key": "u", "type": "ANY", "unique": true }] })
}

async fn table(place: &Place) -> Table {
    let table = Table::create(&place.open().await, 1, &unique()).await;
    table
        .insert_all(&[
            json!({ "_id": "1", "u": "x" }),
            json!({ "_id": "2", "u": 2 }),
        ])
        .await;
    table
}

async fn a_value_that_is_taken_is_refused_however_it_comes(place: &Place) {
    let table = table(place).await;
    let outcomes = table
        .write(vec![
            insert(&json!({ "_id": "3", "u": "x" })),
            save(&json!({ "_id": "3", "u": "x" })),
            update(&json!({ "_id": "2", "u": "x" })),
            save(&json!({ "_id": "2", "u": "x" })),
            patch("2", &[("u", "SET_FIELD", json!("x"))]),
            insert(&json!({ "_id": "4", "u": "new" })),
            insert(&json!({ "_id": "5", "u": "new" })),
        ])
        .await;
    assert_eq!(
        codes(&outcomes),
        [TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, None, TAKEN]
    );
    assert_eq!(table.matching(&json!({})).await, ["1", "2", "4"]);
    assert_eq!(table.matching(&json!({ "u": 2 })).await, ["2"]);
}

async fn a_value_is_free_again_when_its_item_changes_or_goes(place: &Place) {
    let table = table(place).await;
    let outcomes = table
        .write(vec![
            update(&json!({ "_id": "1", "u": "y" })),
            insert(&json!({ "_id": "3", "u": "x" })),
            remove("3"),
            patch("2", &[("u", "SET_FIELD", json!("x"))]),
            insert(&json!({ "_id": "4", "u": 2 })),
            patch("1", &[("u", "REMOVE_FIELD", json!(null))]),
            insert(&json!({ "_id": "5", "u": "y" })),
        ])
        .await;
    assert_eq!(codes(&outcomes), [None; 7]);
    table.store.delete_items(&table.of).await.unwrap();
    table
        .insert_all(&[
            json!({ "_id": "6", "u": "x" }),
            json!({ "_id": "7", "u": 2 }),
        ])
        .await;
}

async fn an_item_does_not_stand_in_its_own_way(place: &Place) {
    let table = table(place).await;
    table
        .done(update(&json!({ "_id": "1", "u": "x", "a": 1 })))
        .await;
    table
        .done(patch("1", &[("u", "SET_FIELD", json!("x"))]))
        .await;
    table
        .done(update(&json!({ "_id": "1", "u": ["x", "x", "z"] })))
        .await;
    assert_eq!(
        table
            .refused(insert(&json!({ "_id": "3", "u": "z" })))
            .await,
        DataCode::UniqueViolated
    );
}

async fn what_is_empty_is_never_taken(place: &Place) {
    let table = table(place).await;
    let empty = [json!(null), json!([]), json!([null])];
    for (number, value) in empty.iter().chain(&empty).enumerate() {
        table
            .insert_all(&[json!({ "_id": format!("n{number}"), "u": value })])
            .await;
    }
    table
        .insert_all(&[json!({ "_id": "m1" }), json!({ "_id": "m2" })])
        .await;
}

async fn what_looks_alike_and_is_not_the_same_is_not_taken(place: &Place) {
    let table = table(place).await;
    let long = "x".repeat(2000);
    let values = [
        json!("2"),
        json!("X"),
        json!("x "),
        json!("é"),
        json!("e\u{301}"),
        json!(true),
        json!("true"),
        json!({ "$date": "1970-01-01T00:00:00.002Z" }),
        json!({ "x": 2 }),
        json!({ "x": 2, "y": null }),
        json!(2.000_000_000_000_000_4),
        json!([[2]]),
        json!(long.clone() + "1"),
        json!(long + "2"),
    ];
    for (number, value) in values.iter().enumerate() {
        table
            .insert_all(&[json!({ "_id": format!("v{number}"), "u": value })])
            .await;
    }
    for (number, value) in values.iter().enumerate() {
        let again = insert(&json!({ "_id": format!("w{number}"), "u": value }));
        assert_eq!(
            table.refused(again).await,
            DataCode::UniqueViolated,
            "{value}"
        );
    }
}

async fn elements_of_lists_and_whole_objects_are_unique_too(place: &Place) {
    let table = table(place).await;
    table
        .insert_all(&[
            json!({ "_id": "3", "u": [7, 8, null] }),
            json!({ "_id": "4", "u": { "a": 1, "b": [2] } }),
        ])
        .await;
    for value in [
        json!(8),
        json!([9, 7]),
        json!({ "b": [2], "a": 1 }),
        json!(["x"]),
    ] {
        let refused = table
            .refused(insert(&json!({ "_id": "5", "u": value })))
            .await;
        assert_eq!(refused, DataCode::UniqueViolated, "{value}");
    }
    table
        .done(patch("3", &[("u", "REMOVE_FROM_ARRAY", json!(8))]))
        .await;
    table.insert_all(&[json!({ "_id": "5", "u": 8 })]).await;
}

async fn without_case_texts_that_differ_in_case_are_the_same(place: &Place) {
    let index = json!({ "name": "i", "fields": [{ "path": "o.u" }], "unique": true, "caseInsensitive": true });
    let table = Table::create(&place.open().await, 1, &json!({ "indexes": [index] })).await;
    table
        .insert_all(&[json!({ "_id": "1", "o": { "u": "Éa" } })])
        .await;
    let again = insert(&json!({ "_id": "2", "o": { "u": "éA" } }));
    assert_eq!(table.refused(again).await, DataCode::UniqueViolated);
    assert_eq!(table.matching(&json!({ "o.u": "éA" })).await, [""; 0]);
    assert_eq!(table.matching(&json!({ "o.u": "Éa" })).await, ["1"]);
}

async fn a_unique_index_is_kept_when_it_is_made_later_and_gone_when_it_is_dropped(place: &Place) {
    let mut table = Table::create(&place.open().await, 1, &json!({})).await;
    let twice = [json!({ "_id": "1", "u": 1 }), json!({ "_id": "2", "u": 1 })];
    table.insert_all(&twice).await;
    let refused = table.redefine(&unique()).await.unwrap_err();
    assert_eq!(refused.code(), DataCode::UniqueViolated);
    table.insert_all(&[json!({ "_id": "3", "u": 1 })]).await;
    table.write(vec![remove("2"), remove("3")]).await;
    table.redefine(&unique()).await.unwrap();
    assert_eq!(
        table.refused(insert(&twice[1])).await,
        DataCode::UniqueViolated
    );
    table.redefine(&json!({})).await.unwrap();
    table.insert_all(&[twice[1].clone()]).await;
}

async fn of_many_who_want_a_value_at_once_one_gets_it(place: &Place) {
    let table = table(place).await;
    let one = |number: u32| {
        let table = table.clone();
        tokio::spawn(async move {
            let item = json!({ "_id": format!("c{number}"), "u": "wanted" });
            table.write(vec![insert(&item)]).await.remove(0).is_ok()
        })
    };
    let mut got = 0;
    for task in (0..40).map(one).collect::<Vec<_>>() {
        got += u32::from(task.await.unwrap());
    }
    assert_eq!(got, 1);
    assert_eq!(table.matching(&json!({ "u": "wanted" })).await.len(), 1);
}
