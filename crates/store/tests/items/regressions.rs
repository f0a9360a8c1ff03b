//! What once went wrong, each in its smallest form.

use serde_json::json;

use crate::place::Place;
use crate::table::Table;

on_every_database! {
    an_index_without_case_finds_what_compares_with_case
}

async fn an_index_without_case_finds_what_compares_with_case(place: &Place) {
    let store = place.open().await;
    let index = json!({ "name": "i", "fields": [{ "path": "a" }], "caseInsensitive": true });
    let table = Table::create(&store, 1, &json!({ "indexes": [index] })).await;
    table
        .insert_all(&[json!({ "_id": "1", "a": "a" }), json!({ "_id": "2", "a": "C" })])
        .await;
    assert_eq!(table.matching(&json!({ "a": { "$gt": "B" } })).await, ["1", "2"]);
    assert_eq!(table.matching(&json!({ "a": { "$lt": "a" } })).await, ["2"]);
    assert_eq!(table.matching(&json!({ "a": "A" })).await, [""; 0]);
}
