//! Every hot statement goes by an index: what a store runs is overheard, and its plan is looked at.
//!
//! SQLite only. The statements themselves are the store's; none is repeated here.

use backlot_store::items::link::ReferenceQuery;
use backlot_store::items::{ItemQuery, Link};
use backlot_wix::data::{Direction, FieldPath, Sort};
use serde_json::{Value as Json, json};

use crate::overheard::Overheard;
use crate::table::{filter, insert, patch, remove, update};

fn sorted(by: &[(&str, Direction)], of: &Json, limit: u32) -> ItemQuery {
    let sort = |(path, direction): &(&str, Direction)| Sort {
        path: FieldPath::parse(path).unwrap(),
        direction: *direction,
    };
    ItemQuery {
        sorts: by.iter().map(sort).collect(),
        ..ItemQuery::all(filter(of), limit)
    }
}

#[tokio::test]
async fn reads_go_by_an_index() {
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    table.item("i1").await;
    overheard.only_searches("one item");
    table
        .store
        .find_items(&table.of, vec!["i1".into(), "i2".into()])
        .await
        .unwrap();
    overheard.only_searches("items by their ids");
    let page = ItemQuery::all(filter(&json!({})), 20);
    let last = table
        .store
        .query_items(&table.of, page.clone())
        .await
        .unwrap()
        .pop()
        .unwrap();
    overheard.only_searches("a page in the order of insertion");
    let after = Some(page.position(&last.object().unwrap(), last.sequence));
    table
        .find(ItemQuery {
            after,
            ..page.clone()
        })
        .await;
    overheard.only_searches("the next page");
    table
        .find(ItemQuery {
            backwards: true,
            ..page
        })
        .await;
    overheard.only_searches("the last page");
}

#[tokio::test]
async fn a_piece_of_a_build_goes_by_an_index() {
    let overheard = Overheard::open().await;
    let mut table = overheard.table.clone();
    let more: Vec<Json> = (0..300)
        .map(|n| json!({ "_id": format!("m{n}"), "f": n }))
        .collect();
    table.insert_all(&more).await;
    let index = json!({ "name": "f", "fields": [{ "path": "f" }] });
    table
        .redefine(&json!({ "indexes": [index] }))
        .await
        .unwrap();
    overheard.plans();
    let id = table.of.instance_id;
    while table.store.has_builds(id).await.unwrap() {
        overheard.plans();
        table.store.build_piece(id).await.unwrap();
        overheard.only_searches("a piece");
    }
    assert_eq!(table.matching(&json!({ "f": 7 })).await, ["m7"]);
}

#[tokio::test]
async fn ones_own_items_are_found_without_those_of_all_others() {
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    for of in [
        json!({ "_owner": "somebody" }),
        json!({ "_owner": "somebody", "x": { "$gt": 3 } }),
    ] {
        let page = ItemQuery::all(filter(&of), 20);
        let backwards = ItemQuery {
            backwards: true,
            ..page.clone()
        };
        for find in [page, backwards] {
            table.find(find).await;
            let plans = overheard.plans();
            let steps = plans.last().map(|(_, steps)| &steps[..]);
            let by_owner = "SEARCH i USING INDEX items_of_owners \
                            (instance_id=? AND collection=? AND owner=?)";
            assert_eq!(steps, Some(&[by_owner.to_owned()][..]), "{of}: {plans:#?}");
        }
    }
}

