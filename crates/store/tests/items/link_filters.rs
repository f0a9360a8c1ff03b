//! Filters on multi-references mean the same as on a list of ids.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use backlot_store::Store;
use backlot_store::items::ItemQuery;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use crate::narrow;
use crate::oracle::Question;
use crate::oracle::condition::{Condition, Field};
use crate::place::Place;
use crate::property::{Verdict, cases, holds};
use crate::table::{Table, content, filter};
use backlot_store::items::Mutation;

on_every_database! { filters_on_links_mean_the_same_as_on_lists_of_ids }

type Linked = (serde_json::Map<String, Json>, Vec<&'static str>);

async fn filters_on_links_mean_the_same_as_on_lists_of_ids(place: &Place) {
    let store = place.open().await;
    let numbers = AtomicU64::new(0);
    let worlds = || {
        let item = (narrow::fields(), vec(id(), 0..4));
        (vec(item, 0..8), vec(condition(), 1..12), any::<bool>())
    };
    holds(
        cases(place, 40),
        worlds,
        move |(items, conditions, with_index)| {
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            check(store.clone(), number, items, conditions, with_index)
        },
    )
    .await;
}

fn id() -> impl Strategy<Value = &'static str> {
    select(vec!["x", "y", "z", "it's", "X"])
}

fn on_links() -> impl Strategy<Value = Field> {
    let one = || prop_oneof![6 => id().prop_map(Json::from), 1 => Just(Json::Null)];
    let list = select(vec!["$in", "$hasSome", "$nin", "$hasAll"]);
    let operator = prop_oneof![
        (select(vec!["$eq", "$ne"]), one()),
        (list, vec(one(), 0..4).prop_map(Json::Array)),
        (
            select(vec!["$exists", "$isEmpty"]),
            any::<bool>().prop_map(Json::from)
        ),
    ];
    prop_oneof![
        one().prop_map(Field::Equals),
        vec(operator, 1..3).prop_map(|it| Field::Operators(BTreeMap::from_iter(it))),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let on_links = on_links().prop_map(|it| Condition::Fields([("tags".to_owned(), it)].into()));
    let leaf = prop_oneof![3 => on_links, 1 => narrow::condition()];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let parts = || vec(inner.clone(), 0..3);
        prop_oneof![
            parts().prop_map(Condition::And),
            parts().prop_map(Condition::Or),
            parts().prop_map(Condition::Not),
        ]
    })
}

async fn check(
    store: Store,
    number: u64,
    items: Vec<Linked>,
    conditions: Vec<Condition>,
    with_index: bool,
) -> Verdict {
    let field = json!({
        "key": "tags", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "t" } },
    });
    let index = json!([{ "name": "i", "fields": [{ "path": "a" }] }]);
    let indexes = if with_index { index } else { json!([]) };
    let table = Table::create(
        &store,
        number,
        &json!({ "fields": [field], "indexes": indexes }),
    )
    .await;
    let mut expected = Vec::new();
    for (place, (fields, tags)) in items.into_iter().enumerate() {
        let mut item = Json::Object(fields);
        item["_id"] = json!(format!("{place}"));
        let mut content = content(&item);
        let ids = tags.iter().map(|it| (*it).to_owned()).collect();
        content.links = vec![("tags".to_owned(), ids)];
        table.done(Mutation::Insert(content)).await;
        if !tags.is_empty() {
            item["tags"] = json!(tags);
        }
        expected.push(item);
    }
    for condition in conditions {
        let (sorts, json) = (Vec::new(), condition.json());
        let limit = usize::MAX;
        let question = Question {
            condition,
            sorts,
            after: None,
            backwards: false,
            offset: 0,
            limit,
        };
        let answer: Vec<String> = question
            .answer(&expected)
            .iter()
            .map(usize::to_string)
            .collect();
        let found = table.find(ItemQuery::all(filter(&json), 1000)).await;
        prop_assert_eq!(&found, &answer, "{}", json);
        let count = table
            .store
            .count_items(&table.of, &filter(&json))
            .await
            .unwrap();
        prop_assert_eq!(count, answer.len() as u64);
    }
    Ok(())
}
