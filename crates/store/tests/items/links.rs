//! Links of multi-reference fields, and what becomes of them.

use backlot_store::StoreError;
use backlot_store::items::link::ReferenceQuery;
use backlot_store::items::mutation::Document;
use backlot_store::items::{Link, Mutation};
use backlot_wix::data::{DataCode, Direction, limits};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, batch, content, insert, instance, patch, remove, update};

on_every_database! {
    links_are_made_once_and_taken_away_once
    links_come_in_the_order_in_which_they_were_made_or_backwards
    a_page_of_links_counts_those_of_all_items_together
    a_patch_changes_links
    an_insert_and_an_update_replace_links_only_where_they_name_them
    links_go_with_the_item_that_refers_and_with_the_one_that_is_referred_to
    links_go_with_all_items_and_with_the_collection
    replaced_links_are_the_only_ones
    a_field_holds_so_many_links
    an_item_that_many_refer_to_goes_with_all_links
}

fn reference(key: &str, to: &str) -> Json {
    json!({
        "key": key, "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": to } },
    })
}

/// `c` with `tags` to `t` and `peers` to itself, and `t`.
async fn tables(place: &Place) -> (Table, Table) {
    let store = place.open().await;
    let fields = json!({ "fields": [reference("tags", "t"), reference("peers", "c")] });
    let items = Table::create(&store, 1, &fields).await;
    let tags = Table::create(&store, 1, &json!({ "id": "t" })).await;
    items
        .insert_all(&["1", "2", "3"].map(|id| json!({ "_id": id })))
        .await;
    tags.insert_all(&["x", "y", "z"].map(|id| json!({ "_id": id })))
        .await;
    (items, tags)
}

fn of(field: &str, item_id: &str, referenced_id: &str) -> Link {
    Link {
        field: field.to_owned(),
        item_id: item_id.to_owned(),
        referenced_id: referenced_id.to_owned(),
    }
}

async fn link(table: &Table, links: &[(&str, &str, &str)]) -> Vec<Option<DataCode>> {
    let links = links
        .iter()
        .map(|(field, item, to)| of(field, item, to))
        .collect();
    let outcomes = table.store.insert_links(&table.of, links).await.unwrap();
    outcomes
        .into_iter()
        .map(|it| it.err().map(|fault| fault.code()))
        .collect()
}

fn wanted(field: &str, items: &[&str]) -> ReferenceQuery {
    ReferenceQuery {
        field: field.to_owned(),
        item_ids: items.iter().map(|it| (*it).to_owned()).collect(),
        direction: Direction::Ascending,
        after: None,
        offset: 0,
        limit: 100,
        each: 100,
    }
}

async fn linked(table: &Table, wanted: ReferenceQuery) -> Vec<String> {
    let links = table.store.list_links(&table.of, wanted).await.unwrap();
    links
        .into_iter()
        .map(|link| link.item_id + ">" + &link.referenced_id)
        .collect()
}

async fn links_are_made_once_and_taken_away_once(place: &Place) {
    let (items, _) = tables(place).await;
    let (store, all) = (&items.store, &items.of);
    let outcomes = link(
        &items,
        &[
            ("tags", "1", "x"),
            ("tags", "1", "x"),
            ("peers", "1", "x"),
            ("tags", "2", "nowhere"),
        ],
    )
    .await;
    assert_eq!(
        outcomes,
        [None, Some(DataCode::ReferenceExists), None, None]
    );
    assert!(store.is_linked(all, &of("tags", "1", "x")).await.unwrap());
    assert!(!store.is_linked(all, &of("tags", "x", "1")).await.unwrap());
    let gone = vec![
        of("tags", "1", "x"),
        of("tags", "1", "x"),
        of("tags", "1", "y"),
    ];
    let outcomes = store.delete_links(all, gone).await.unwrap();
    assert!(outcomes[0].is_ok());
    for outcome in &outcomes[1..] {
        assert_eq!(
            outcome.as_ref().unwrap_err().code(),
            DataCode::ReferenceMissing
        );
    }
    assert!(!store.is_linked(all, &of("tags", "1", "x")).await.unwrap());
    assert!(store.is_linked(all, &of("peers", "1", "x")).await.unwrap());
}

async fn links_come_in_the_order_in_which_they_were_made_or_backwards(place: &Place) {
    let (items, _) = tables(place).await;
    link(
        &items,
        &[("tags", "1", "z"), ("tags", "1", "x"), ("tags", "1", "y")],
    )
    .await;
    assert_eq!(
        linked(&items, wanted("tags", &["1"])).await,
        ["1>z", "1>x", "1>y"]
    );
    let backwards = ReferenceQuery {
        direction: Direction::Descending,
        ..wanted("tags", &["1"])
    };
    assert_eq!(linked(&items, backwards).await, ["1>y", "1>x", "1>z"]);
    items
        .store
        .delete_links(&items.of, vec![of("tags", "1", "z")])
        .await
        .unwrap();
    link(&items, &[("tags", "1", "z")]).await;
    assert_eq!(
        linked(&items, wanted("tags", &["1"])).await,
        ["1>x", "1>y", "1>z"]
    );
}