#[tokio::test]
async fn queries_of_indexed_fields_go_by_their_index_and_sort_nothing() {
    use Direction::{Ascending, Descending};
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    for (what, find) in [
        ("a value", sorted(&[], &json!({ "a": 7 }), 50)),
        ("a unique value", sorted(&[], &json!({ "u": 7 }), 50)),
        (
            "a range in its order",
            sorted(
                &[("a", Ascending)],
                &json!({ "a": { "$gte": 5, "$lt": 50 } }),
                20,
            ),
        ),
        (
            "a range against its order",
            sorted(&[("a", Descending)], &json!({ "a": { "$gt": 5 } }), 20),
        ),
        (
            "an order alone",
            sorted(&[("a", Descending)], &json!({}), 20),
        ),
        (
            "a value and an order",
            sorted(&[("e", Descending)], &json!({ "d": 1 }), 20),
        ),
        ("two values", sorted(&[], &json!({ "b": 1, "c": 2 }), 20)),
        (
            "two orders",
            sorted(&[("b", Ascending), ("c", Descending)], &json!({}), 20),
        ),
    ] {
        let found = table
            .store
            .query_items(&table.of, find.clone())
            .await
            .unwrap();
        assert!(!found.is_empty(), "{what}");
        let last = found.last().unwrap();
        let plans = overheard.plans();
        let by_keys = plans.iter().any(|(_, steps)| {
            steps
                .iter()
                .any(|it| it.starts_with("SEARCH k USING PRIMARY KEY"))
        });
        assert!(by_keys, "{what}: {plans:#?}");
        let scans = plans.iter().flat_map(|(_, steps)| steps);
        let bad = |step: &&String| {
            step.contains("SCAN i") || step.contains("SCAN k") || step.contains("items_")
        };
        assert_eq!(scans.clone().find(bad), None, "{what}: {plans:#?}");
        if !find.sorts.is_empty() {
            assert_eq!(
                scans.clone().find(|step| step.contains("TEMP B-TREE")),
                None,
                "{what}: {plans:#?}"
            );
        }
        let after = Some(find.position(&last.object().unwrap(), last.sequence));
        table.find(ItemQuery { after, ..find }).await;
        if what != "a value" && what != "a unique value" && what != "two values" {
            overheard.only_searches(what);
        }
        overheard.plans();
    }
}

#[tokio::test]
async fn several_values_and_counts_go_by_their_index() {
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    for of in [
        json!({ "a": { "$in": [1, 2, 3] } }),
        json!({ "a": { "$lt": 9 } }),
        json!({ "b": { "$in": [1, 2] }, "c": 3 }),
    ] {
        assert!(!table.matching(&of).await.is_empty());
        for (sql, steps) in overheard.plans() {
            let scanned = steps
                .iter()
                .find(|it| it.starts_with("SCAN i") || it.contains("items_"));
            assert_eq!(scanned, None, "{of}: {steps:#?} of {sql}");
        }
    }
}

#[tokio::test]
async fn writes_go_by_an_index() {
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    table
        .done(insert(&json!({ "_id": "new", "a": 1, "b": 1, "u": "new" })))
        .await;
    overheard.only_searches("an insert, and whether its value is unique");
    table
        .done(update(
            &json!({ "_id": "new", "a": 2, "b": 2, "u": "newer" }),
        ))
        .await;
    overheard.only_searches("an update");
    table
        .done(patch(
            "new",
            &[
                ("a", "INCREMENT_FIELD", json!(1)),
                ("tags", "APPEND_TO_ARRAY", json!("i1")),
            ],
        ))
        .await;
    overheard.only_searches("a patch");
    table.done(remove("new")).await;
    overheard.only_searches("a remove, with all links to and from the item");
}

#[tokio::test]
async fn links_go_by_an_index() {
    let overheard = Overheard::open().await;
    let table = &overheard.table;
    let link = Link {
        field: "tags".into(),
        item_id: "i1".into(),
        referenced_id: "i2".into(),
    };
    table
        .store
        .insert_links(&table.of, vec![link.clone()])
        .await
        .unwrap();
    overheard.only_searches("linking");
    table.store.is_linked(&table.of, &link).await.unwrap();
    overheard.only_searches("whether items are linked");
    for direction in [Direction::Ascending, Direction::Descending] {
        let (field, item_ids) = ("tags".into(), vec!["i1".into()]);
        let wanted = ReferenceQuery {
            field,
            item_ids,
            direction,
            after: None,
            offset: 0,
            limit: 50,
            each: 50,
        };
        table.store.list_links(&table.of, wanted).await.unwrap();
        overheard.only_searches("the links of an item");
    }
    table
        .store
        .replace_links(&table.of, "tags", "i1", vec!["i3".into()])
        .await
        .unwrap();
    overheard.only_searches("replacing links");
    table
        .store
        .delete_links(&table.of, vec![link])
        .await
        .unwrap();
    overheard.only_searches("unlinking");
}
