//! What is acknowledged is there for whoever opens the database next, or has it open already.

use backlot_store::items::Link;
use backlot_store::jobs::{Job, JobStatus};
use jiff::Timestamp;
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, definition, insert, instance, patch, remove};

on_every_database! {
    everything_acknowledged_is_there_after_a_restart
    another_node_sees_a_write_as_soon_as_it_is_acknowledged
}

async fn everything_acknowledged_is_there_after_a_restart(place: &Place) {
    let field = json!({
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "t" } },
    });
    let index = json!({ "name": "i", "fields": [{ "path": "a" }] });
    let job = Job {
        instance_id: instance(1),
        job_id: "j".to_owned(),
        collection: "c".to_owned(),
        work: "{}".to_owned(),
        status: JobStatus::Initialized,
        done: 0,
        position: 0,
        created_at: Timestamp::from_second(1).unwrap(),
    };
    let link = Link {
        field: "tags".into(),
        item_id: "1".into(),
        referenced_id: "x".into(),
    };
    let kept = {
        let store = place.open().await;
        let table =
            Table::create(&store, 1, &json!({ "fields": [field], "indexes": [index] })).await;
        let declared = definition(&json!({ "id": "declared" }));
        store
            .declare_collections(vec![declared], false)
            .await
            .unwrap();
        table
            .insert_all(&[
                json!({ "_id": "1", "a": 1 }),
                json!({ "_id": "2", "a": [1, 2] }),
                json!({ "_id": "3" }),
            ])
            .await;
        table
            .done(patch("1", &[("n", "INCREMENT_FIELD", json!(0.1))]))
            .await;
        table.done(remove("3")).await;
        store
            .insert_links(&table.of, vec![link.clone()])
            .await
            .unwrap();
        store.insert_job(job.clone()).await.unwrap();
        table.store_item("1").await
    };
    let store = place.open().await;
    assert_eq!(store.list_declared_collections().await.unwrap().len(), 1);
    let table = Table::open(&store, 1, "c").await;
    assert_eq!(table.store_item("1").await, kept);
    assert_eq!(table.matching(&json!({})).await, ["1", "2"]);
    assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1", "2"]);
    assert!(store.is_linked(&table.of, &link).await.unwrap());
    assert_eq!(store.find_job(instance(1), "j").await.unwrap(), Some(job));
    table.done(insert(&json!({ "_id": "4" }))).await;
    assert_eq!(table.matching(&json!({})).await, ["1", "2", "4"]);
}

async fn another_node_sees_a_write_as_soon_as_it_is_acknowledged(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let one = Table::create(&one, 1, &json!({})).await;
    let two = Table::open(&two, 1, "c").await;
    for number in 0..20 {
        let (writer, reader) = if number % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        let id = format!("i{number}");
        writer.done(insert(&json!({ "_id": id }))).await;
        assert!(reader.item(&id).await.is_some());
        assert_eq!(reader.matching(&json!({})).await.len(), number + 1);
    }
}
