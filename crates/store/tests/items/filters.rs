//! Filters: whatever the plan, what is found is what the oracle finds.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use backlot_store::Store;
use backlot_store::items::ItemQuery;
use backlot_wix::data::{Direction, FieldPath, Sort};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

use crate::oracle::condition::Condition;
use crate::oracle::values::same;
use crate::oracle::{Question, SortBy, sort_value};
use crate::place::Place;
use crate::property::{Verdict, cases, holds};
use crate::table::{filter, ids, value};
use crate::world::{Plan, World, plan};
use crate::{arbitrary, narrow};

on_every_database! {
    filters_and_orders_mean_what_they_say_whatever_the_indexes
    whatever_stands_in_an_indexed_field_is_found
}

async fn filters_and_orders_mean_what_they_say_whatever_the_indexes(place: &Place) {
    ask_worlds(place, 80, || {
        let plan = plan(arbitrary::fields, arbitrary::index());
        let question = question(arbitrary::condition(), arbitrary::sorts());
        (plan, vec((question, any::<Index>()), 1..12))
    })
    .await;
}

async fn whatever_stands_in_an_indexed_field_is_found(place: &Place) {
    ask_worlds(place, 50, || {
        let plan = plan(narrow::fields, narrow::index());
        let question = question(narrow::condition(), narrow::sorts());
        (plan, vec((question, any::<Index>()), 10..40))
    })
    .await;
}

async fn ask_worlds<S>(place: &Place, most: u32, worlds: fn() -> S)
where
    S: Strategy<Value = (Plan, Vec<(Question, Index)>)> + 'static,
{
    let store = place.open().await;
    let numbers = AtomicU64::new(0);
    holds(cases(place, most), worlds, move |(plan, questions)| {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        check(store.clone(), number, plan, questions)
    })
    .await;
}

fn question(
    condition: impl Strategy<Value = Condition>,
    sorts: impl Strategy<Value = Vec<SortBy>>,
) -> impl Strategy<Value = Question> {
    let limit = prop_oneof![Just(1000), 0..6_usize];
    let offset = prop_oneof![3 => Just(0), 1 => 0..5_usize];
    let after = prop_oneof![2 => Just(None), 1 => (0..14_usize).prop_map(Some)];
    (condition, sorts, after, any::<bool>(), offset, limit).prop_map(
        |(condition, sorts, after, backwards, offset, limit)| Question {
            condition,
            sorts,
            after,
            backwards,
            offset,
            limit,
        },
    )
}

async fn check(
    store: Store,
    number: u64,
    plan: Plan,
    questions: Vec<(Question, Index)>,
) -> Verdict {
    let world = World::make(&store, number, &plan).await;
    for (mut question, after) in questions {
        question.after = match question.after {
            Some(_) if !world.items.is_empty() => Some(after.index(world.items.len())),
            _ => None,
        };
        find_agrees(&world, &question).await?;
        question.after = None;
        question.sorts.clear();
        question.backwards = false;
        (question.offset, question.limit) = (0, usize::MAX);
        count_and_scan_agree(&world, &question).await?;
    }
    Ok(())
}

async fn find_agrees(world: &World, question: &Question) -> Verdict {
    let expected = question.answer(&world.items);
    let asked = ask(world, question);
    let found = world
        .table
        .store
        .query_items(&world.table.of, asked)
        .await
        .unwrap();
    for item in &found {
        let kept: Json = serde_json::from_str(&item.json).unwrap();
        let made = world
            .items
            .iter()
            .find(|it| it["_id"] == kept["_id"])
            .unwrap();
        for (name, value) in made.as_object().unwrap() {
            prop_assert!(
                same(value, &kept[name]),
                "{} is kept as {}",
                value,
                kept[name]
            );
        }
    }
    prop_assert_eq!(
        ids(found),
        names(world, &expected),
        "{}",
        question.condition.json()
    );
    Ok(())
}

async fn count_and_scan_agree(world: &World, question: &Question) -> Verdict {
    let expected = names(world, &question.answer(&world.items));
    let (store, of) = (&world.table.store, &world.table.of);
    let condition = filter(&question.condition.json());
    let count = store.count_items(of, &condition).await.unwrap();
    prop_assert_eq!(
        count,
        expected.len() as u64,
        "counting {}",
        question.condition.json()
    );
    let mut seen = Vec::new();
    let mut visit = |item: backlot_store::items::Item| {
        seen.push(item.id);
        Ok(ControlFlow::Continue(()))
    };
    store.scan_items(of, &condition, &mut visit).await.unwrap();
    prop_assert_eq!(seen, expected, "scanning {}", question.condition.json());
    Ok(())
}

fn names(world: &World, places: &[usize]) -> Vec<String> {
    let name = |place: &usize| world.items[*place]["_id"].as_str().unwrap().to_owned();
    places.iter().map(name).collect()
}

/// The question in the store's words.
pub(crate) fn ask(world: &World, question: &Question) -> ItemQuery {
    let position = |place: usize| {
        let of = |sort| value(&sort_value(&world.items[place], sort));
        backlot_store::items::Position {
            values: question.sorts.iter().map(of).collect(),
            sequence: world.sequences[place],
        }
    };
    ItemQuery {
        filter: filter(&question.condition.json()),
        sorts: question.sorts.iter().map(sort).collect(),
        random: None,
        after: question.after.map(position),
        backwards: question.backwards,
        offset: question.offset as u64,
        limit: u32::try_from(question.limit).unwrap_or(u32::MAX),
    }
}

pub(crate) fn sort((path, descending): &SortBy) -> Sort {
    let direction = if *descending {
        Direction::Descending
    } else {
        Direction::Ascending
    };
    let path = FieldPath::parse(path).unwrap();
    Sort { path, direction }
}
