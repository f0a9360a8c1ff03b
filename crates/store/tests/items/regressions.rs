//! What once went wrong, each in its smallest form.

use backlot_store::items::{ItemQuery, Link};
use backlot_wix::data::DataCode;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{
    Table, codes, definition, filter, insert, instance, or_rejection, patch, remove,
};

on_every_database! {
    an_index_without_case_finds_what_compares_with_case
    a_list_of_two_long_texts_that_begin_alike_is_found_once
    an_index_that_cannot_be_built_leaves_the_others_as_they_were
    a_declaration_that_cannot_be_done_is_not_half_done
    a_greek_word_is_found_by_its_beginning
    an_id_that_is_taken_is_said_before_a_value_that_is
    an_index_on_links_hides_nothing
    links_are_asked_for_by_thousands
    a_list_of_ids_with_null_in_it_finds_what_is_not_linked
    no_patch_makes_an_item_that_cannot_be_read
    items_written_while_a_declaration_hid_their_collection_are_found_after_it
    what_is_missing_is_not_lost_by_a_negation
}

fn index(path: &str) -> Json {
    json!({ "name": path, "fields": [{ "path": path }] })
}

async fn an_index_without_case_finds_what_compares_with_case(place: &Place) {
    let mut index = index("a");
    index["caseInsensitive"] = json!(true);
    let table = Table::create(&place.open().await, 1, &json!({ "indexes": [index] })).await;
    let items = [
        json!({ "_id": "1", "a": "a" }),
        json!({ "_id": "2", "a": "C" }),
    ];
    table.insert_all(&items).await;
    assert_eq!(
        table.matching(&json!({ "a": { "$gt": "B" } })).await,
        ["1", "2"]
    );
    assert_eq!(table.matching(&json!({ "a": { "$lt": "a" } })).await, ["2"]);
    assert_eq!(table.matching(&json!({ "a": "A" })).await, [""; 0]);
}

async fn a_list_of_two_long_texts_that_begin_alike_is_found_once(place: &Place) {
    let store = place.open().await;
    let table = Table::create(&store, 1, &json!({ "indexes": [index("a")] })).await;
    let (one, two) = ("x".repeat(1000) + "1", "x".repeat(1000) + "2");
    table
        .insert_all(&[json!({ "_id": "1", "a": [one, two] })])
        .await;
    assert_eq!(table.matching(&json!({ "a": one })).await, ["1"]);
}

async fn an_index_that_cannot_be_built_leaves_the_others_as_they_were(place: &Place) {
    let store = place.open().await;
    let mut table = Table::create(&store, 1, &json!({ "indexes": [index("a")] })).await;
    let items = [
        json!({ "_id": "1", "a": 1, "b": 1 }),
        json!({ "_id": "2", "a": 2, "b": 1 }),
    ];
    table.insert_all(&items).await;
    let mut unique = index("b");
    unique["unique"] = json!(true);
    let refused = table.redefine(&json!({ "indexes": [unique] })).await;
    assert_eq!(refused.unwrap_err().code(), DataCode::UniqueViolated);
    assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1"]);
}

async fn a_declaration_that_cannot_be_done_is_not_half_done(place: &Place) {
    let store = place.open().await;
    let plain = definition(&json!({}));
    store.declare_collections(vec![plain], false).await.unwrap();
    let table = Table::open(&store, 1, "c").await;
    let twice = [json!({ "_id": "1", "a": 1 }), json!({ "_id": "2", "a": 1 })];
    table.insert_all(&twice).await;
    let other = definition(&json!({ "id": "other" }));
    let field = json!({ "key": "a", "type": "ANY", "unique": true });
    let unique = definition(&json!({ "fields": [field] }));
    let refused = store.declare_collections(vec![other, unique], false).await;
    assert_eq!(
        or_rejection(refused).unwrap_err().code(),
        DataCode::UniqueViolated
    );
    let declared = store.list_declared_collections().await.unwrap();
    let ids: Vec<&str> = declared.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["c"], "neither of the two");
}

