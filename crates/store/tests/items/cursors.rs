//! A place never comes to stand for something else, whatever goes and comes meanwhile.

use backlot_store::items::link::{PlacedLink, ReferenceQuery};
use backlot_store::items::{ItemQuery, Link, Position};
use backlot_wix::data::{Direction, Filter};
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, insert, remove};

on_every_database! {
    what_is_inserted_after_others_are_gone_comes_after_their_places
    places_are_not_given_again_after_all_is_gone
    links_made_after_others_are_gone_come_after_their_places
    a_page_of_links_begins_behind_a_place_of_the_first_item
}

fn after(sequence: i64) -> ItemQuery {
    ItemQuery {
        after: Some(Position {
            values: Vec::new(),
            sequence,
        }),
        ..ItemQuery::all(Filter::all(), 10)
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
    store.delete_items(&table.of).await.unwrap();
    table.done(insert(&json!({ "_id": "4" }))).await;
    assert!(table.store_item("4").await.sequence > last);
    // Another program that opens the same database goes on where the first was.
    let again = place.open().await;
    table.done(remove("4")).await;
    let table = Table::open(&again, 1, "c").await;
    table.done(insert(&json!({ "_id": "5" }))).await;
    assert!(table.store_item("5").await.sequence > last + 1);
}

fn link(item_id: &str, referenced_id: &str) -> Link {
    Link {
        field: "tags".to_owned(),
        item_id: item_id.to_owned(),
        referenced_id: referenced_id.to_owned(),
    }
}

async fn linked(place: &Place) -> Table {
    let fields = json!([{
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "t" } },
    }]);
    let table = Table::create(&place.open().await, 1, &json!({ "fields": fields })).await;
    table
        .insert_all(&["1", "2"].map(|id| json!({ "_id": id })))
        .await;
    table
}

async fn page(table: &Table, direction: Direction, after: Option<i64>) -> Vec<PlacedLink> {
    let wanted = ReferenceQuery {
        field: "tags".to_owned(),
        item_ids: vec!["1".to_owned(), "2".to_owned()],
        direction,
        after,
        offset: 0,
        limit: 10,
        each: 10,
    };
    table
        .store
        .list_placed_links(&table.of, wanted)
        .await
        .unwrap()
}

fn names(links: &[PlacedLink]) -> Vec<&str> {
    let names = links.iter().map(|it| it.link.referenced_id.as_str());
    names.collect()
}

async fn links_made_after_others_are_gone_come_after_their_places(place: &Place) {
    let table = linked(place).await;
    let links = ["a", "b", "c", "d"].map(|to| link("1", to)).to_vec();
    table.store.insert_links(&table.of, links).await.unwrap();
    let second = page(&table, Direction::Ascending, None).await[1].sequence;
    let gone = ["d", "c", "b"].map(|to| link("1", to)).to_vec();
    table.store.delete_links(&table.of, gone).await.unwrap();
    let new = ["e", "f"].map(|to| link("1", to)).to_vec();
    table.store.insert_links(&table.of, new).await.unwrap();
    let next = page(&table, Direction::Ascending, Some(second)).await;
    assert_eq!(names(&next), ["e", "f"]);
}

async fn a_page_of_links_begins_behind_a_place_of_the_first_item(place: &Place) {
    let table = linked(place).await;
    let links = [("1", "a"), ("2", "x"), ("1", "b"), ("1", "c"), ("2", "y")];
    let links = links.map(|(item, to)| link(item, to)).to_vec();
    table.store.insert_links(&table.of, links).await.unwrap();
    let all = page(&table, Direction::Ascending, None).await;
    assert_eq!(names(&all), ["a", "b", "c", "x", "y"]);
    let rest = page(&table, Direction::Ascending, Some(all[1].sequence)).await;
    assert_eq!(names(&rest), ["c", "x", "y"]);
    let back = page(&table, Direction::Descending, Some(all[1].sequence)).await;
    assert_eq!(names(&back), ["a", "y", "x"]);
}
