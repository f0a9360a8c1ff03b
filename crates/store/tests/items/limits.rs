//! What is too large, too deep, or no text; and what only looks so.

use backlot_store::items::Mutation;
use backlot_wix::data::{DataCode, limits};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, content, insert, patch, update};

on_every_database! {
    an_item_is_as_large_as_it_may_be_and_no_larger
    a_nul_is_nowhere
    no_name_begins_with_a_dollar_sign
    an_item_is_as_deep_as_it_may_be_and_no_deeper
    odd_names_and_texts_come_back_as_they_were
    numbers_come_back_as_they_were
    an_item_of_two_lists_is_in_no_index_of_both
    a_restored_item_is_as_it_was
}

async fn table(place: &Place) -> Table {
    Table::create(&place.open().await, 1, &json!({})).await
}

async fn an_item_is_as_large_as_it_may_be_and_no_larger(place: &Place) {
    let table = table(place).await;
    table.insert_all(&[json!({ "_id": "1", "t": "" })]).await;
    let around = table.store_item("1").await.json.len();
    let text = |size: usize| json!({ "_id": "1", "t": "x".repeat(size) });
    table.done(update(&text(limits::ITEM_BYTES - around))).await;
    assert_eq!(table.store_item("1").await.json.len(), limits::ITEM_BYTES);
    let larger = update(&text(limits::ITEM_BYTES - around + 1));
    assert_eq!(table.refused(larger).await, DataCode::ItemTooLarge);
    let grown = patch("1", &[("n", "SET_FIELD", json!(1))]);
    assert_eq!(table.refused(grown).await, DataCode::ItemTooLarge);
    assert_eq!(table.store_item("1").await.json.len(), limits::ITEM_BYTES);
}

async fn a_nul_is_nowhere(place: &Place) {
    let table = table(place).await;
    table.insert_all(&[json!({ "_id": "1" })]).await;
    let with_bad_id = insert(&json!({ "_id": "a\0" }));
    assert_eq!(table.refused(with_bad_id).await, DataCode::BadItemId);
    for item in [
        json!({ "_id": "2", "t": "\0" }),
        json!({ "_id": "2", "l": [{ "t": ["\0"] }] }),
        json!({ "_id": "2", "\0": 1 }),
        json!({ "_id": "2", "o": { "a\0": 1 } }),
    ] {
        assert_eq!(
            table.refused(insert(&item)).await,
            DataCode::Invalid,
            "{item}"
        );
    }
    let patched = patch("1", &[("t", "SET_FIELD", json!("\0"))]);
    assert_eq!(table.refused(patched).await, DataCode::Invalid);
    assert_eq!(table.matching(&json!({})).await, ["1"]);
    // A text of these six characters is none.
    table
        .insert_all(&[json!({ "_id": "2", "t": "\\u0000" })])
        .await;
    assert_eq!(table.matching(&json!({ "t": "\\u0000" })).await, ["2"]);
}

async fn no_name_begins_with_a_dollar_sign(place: &Place) {
    let table = table(place).await;
    table.insert_all(&[json!({ "_id": "1" })]).await;
    let (dollar, no_date) = (DataCode::DollarField, DataCode::Invalid);
    for (value, code) in [
        (json!({ "$x": 1 }), dollar),
        (json!([{ "a": { "$": 1 } }]), dollar),
        (json!({ "$date": "no date" }), no_date),
        (json!({ "$date": 5 }), no_date),
    ] {
        let item = json!({ "_id": "2", "o": value });
        assert_eq!(table.refused(insert(&item)).await, code, "{item}");
        let patched = patch("1", &[("o", "SET_FIELD", value)]);
        assert_eq!(table.refused(patched).await, code);
    }
    let item = json!({ "_id": "2", "$x": 1 });
    assert_eq!(table.refused(insert(&item)).await, DataCode::DollarField);
    table
        .insert_all(&[json!({ "_id": "2", "a$": 1, "o": { "x$": "$y" } })])
        .await;
    assert_eq!(table.matching(&json!({ "o.x$": "$y" })).await, ["2"]);
}