async fn a_greek_word_is_found_by_its_beginning(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    table
        .insert_all(&[
            json!({ "_id": "1", "a": "ΟΣΑ" }),
            json!({ "_id": "2", "a": "ΟΔΟΣ" }),
        ])
        .await;
    assert_eq!(
        table
            .matching(&json!({ "a": { "$startsWith": "ΟΣ" } }))
            .await,
        ["1"]
    );
    assert_eq!(
        table.matching(&json!({ "a": { "$endsWith": "σ" } })).await,
        ["2"]
    );
    assert_eq!(
        table.matching(&json!({ "a": { "$contains": "ς" } })).await,
        ["1", "2"]
    );
}

async fn an_id_that_is_taken_is_said_before_a_value_that_is(place: &Place) {
    let field = json!({ "key": "u", "type": "ANY", "unique": true });
    let table = Table::create(&place.open().await, 1, &json!({ "fields": [field] })).await;
    let item = json!({ "_id": "1", "u": 1 });
    let outcomes = table.write(vec![insert(&item), insert(&item)]).await;
    assert_eq!(codes(&outcomes), [None, Some(DataCode::ItemExists)]);
    assert_eq!(table.refused(insert(&item)).await, DataCode::ItemExists);
}

const TAGS: &str = r#"{ "key": "tags", "type": "MULTI_REFERENCE",
    "typeMetadata": { "multiReference": { "referencedCollectionId": "t" } } }"#;

async fn with_tags(place: &Place, indexes: &[Json]) -> Table {
    let tags: Json = serde_json::from_str(TAGS).unwrap();
    let more = json!({ "fields": [tags], "indexes": indexes });
    let table = Table::create(&place.open().await, 1, &more).await;
    table
        .insert_all(&[json!({ "_id": "1" }), json!({ "_id": "2" })])
        .await;
    table
}

async fn link(table: &Table, item_id: &str, referenced: impl Iterator<Item = String>) {
    let one = |referenced_id| Link {
        field: "tags".to_owned(),
        item_id: item_id.to_owned(),
        referenced_id,
    };
    let links = referenced.map(one).collect();
    let outcomes = table.store.insert_links(&table.of, links).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
}

async fn an_index_on_links_hides_nothing(place: &Place) {
    let table = with_tags(place, &[index("tags")]).await;
    link(&table, "1", ["x".to_owned()].into_iter()).await;
    assert_eq!(table.matching(&json!({ "tags": "x" })).await, ["1"]);
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$in": ["x", "y"] } }))
            .await,
        ["1"]
    );
    assert_eq!(table.matching(&json!({ "tags": null })).await, ["2"]);
}

async fn links_are_asked_for_by_thousands(place: &Place) {
    let table = with_tags(place, &[]).await;
    let many: Vec<String> = (0..1_100).map(|number| format!("t{number}")).collect();
    link(&table, "1", many.iter().cloned()).await;
    link(&table, "2", many[1..].iter().cloned()).await;
    let twice = [&many[..], &many[..10]].concat();
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$hasAll": twice } }))
            .await,
        ["1"]
    );
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$hasSome": many } }))
            .await,
        ["1", "2"]
    );
    let parts: Vec<Json> = many
        .iter()
        .map(|id| json!({ "tags": { "$ne": id } }))
        .collect();
    assert_eq!(table.matching(&json!({ "$or": parts })).await, ["2"]);
}

async fn a_list_of_ids_with_null_in_it_finds_what_is_not_linked(place: &Place) {
    let table = with_tags(place, &[]).await;
    link(&table, "1", ["x".to_owned()].into_iter()).await;
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$in": ["x", null] } }))
            .await,
        ["1", "2"]
    );
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$hasAll": [null] } }))
            .await,
        ["2"]
    );
    assert_eq!(
        table
            .matching(&json!({ "tags": { "$hasAll": [null, "x"] } }))
            .await,
        [""; 0]
    );
}

