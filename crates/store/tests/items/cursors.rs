//! A place never comes to stand for something else, whatever goes and comes meanwhile.

use backlot_store::items::{Find, Items as _, Position};
use backlot_wix::data::Filter;
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, insert, remove};

on_every_database! {
    what_is_inserted_after_others_are_gone_comes_after_their_places
    places_are_not_given_again_after_all_is_gone
}

fn after(sequence: i64) -> Find {
    Find {
        after: Some(Position {
            values: Vec::new(),
            sequence,
        }),
        ..Find::all(Filter::all(), 10)
    }
}

async fn what_is_inserted_after_others_are_gone_comes_after_their_places(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    table
        .insert_all(&["1", "2", "3", "4"].map(|id| json!({ "_id": id })))
        .await;
    let second = table.store_item("2").await.sequence;
    for order in [["2", "3", "4"], ["6", "5", "7"]] {
        for id in order {
            table.write(vec![remove(id)]).await;
        }
        table
            .insert_all(&["5", "6"].map(|id| json!({ "_id": id })))
            .await;
        assert_eq!(table.find(after(second)).await, ["5", "6"]);
    }
}

async fn places_are_not_given_again_after_all_is_gone(place: &Place) {
    let store = place.open().await;
    let table = Table::create(&store, 1, &json!({})).await;
    table
        .insert_all(&["1", "2", "3"].map(|id| json!({ "_id": id })))
        .await;
    let last = table.store_item("3").await.sequence;
    store.truncate(&table.of).await.unwrap();
    table.done(insert(&json!({ "_id": "4" }))).await;
    assert!(table.store_item("4").await.sequence > last);
    // Another program that opens the same database goes on where the first was.
    let again = place.open().await;
    table.done(remove("4")).await;
    let table = Table::open(&again, 1, "c").await;
    table.done(insert(&json!({ "_id": "5" }))).await;
    assert!(table.store_item("5").await.sequence > last + 1);
}
