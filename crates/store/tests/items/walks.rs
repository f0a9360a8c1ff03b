//! Going through an order page by page gives all of it, each item once, in both directions.

use std::sync::atomic::{AtomicU64, Ordering};

use backlot_store::Store;
use backlot_store::items::{Item, ItemQuery, Position};
use backlot_wix::data::Filter;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use crate::filters::sort;
use crate::narrow;
use crate::oracle::condition::Condition;
use crate::oracle::{Question, SortBy};
use crate::place::Place;
use crate::property::{Verdict, cases, holds};
use crate::table::{Table, filter, ids, instance, remove};
use crate::world::{Plan, World, plan};

on_every_database! {
    pages_one_after_the_other_are_the_whole_order
    a_random_order_is_the_same_for_the_same_seed_and_holds_everything_once
    a_scan_can_be_stopped_and_given_up
}

#[derive(Debug, Clone)]
struct Walk {
    condition: Condition,
    sorts: Vec<SortBy>,
    page: usize,
    gone: Index,
}

fn walk() -> impl Strategy<Value = Walk> {
    let page = 1..5_usize;
    (narrow::condition(), narrow::sorts(), page, any::<Index>()).prop_map(
        |(condition, sorts, page, gone)| Walk {
            condition,
            sorts,
            page,
            gone,
        },
    )
}

async fn pages_one_after_the_other_are_the_whole_order(place: &Place) {
    let store = place.open().await;
    let numbers = AtomicU64::new(0);
    let worlds = || {
        (
            plan(narrow::fields, narrow::index()),
            prop::collection::vec(walk(), 1..6),
        )
    };
    holds(cases(place, 60), worlds, move |(plan, walks)| {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        check(store.clone(), number, plan, walks)
    })
    .await;
}

async fn check(store: Store, number: u64, plan: Plan, walks: Vec<Walk>) -> Verdict {
    let mut world = World::make(&store, number, &plan).await;
    for walk in walks {
        let expected = expected(&world, &walk);
        let find = ItemQuery {
            sorts: walk.sorts.iter().map(sort).collect(),
            limit: u32::try_from(walk.page).unwrap(),
            ..ItemQuery::all(filter(&walk.condition.json()), 0)
        };
        let forwards = pages(&world.table, find.clone()).await;
        prop_assert_eq!(&ids(forwards.clone()), &expected);
        let turned = ItemQuery {
            backwards: true,
            ..find.clone()
        };
        let backwards = pages(&world.table, turned.clone()).await;
        let reversed: Vec<String> = expected.iter().rev().cloned().collect();
        prop_assert_eq!(ids(backwards), reversed);
        if !forwards.is_empty() {
            let at = walk.gone.index(forwards.len());
            go_on_from_what_is_gone(&mut world, find, &forwards[at], &expected[at + 1..]).await?;
        }
    }
    Ok(())
}

fn expected(world: &World, walk: &Walk) -> Vec<String> {
    let question = Question {
        condition: walk.condition.clone(),
        sorts: walk.sorts.clone(),
        after: None,
        backwards: false,
        offset: 0,
        limit: usize::MAX,
    };
    let places = question.answer(&world.items);
    let name = |place: usize| world.items[place]["_id"].as_str().unwrap().to_owned();
    places.into_iter().map(name).collect()
}

/// A place outlives the item that stood there.
async fn go_on_from_what_is_gone(
    world: &mut World,
    mut find: ItemQuery,
    item: &Item,
    rest: &[String],
) -> Verdict {
    find.after = Some(position(&find, item));
    find.limit = 1000;
    world.table.done(remove(&item.id)).await;
    world.items.retain(|it| it["_id"] != json!(item.id));
    prop_assert_eq!(world.table.find(find).await, rest);
    Ok(())
}

fn position(find: &ItemQuery, item: &Item) -> Position {
    find.position(&item.object().unwrap(), item.sequence)
}

async fn pages(table: &Table, mut find: ItemQuery) -> Vec<Item> {
    let mut all = Vec::new();
    loop {
        let page = table
            .store
            .query_items(&table.of, find.clone())
            .await
            .unwrap();
        let Some(last) = page.last() else {
            return all;
        };
        find.after = Some(position(&find, last));
        all.extend(page);
        assert!(all.len() < 100, "the walk has an end");
    }
}

async fn hundred(place: &Place) -> Table {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let items: Vec<Json> = (0..100)
        .map(|it| json!({ "_id": format!("{it}"), "a": it % 7 }))
        .collect();
    table.insert_all(&items).await;
    table
}

async fn a_random_order_is_the_same_for_the_same_seed_and_holds_everything_once(place: &Place) {
    let table = hundred(place).await;
    let random = |seed, offset, limit| ItemQuery {
        random: Some(seed),
        offset,
        ..ItemQuery::all(Filter::all(), limit)
    };
    let first = table.find(random(5, 0, 100)).await;
    let again = [
        table.find(random(5, 0, 40)).await,
        table.find(random(5, 40, 100)).await,
    ];
    assert_eq!(first, again.concat());
    assert_ne!(first, table.find(random(6, 0, 100)).await);
    assert_ne!(first, table.find(ItemQuery::all(Filter::all(), 100)).await);
    let mut sorted = first;
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 100);
}

async fn a_scan_can_be_stopped_and_given_up(place: &Place) {
    use backlot_store::StoreError;
    use backlot_wix::data::DataError;
    use std::ops::ControlFlow;
    let table = hundred(place).await;
    let mut seen = 0;
    let mut three = |_| {
        seen += 1;
        Ok(if seen == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    };
    table
        .store
        .scan_items(&table.of, &Filter::all(), &mut three)
        .await
        .unwrap();
    assert_eq!(seen, 3);
    let mut never = |_| Err(DataError::invalid("enough"));
    let gave_up = table
        .store
        .scan_items(&table.of, &Filter::all(), &mut never)
        .await;
    assert!(matches!(gave_up, Err(StoreError::Rejected(_))));
    assert_eq!(table.of.instance_id, instance(1));
}
