//! The order of an item's fields, on every database alike; and that of a shuffled query.

use backlot_store::items::ItemQuery;
use backlot_wix::data::Filter;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, patch};

on_every_database! {
    fields_come_in_the_order_in_which_they_were_written
    changes_keep_the_order_of_the_fields
    the_same_seed_makes_the_same_order_everywhere
}

/// `serde_json`'s own values need not keep an order, so the items are texts.
const ITEMS: [&str; 4] = [
    r#"{"zebra":1,"a":{"zz":1,"b":[{"y":1,"x":2},{"x":1,"y":2}],"a":{}},"Mm":null,"é":"x"}"#,
    r#"{"b":1,"a":2}"#,
    r#"{"a":1,"b":2}"#,
    r#"{"long name":{"$date":"2024-01-02T03:04:05.678Z"},"n":{"d":{"$date":"1969-01-01T00:00:00.000Z"},"c":1}}"#,
];

fn insert(id: &str, fields: &str) -> backlot_store::items::Mutation {
    backlot_store::items::Mutation::Insert(backlot_store::items::mutation::Document {
        item_id: id.to_owned(),
        fields: serde_json::from_str(fields).unwrap(),
        links: Vec::new(),
    })
}

/// The item without what the server adds, which comes first.
fn own(json: &str) -> &str {
    let (_, rest) = json
        .split_once(r#""_updatedDate":{"$date":"2023-11-14T22:13:20.000Z"}"#)
        .unwrap();
    rest.trim_start_matches(',').trim_end_matches('}')
}

async fn fields_come_in_the_order_in_which_they_were_written(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    // One by one, and several together.
    for (number, item) in ITEMS.iter().enumerate() {
        table.done(insert(&number.to_string(), item)).await;
    }
    let all = ITEMS.iter().enumerate();
    let batch = all.map(|(number, item)| insert(&format!("b{number}"), item));
    for outcome in table.write(batch.collect()).await {
        outcome.unwrap();
    }
    for prefix in ["", "b"] {
        for (number, item) in ITEMS.iter().enumerate() {
            let kept = table.store_item(&format!("{prefix}{number}")).await.json;
            assert!(kept.starts_with(r#"{"_id":"#), "{kept}");
            assert_eq!(
                own(&kept),
                item.trim_start_matches('{').trim_end_matches('}')
            );
        }
    }
    let found = table
        .store
        .query_items(&table.of, ItemQuery::all(Filter::all(), 10))
        .await
        .unwrap();
    assert_eq!(own(&found[0].json), own(&table.store_item("0").await.json));
}

async fn changes_keep_the_order_of_the_fields(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    table
        .done(insert("1", r#"{"z":1,"y":{"d":1,"c":2},"x":3}"#))
        .await;
    let changes: [(&str, &str, Json); 3] = [
        ("y.b", "SET_FIELD", json!(3)),
        ("z", "SET_FIELD", json!([1])),
        ("a", "SET_FIELD", json!(1)),
    ];
    table.done(patch("1", &changes)).await;
    let kept = table.store_item("1").await.json;
    assert_eq!(own(&kept), r#""z":[1],"y":{"d":1,"c":2,"b":3},"x":3,"a":1"#);
    table
        .done(patch("1", &[("y", "REMOVE_FIELD", json!(null))]))
        .await;
    let kept = table.store_item("1").await.json;
    assert_eq!(own(&kept), r#""z":[1],"x":3,"a":1"#);
}

async fn the_same_seed_makes_the_same_order_everywhere(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let items: Vec<Json> = ["a", "b", "c", "d", "é", "f g"]
        .iter()
        .map(|id| json!({ "_id": id }))
        .collect();
    table.insert_all(&items).await;
    let shuffled = |seed| ItemQuery {
        random: Some(seed),
        ..ItemQuery::all(Filter::all(), 10)
    };
    for (seed, expected) in [(0, SHUFFLED[0]), (u64::MAX, SHUFFLED[1])] {
        assert_eq!(table.find(shuffled(seed)).await, expected, "{seed}");
    }
}

/// SHA-256 of the seed, a space and the id.
const SHUFFLED: [[&str; 6]; 2] = [
    ["f g", "é", "b", "a", "c", "d"],
    ["f g", "a", "é", "c", "d", "b"],
];
