//! Two instances never see each other.

use backlot_store::items::link::ReferenceQuery;
use backlot_store::items::{ItemQuery, Link};
use backlot_wix::data::{DataCode, Direction, Filter};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, instance, patch, remove, save, update};

on_every_database! {
    ids_queries_counts_and_scans_stay_within_an_instance
    writes_stay_within_an_instance
    unique_values_are_each_instances_own
    links_stay_within_an_instance
    emptying_and_deleting_stays_within_an_instance
    an_instance_without_the_collection_has_none_of_it
}

fn indexed() -> Json {
    let tags = json!({
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } },
    });
    json!({
        "indexes": [{ "name": "i", "fields": [{ "path": "a" }, { "path": "b", "order": "DESC" }] }],
        "fields": [{ "key": "u", "type": "ANY", "unique": true }, tags],
    })
}

/// The same collection with the same ids in two instances, one item more in the second.
async fn two(place: &Place) -> (Table, Table) {
    let store = place.open().await;
    let one = Table::create(&store, 1, &indexed()).await;
    let two = Table::create(&store, 2, &indexed()).await;
    for (table, whose) in [(&one, 1), (&two, 2)] {
        let item = |id: &str| json!({ "_id": id, "a": 1, "b": [1, 2], "u": id, "whose": whose });
        table.insert_all(&[item("1"), item("2")]).await;
    }
    let more = json!({ "_id": "3", "a": 1, "u": "3", "whose": 2 });
    two.insert_all(&[more]).await;
    (one, two)
}

async fn ids_queries_counts_and_scans_stay_within_an_instance(place: &Place) {
    let (one, two) = two(place).await;
    assert_eq!(one.field("1", "whose").await, json!(1));
    assert_eq!(two.field("1", "whose").await, json!(2));
    assert_eq!(one.item("3").await, None);
    let asked = ["1", "2", "3"].map(str::to_owned).to_vec();
    assert_eq!(one.store.find_items(&one.of, asked).await.unwrap().len(), 2);
    for filter in [
        json!({}),
        json!({ "a": 1 }),
        json!({ "a": { "$gte": 0 } }),
        json!({ "a": 1, "b": 2 }),
        json!({ "whose": { "$exists": true } }),
    ] {
        assert_eq!(one.matching(&filter).await, ["1", "2"], "{filter}");
    }
    assert_eq!(one.matching(&json!({ "u": "3" })).await, [""; 0]);
    assert_eq!(two.matching(&json!({ "u": "3" })).await, ["3"]);
    let random = ItemQuery {
        random: Some(1),
        ..ItemQuery::all(Filter::all(), 9)
    };
    assert_eq!(one.find(random).await.len(), 2);
    let mut seen = Vec::new();
    let mut visit = |item: backlot_store::items::Item| {
        seen.push(item.id);
        Ok(std::ops::ControlFlow::Continue(()))
    };
    one.store
        .scan_items(&one.of, &Filter::all(), &mut visit)
        .await
        .unwrap();
    assert_eq!(seen, ["1", "2"]);
}

async fn writes_stay_within_an_instance(place: &Place) {
    let (one, two) = two(place).await;
    one.done(update(&json!({ "_id": "1", "a": 9 }))).await;
    one.done(patch("2", &[("a", "SET_FIELD", json!(9))])).await;
    one.done(remove("2")).await;
    one.done(save(&json!({ "_id": "3", "a": 9 }))).await;
    assert_eq!(two.matching(&json!({ "a": 1 })).await, ["1", "2", "3"]);
    assert_eq!(two.matching(&json!({ "whose": 2 })).await, ["1", "2", "3"]);
    two.done(remove("3")).await;
    assert_eq!(one.matching(&json!({ "a": 9 })).await, ["1", "3"]);
}

async fn unique_values_are_each_instances_own(place: &Place) {
    let (one, two) = two(place).await;
    let taken = save(&json!({ "_id": "9", "u": "3" }));
    one.done(taken.clone()).await;
    assert_eq!(two.refused(taken).await, DataCode::UniqueViolated);
    one.done(remove("9")).await;
    let again = save(&json!({ "_id": "9", "u": "3" }));
    assert_eq!(two.refused(again).await, DataCode::UniqueViolated);
}

async fn links_stay_within_an_instance(place: &Place) {
    let (one, two) = two(place).await;
    let link = || Link {
        field: "tags".into(),
        item_id: "1".into(),
        referenced_id: "2".into(),
    };
    for table in [&one, &two] {
        assert!(
            table
                .store
                .insert_links(&table.of, vec![link()])
                .await
                .unwrap()[0]
                .is_ok()
        );
    }
    one.store.delete_links(&one.of, vec![link()]).await.unwrap();
    assert!(two.store.is_linked(&two.of, &link()).await.unwrap());
    assert!(!one.store.is_linked(&one.of, &link()).await.unwrap());
    let wanted = ReferenceQuery {
        field: "tags".into(),
        item_ids: vec!["1".into()],
        direction: Direction::Ascending,
        after: None,
        offset: 0,
        limit: 9,
        each: 9,
    };
    assert_eq!(one.store.list_links(&one.of, wanted).await.unwrap(), []);
    assert_eq!(one.matching(&json!({ "tags": "2" })).await, [""; 0]);
    assert_eq!(two.matching(&json!({ "tags": "2" })).await, ["1"]);
    one.done(remove("2")).await;
    one.store
        .replace_links(&one.of, "tags", "1", Vec::new())
        .await
        .unwrap();
    assert!(two.store.is_linked(&two.of, &link()).await.unwrap());
}

async fn emptying_and_deleting_stays_within_an_instance(place: &Place) {
    let (mut one, two) = two(place).await;
    one.redefine(&json!({})).await.unwrap();
    assert_eq!(two.matching(&json!({ "a": 1 })).await, ["1", "2", "3"]);
    one.store.delete_items(&one.of).await.unwrap();
    assert!(one.store.delete_collection(instance(1), "c").await.unwrap());
    assert_eq!(two.matching(&json!({ "a": 1, "b": 2 })).await, ["1", "2"]);
    assert_eq!(two.matching(&json!({ "u": "3" })).await, ["3"]);
    two.done(update(&json!({ "_id": "1", "u": "4" }))).await;
}

async fn an_instance_without_the_collection_has_none_of_it(place: &Place) {
    let (one, _) = two(place).await;
    let mut stranger = one.clone();
    stranger.of.instance_id = instance(3);
    assert!(
        one.store
            .find_collection(instance(3), "c")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(stranger.matching(&json!({})).await, [""; 0]);
    assert_eq!(stranger.matching(&json!({ "a": 1 })).await, [""; 0]);
    assert_eq!(stranger.item("1").await, None);
    let write = stranger
        .store
        .commit(&stranger.of, crate::table::batch(vec![remove("1")]))
        .await;
    assert!(write.is_err(), "there is no such collection");
}