async fn a_page_of_links_counts_those_of_all_items_together(place: &Place) {
    let (items, _) = tables(place).await;
    for item in ["1", "2", "3"] {
        link(
            &items,
            &[
                ("tags", item, "x"),
                ("tags", item, "y"),
                ("tags", item, "z"),
            ],
        )
        .await;
    }
    let page = |offset, limit, each| ReferenceQuery {
        after: None,
        offset,
        limit,
        each,
        ..wanted("tags", &["2", "none", "1"])
    };
    assert_eq!(linked(&items, page(2, 2, 9)).await, ["2>z", "1>x"]);
    assert_eq!(linked(&items, page(0, 9, 1)).await, ["2>x", "1>x"]);
    assert_eq!(linked(&items, page(5, 9, 9)).await, ["1>z"]);
    assert_eq!(linked(&items, page(6, 9, 9)).await, [""; 0]);
    assert_eq!(linked(&items, page(0, 0, 9)).await, [""; 0]);
}

async fn a_patch_changes_links(place: &Place) {
    let (items, _) = tables(place).await;
    let all = async || linked(&items, wanted("tags", &["1"])).await;
    items
        .done(patch(
            "1",
            &[("tags", "SET_FIELD", json!(["z", { "_id": "x" }, "z"]))],
        ))
        .await;
    assert_eq!(all().await, ["1>z", "1>x"]);
    let both = [
        ("tags", "APPEND_TO_ARRAY", json!("y")),
        ("tags", "REMOVE_FROM_ARRAY", json!("z")),
    ];
    items.done(patch("1", &both)).await;
    assert_eq!(all().await, ["1>x", "1>y"]);
    for (action, value) in [
        ("SET_FIELD", json!("x")),
        ("SET_FIELD", json!([1])),
        ("INCREMENT_FIELD", json!(1)),
    ] {
        let refused = items.refused(patch("1", &[("tags", action, value)])).await;
        assert_eq!(refused, DataCode::NotAnArrayOfIds);
    }
    assert_eq!(all().await, ["1>x", "1>y"]);
    assert_eq!(
        items.field("1", "tags").await,
        Json::Null,
        "what is linked is no part of the item"
    );
    items
        .done(patch("1", &[("tags", "REMOVE_FIELD", json!(null))]))
        .await;
    assert_eq!(all().await, [""; 0]);
}

async fn an_insert_and_an_update_replace_links_only_where_they_name_them(place: &Place) {
    let (items, _) = tables(place).await;
    let with = |id: &str, tags: &[&str]| {
        let mut content = content(&json!({ "_id": id }));
        let tags = tags.iter().map(|it| (*it).to_owned()).collect();
        content.links = vec![("tags".to_owned(), tags)];
        content
    };
    items
        .done(Mutation::Insert(with("4", &["y", "x", "y"])))
        .await;
    link(&items, &[("peers", "4", "1")]).await;
    assert_eq!(linked(&items, wanted("tags", &["4"])).await, ["4>y", "4>x"]);
    items.done(update(&json!({ "_id": "4", "a": 1 }))).await;
    assert_eq!(linked(&items, wanted("tags", &["4"])).await, ["4>y", "4>x"]);
    items.done(Mutation::Save(with("4", &["z"]))).await;
    assert_eq!(linked(&items, wanted("tags", &["4"])).await, ["4>z"]);
    assert_eq!(linked(&items, wanted("peers", &["4"])).await, ["4>1"]);
    let again = Mutation::Insert(with("4", &["x"]));
    assert_eq!(items.refused(again).await, DataCode::ItemExists);
    assert_eq!(linked(&items, wanted("tags", &["4"])).await, ["4>z"]);
}

async fn links_go_with_the_item_that_refers_and_with_the_one_that_is_referred_to(place: &Place) {
    let (items, tags) = tables(place).await;
    link(
        &items,
        &[
            ("tags", "1", "x"),
            ("tags", "2", "x"),
            ("tags", "1", "y"),
            ("peers", "2", "1"),
            ("peers", "1", "1"),
        ],
    )
    .await;
    tags.done(remove("x")).await;
    assert_eq!(linked(&items, wanted("tags", &["1", "2"])).await, ["1>y"]);
    items.done(remove("1")).await;
    items.insert_all(&[json!({ "_id": "1" })]).await;
    assert_eq!(linked(&items, wanted("tags", &["1", "2"])).await, [""; 0]);
    assert_eq!(linked(&items, wanted("peers", &["1", "2"])).await, [""; 0]);
}