async fn an_item_is_as_deep_as_it_may_be_and_no_deeper(place: &Place) {
    let table = table(place).await;
    let nested = |depth: usize| {
        (0..depth).fold(json!(7), |inner, at| {
            if at % 2 == 0 {
                json!([inner])
            } else {
                json!({ "a": inner })
            }
        })
    };
    // The item itself is one.
    table
        .insert_all(&[json!({ "_id": "1", "a": nested(limits::ITEM_DEPTH - 1) })])
        .await;
    let deeper = insert(&json!({ "_id": "2", "a": nested(limits::ITEM_DEPTH) }));
    assert_eq!(table.refused(deeper).await, DataCode::Invalid);
    assert_eq!(
        table.matching(&json!({ "a": { "$exists": true } })).await,
        ["1"]
    );
    table
        .done(patch("1", &[("b", "SET_FIELD", json!(1))]))
        .await;
    assert_eq!(table.field("1", "b").await, json!(1));
}

async fn odd_names_and_texts_come_back_as_they_were(place: &Place) {
    let table = table(place).await;
    let mut item = json!({ "_id": " ' \" \\ % 🦀 \u{202e}", "": "", "a.b": 1, "__proto__": { "x": 1 }, "constructor": null });
    for text in [
        "\u{1}\u{1f}\u{7f}",
        "\u{ffff}\u{fffd}",
        "\u{10ffff}",
        "e\u{301}é",
        "\r\n\t\u{2028}",
        "\\\"'`",
    ] {
        item[text] = json!([text, { text: text }]);
    }
    table.insert_all(std::slice::from_ref(&item)).await;
    let id = item["_id"].as_str().unwrap();
    let kept = table.item(id).await.unwrap();
    for (name, value) in item.as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name:?}");
    }
    assert_eq!(table.matching(&json!({ "_id": id })).await, [id]);
}

async fn numbers_come_back_as_they_were(place: &Place) {
    let table = table(place).await;
    let numbers = [
        0.1,
        1.0,
        5e-324,
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_993.0,
        1e21,
        0.300_000_000_000_000_04,
        2e-7,
    ];
    table
        .insert_all(&[json!({ "_id": "1", "n": numbers, "zero": -0.0 })])
        .await;
    let kept = table.field("1", "n").await;
    let kept = kept
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_f64().unwrap().to_bits());
    assert!(kept.eq(numbers.map(f64::to_bits)));
    assert_eq!(table.field("1", "zero").await, json!(0));
    for number in numbers {
        assert_eq!(
            table.matching(&json!({ "n": number })).await,
            ["1"],
            "{number}"
        );
    }
}

async fn an_item_of_two_lists_is_in_no_index_of_both(place: &Place) {
    let index = json!({ "name": "i", "fields": [{ "path": "a" }, { "path": "b" }] });
    let store = place.open().await;
    let table = Table::create(&store, 1, &json!({ "indexes": [index] })).await;
    table
        .insert_all(&[json!({ "_id": "1", "a": [1, 2], "b": 3 })])
        .await;
    let both = json!({ "_id": "2", "a": [1], "b": [] });
    assert_eq!(table.refused(insert(&both)).await, DataCode::BadIndex);
    let patched = patch("1", &[("b", "SET_FIELD", json!([3]))]);
    assert_eq!(table.refused(patched).await, DataCode::BadIndex);
    assert_eq!(table.matching(&json!({ "a": 2, "b": 3 })).await, ["1"]);
}

async fn a_restored_item_is_as_it_was(place: &Place) {
    let table = table(place).await;
    let date = json!({ "$date": "1999-01-01T00:00:00.000Z" });
    let item =
        json!({ "_id": "1", "_owner": "ann", "_createdDate": date, "_updatedDate": date, "a": 1 });
    let mut content = content(&item);
    content.fields.insert("_id".to_owned(), "1".into());
    let restore = || Mutation::Restore {
        item: content.fields.clone(),
        links: Vec::new(),
    };
    table.done(restore()).await;
    assert_eq!(table.item("1").await, Some(item));
    assert_eq!(table.store_item("1").await.owner.as_deref(), Some("ann"));
    assert_eq!(table.refused(restore()).await, DataCode::ItemExists);
    let found = table
        .store
        .find_items(&table.of, vec!["1".to_owned()])
        .await
        .unwrap();
    let found: Vec<Json> = found
        .iter()
        .map(|it| serde_json::from_str(&it.json).unwrap())
        .collect();
    assert_eq!(found.len(), 1);
}
