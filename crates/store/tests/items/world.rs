//! A collection full of items that nobody thought of, in the database and in the oracle's list.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json, json};

use crate::arbitrary;
use crate::oracle::values::leads_to_a_list;
use crate::table::{Table, definition, insert, remove, update};
use backlot_store::Store;
use backlot_wix::data::DataCode;

/// What a world is made of.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    items: Vec<(Map<String, Json>, Option<Json>)>,
    changes: Vec<(Index, Option<Map<String, Json>>)>,
    indexes: Vec<Json>,
    /// How many of the indexes are there from the beginning.
    early: usize,
    /// Whether the field `u` is unique: from the beginning, or later.
    unique: Option<bool>,
}

/// Of items and indexes like these.
pub(crate) fn plan<F: Strategy<Value = Map<String, Json>>>(
    fields: fn() -> F,
    index: impl Strategy<Value = Json>,
) -> impl Strategy<Value = Plan> {
    let item = move |number| (fields(), arbitrary::unique_value(number));
    let items = (0..14_usize).prop_flat_map(move |count| (0..count).map(item).collect::<Vec<_>>());
    let changes = vec((any::<Index>(), prop::option::of(fields())), 0..4);
    let indexes = vec(index, 0..4);
    (items, changes, indexes, 0..4_usize, any::<Option<bool>>()).prop_map(
        |(items, changes, indexes, early, unique)| Plan {
            items,
            changes,
            indexes,
            early,
            unique,
        },
    )
}

/// The world.
pub(crate) struct World {
    pub(crate) table: Table,
    pub(crate) items: Vec<Json>,
    /// The place of each in the order of insertion, by the database's own count.
    pub(crate) sequences: Vec<i64>,
}

impl World {
    /// Makes it, for the instance of this number.
    pub(crate) async fn make(store: &Store, number: u64, plan: &Plan) -> Self {
        let indexes = valid(&plan.indexes);
        let early = &indexes[..plan.early.min(indexes.len())];
        let is_unique = plan.unique == Some(true);
        let table = Table::create(store, number, &defined(early, is_unique)).await;
        let mut world = Self {
            table,
            items: Vec::new(),
            sequences: Vec::new(),
        };
        world.fill(plan, early).await;
        world.change(plan, early).await;
        world
            .index_later(&indexes, early, plan.unique.is_some())
            .await;
        world.count().await;
        world
    }

    async fn fill(&mut self, plan: &Plan, indexes: &[Json]) {
        let mut writes = Vec::new();
        let mut expected = Vec::new();
        for (number, (fields, unique)) in plan.items.iter().enumerate() {
            let prefix = ["", "'", "é ", "\"", "%"][number % 5];
            let mut item = Json::Object(fields.clone());
            item["_id"] = json!(format!("{prefix}{number}"));
            if let Some(unique) = unique {
                item["u"] = unique.clone();
            }
            writes.push(insert(&item));
            expected.push(item);
        }
        let outcomes = self.table.write(writes).await;
        for (item, outcome) in expected.into_iter().zip(outcomes) {
            let code = outcome.err().map(|fault| fault.code());
            if fits(&item, indexes) {
                assert_eq!(code, None, "{item}");
                self.items.push(item);
            } else {
                assert_eq!(code, Some(DataCode::BadIndex), "{item}");
            }
        }
    }

    async fn change(&mut self, plan: &Plan, indexes: &[Json]) {
        for (at, fields) in &plan.changes {
            if self.items.is_empty() {
                return;
            }
            let at = at.index(self.items.len());
            let id = self.items[at]["_id"].clone();
            let Some(fields) = fields else {
                self.table.done(remove(id.as_str().unwrap())).await;
                self.items.remove(at);
                continue;
            };
            let mut item = Json::Object(fields.clone());
            item["_id"] = id;
            if fits(&item, indexes) {
                self.table.done(update(&item)).await;
                self.items[at] = item;
            } else {
                assert_eq!(self.table.refused(update(&item)).await, DataCode::BadIndex);
            }
        }
    }

    async fn index_later(&mut self, indexes: &[Json], early: &[Json], unique: bool) {
        let outcome = self.table.redefine(&defined(indexes, unique)).await;
        if self.items.iter().all(|item| fits(item, indexes)) {
            assert_eq!(outcome, Ok(()));
        } else {
            assert_eq!(outcome.unwrap_err().code(), DataCode::BadIndex);
            assert!(early.len() < indexes.len());
        }
    }

    async fn count(&mut self) {
        for item in &self.items {
            let id = item["_id"].as_str().unwrap();
            let kept = self.table.store_item(id).await;
            self.sequences.push(kept.sequence);
        }
        assert!(self.sequences.is_sorted());
    }
}

/// Whether an item can be in all of the indexes: not more than one of an index's fields may be a list.
fn fits(item: &Json, indexes: &[Json]) -> bool {
    indexes.iter().all(|index| {
        let fields = index["fields"].as_array().unwrap().iter();
        let lists = fields.filter(|field| leads_to_a_list(item, field["path"].as_str().unwrap()));
        lists.count() < 2
    })
}

fn defined(indexes: &[Json], unique: bool) -> Json {
    json!({ "indexes": indexes, "fields": [{ "key": "u", "type": "ANY", "unique": unique }] })
}

/// Those that a collection may have together.
fn valid(indexes: &[Json]) -> Vec<Json> {
    let mut valid = Vec::new();
    for index in indexes {
        valid.push(index.clone());
        let paths = index["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["path"].to_string());
        let twice = paths.clone().collect::<HashSet<_>>().len() < paths.count();
        if twice || definition(&defined(&valid, false)).validate().is_err() {
            valid.pop();
        }
    }
    valid
}