async fn links_go_with_all_items_and_with_the_collection(place: &Place) {
    let (items, tags) = tables(place).await;
    let some = [("tags", "1", "x"), ("tags", "2", "y"), ("peers", "1", "2")];
    link(&items, &some).await;
    tags.store.delete_items(&tags.of).await.unwrap();
    assert_eq!(linked(&items, wanted("tags", &["1", "2"])).await, [""; 0]);
    assert_eq!(linked(&items, wanted("peers", &["1", "2"])).await, ["1>2"]);
    link(&items, &some).await;
    items.store.delete_items(&items.of).await.unwrap();
    assert_eq!(linked(&items, wanted("peers", &["1", "2"])).await, [""; 0]);
    link(&items, &some).await;
    assert!(
        items
            .store
            .delete_collection(instance(1), "t")
            .await
            .unwrap()
    );
    assert_eq!(linked(&items, wanted("tags", &["1", "2"])).await, [""; 0]);
}

async fn replaced_links_are_the_only_ones(place: &Place) {
    let (items, _) = tables(place).await;
    link(
        &items,
        &[("tags", "1", "x"), ("tags", "2", "x"), ("peers", "1", "x")],
    )
    .await;
    let new = ["z", "y", "z"].map(str::to_owned).to_vec();
    items
        .store
        .replace_links(&items.of, "tags", "1", new)
        .await
        .unwrap();
    assert_eq!(
        linked(&items, wanted("tags", &["1", "2"])).await,
        ["1>z", "1>y", "2>x"]
    );
    assert_eq!(linked(&items, wanted("peers", &["1"])).await, ["1>x"]);
    items
        .store
        .replace_links(&items.of, "tags", "1", Vec::new())
        .await
        .unwrap();
    assert_eq!(items.matching(&json!({ "tags": null })).await, ["1", "3"]);
    items.done(insert(&json!({ "_id": "4" }))).await;
}

async fn a_field_holds_so_many_links(place: &Place) {
    let (items, _) = tables(place).await;
    let most = limits::LINKS_OF_FIELD;
    let ids = |count: usize| (0..count).map(|it| format!("r{it}")).collect::<Vec<_>>();
    let set = |count: usize| patch("1", &[("tags", "SET_FIELD", json!(ids(count)))]);
    assert_eq!(items.refused(set(most + 1)).await, DataCode::Invalid);
    items.done(set(most - 1)).await;
    let more = [("tags", "1", "x"), ("tags", "1", "y"), ("tags", "2", "y")];
    assert_eq!(
        link(&items, &more).await,
        [None, Some(DataCode::Invalid), None]
    );
    let append = items.store.commit(
        &items.of,
        batch(vec![patch("1", &[("tags", "APPEND_TO_ARRAY", json!("y"))])]),
    );
    let fault = match append.await {
        Ok(mut outcomes) => outcomes.remove(0).unwrap_err(),
        Err(StoreError::Rejected(fault)) => fault,
        Err(error) => unreachable!("{error}"),
    };
    assert_eq!(fault.code(), DataCode::Invalid);
    // In the place of others they have room.
    items.done(set(most)).await;
    let all = ReferenceQuery {
        limit: u32::MAX,
        each: u32::MAX,
        ..wanted("tags", &["1"])
    };
    assert_eq!(linked(&items, all).await.len(), most);
    let too_many = Mutation::Insert(Document {
        links: vec![("tags".to_owned(), ids(most + 1))],
        ..content(&json!({ "_id": "4" }))
    });
    assert_eq!(items.refused(too_many).await, DataCode::Invalid);
}

/// All of them went in one turn of SQLite's writer.
async fn an_item_that_many_refer_to_goes_with_all_links(place: &Place) {
    let (items, _) = tables(place).await;
    let names: Vec<Json> = (0..1_200)
        .map(|number| json!({ "_id": format!("n{number}") }))
        .collect();
    items.insert_all(&names).await;
    let links: Vec<Link> = (0..1_200)
        .map(|number| of("peers", &format!("n{number}"), "1"))
        .collect();
    for outcome in items.store.insert_links(&items.of, links).await.unwrap() {
        outcome.unwrap();
    }
    let outcomes = items
        .write(vec![remove("1"), remove("2"), remove("none")])
        .await;
    let codes = crate::table::codes(&outcomes);
    assert_eq!(codes, [None, None, Some(DataCode::ItemMissing)]);
    let gone = of("peers", "n7", "1");
    assert!(!items.store.is_linked(&items.of, &gone).await.unwrap());
}