async fn no_patch_makes_an_item_that_cannot_be_read(place: &Place) {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let deep: Json = serde_json::from_str(&("[".repeat(100) + &"]".repeat(100))).unwrap();
    table.insert_all(&[json!({ "_id": "1" })]).await;
    let path = ["a"; 32].join(".");
    let outcomes = table
        .write(vec![patch("1", &[(&path, "SET_FIELD", deep)])])
        .await;
    assert_eq!(codes(&outcomes), [Some(DataCode::Invalid)]);
    assert_eq!(table.matching(&json!({ "a.b": 1 })).await, [""; 0]);
    table.done(remove("1")).await;
}

async fn items_written_while_a_declaration_hid_their_collection_are_found_after_it(place: &Place) {
    let store = place.open().await;
    let own = Table::create(&store, 1, &json!({ "indexes": [index("a")] })).await;
    own.insert_all(&[json!({ "_id": "1", "a": 1 }), json!({ "_id": "2", "a": 1 })])
        .await;
    let declared = definition(&json!({}));
    store
        .declare_collections(vec![declared], false)
        .await
        .unwrap();
    let table = Table::open(&store, 1, "c").await;
    table.insert_all(&[json!({ "_id": "3", "a": 1 })]).await;
    table.done(remove("2")).await;
    store.declare_collections(Vec::new(), false).await.unwrap();
    let found = store.find_collection(instance(1), "c").await.unwrap();
    assert_eq!(
        found.unwrap().definition.indexes.len(),
        1,
        "it is the instance's own again"
    );
    let table = Table::open(&store, 1, "c").await;
    assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1", "3"]);
    let find = ItemQuery::all(filter(&json!({ "a": 2 })), 10);
    assert_eq!(table.find(find).await, [""; 0]);
}

/// Three-valued logic: NULL is neither true nor false, and so is its negation.
async fn what_is_missing_is_not_lost_by_a_negation(place: &Place) {
    let tags = json!({
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } },
    });
    let table = Table::create(&place.open().await, 1, &json!({ "fields": [tags] })).await;
    let mut ann = crate::table::batch(vec![insert(&json!({ "_id": "ann's", "a": 1 }))]);
    ann.author.owner = Some("ann".to_owned());
    table
        .store
        .commit(&table.of, ann)
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    let nobody = [
        json!({ "_id": "nobody's", "a": null }),
        json!({ "_id": "bare" }),
    ];
    table.insert_all(&nobody).await;
    let none = json!({ "tags": { "$hasSome": ["none"] } });
    for (filter, expected) in [
        (
            json!({ "$not": { "$or": [{ "_owner": "x" }, none] } }),
            &["ann's", "nobody's", "bare"][..],
        ),
        (
            json!({ "$not": { "$or": [{ "_owner": "ann" }, none] } }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "$not": { "_owner": "ann" } }),
            &["nobody's", "bare"],
        ),
        (json!({ "_owner": { "$ne": "ann" } }), &["nobody's", "bare"]),
        (
            json!({ "_owner": { "$ne": "ann" }, "tags": { "$nin": ["none"] } }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "$not": [{ "_owner": "ann", "tags": "none" }] }),
            &["ann's", "nobody's", "bare"],
        ),
        (
            json!({ "$nor": [{ "_owner": "x" }, none, { "a": 1 }] }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "$not": { "$and": [{ "_owner": "ann" }, { "a": 1 }, { "tags": null }] } }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "$not": { "$not": { "_owner": "ann" } } }),
            &["ann's"],
        ),
        (
            json!({ "$or": [{ "$not": { "_owner": "ann" } }, none] }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "_owner": null, "tags": { "$ne": "none" } }),
            &["nobody's", "bare"],
        ),
        (
            json!({ "$not": { "$or": [{ "_id": "x" }, none] } }),
            &["ann's", "nobody's", "bare"],
        ),
    ] {
        assert_eq!(table.matching(&filter).await, expected, "{filter}");
    }
}
