//! How much more an instance may keep: each write is held against what is left.

use backlot_store::items::StorageAllowance;
use backlot_wix::data::{DataCode, DataError};
use serde_json::json;

use crate::place::Place;
use crate::table::{Outcomes, Table, batch, codes, insert, instance, patch, remove, update};

on_every_database! {
    a_write_grows_by_no_more_than_there_is_room_for
    links_take_up_room
}

fn room(bytes: u64) -> StorageAllowance {
    StorageAllowance::new(bytes, DataError::new(DataCode::StorageQuota, "full"))
}

async fn write(
    table: &Table,
    room: &StorageAllowance,
    writes: Vec<backlot_store::items::Mutation>,
) -> Outcomes {
    let mut batch = batch(writes);
    batch.room = Some(room.clone());
    table.store.commit(&table.of, batch).await.unwrap()
}

/// An update counted as nothing, however much it added.
async fn a_write_grows_by_no_more_than_there_is_room_for(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let full = Some(DataCode::StorageQuota);
    let text = |id: &str, size: usize| json!({ "_id": id, "t": "x".repeat(size) });
    let left = room(2_000);
    // One alone, which has a way of its own on PostgreSQL.
    let outcomes = write(&table, &left, vec![insert(&text("0", 3_000))]).await;
    assert_eq!(codes(&outcomes), [full]);
    write(&table, &left, vec![insert(&text("1", 500))]).await[0]
        .as_ref()
        .unwrap();
    assert!(left.left() < 1_500, "{}", left.left());
    let outcomes = write(
        &table,
        &left,
        vec![
            insert(&text("2", 500)),
            insert(&text("3", 1_500)),
            update(&text("1", 3_000)),
            patch("1", &[("more", "SET_FIELD", json!("y".repeat(3_000)))]),
            update(&text("1", 400)),
            insert(&text("1", 9_000)),
        ],
    )
    .await;
    let exists = Some(DataCode::ItemExists);
    assert_eq!(codes(&outcomes), [None, full, full, full, None, exists]);
    let before = left.left();
    let outcomes = write(&table, &left, vec![remove("2"), insert(&text("4", 600))]).await;
    assert_eq!(codes(&outcomes), [None, None]);
    assert!(left.left() < before);
    assert_eq!(table.matching(&json!({})).await, ["1", "4"]);
}

async fn links_take_up_room(place: &Place) {
    let fields = json!({ "fields": [{
        "key": "many", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } },
    }] });
    let table = Table::create(&place.open().await, 1, &fields).await;
    table.insert_all(&[json!({ "_id": "1" })]).await;
    let usage = async || table.store.storage_usage(instance(1)).await.unwrap();
    let before = usage().await;
    let ids: Vec<String> = (0..100).map(|number| format!("r{number}")).collect();
    let set = || vec![patch("1", &[("many", "SET_FIELD", json!(ids))])];
    let outcomes = write(&table, &room(5_000), set()).await;
    assert_eq!(codes(&outcomes), [Some(DataCode::StorageQuota)]);
    let outcomes = write(&table, &room(20_000), set()).await;
    assert_eq!(codes(&outcomes), [None]);
    let after = usage().await;
    assert_eq!(after.items, before.items);
    assert!(after.bytes > before.bytes + 10_000, "{after:?}");
}
