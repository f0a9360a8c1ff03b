//! Every hot statement goes by an index: what a store runs is overheard, and its plan is looked at.
//!
//! SQLite only. The statements themselves are the store's; none is repeated here.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use backlot_store::Store;
use backlot_store::items::link::Wanted;
use backlot_store::items::{Find, Items as _, Link};
use backlot_store::sqlite::{Durability, SqliteStore};
use backlot_wix::data::{Direction, FieldPath, Sort};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::{Value as Json, json};

use crate::table::{Table, filter, insert, patch, remove, update};

struct Overheard {
    _folder: tempfile::TempDir,
    path: PathBuf,
    statements: Arc<Mutex<Vec<String>>>,
    table: Table,
}

impl Overheard {
    /// A collection with a few indexes, a unique `u`, and links `tags`; and others like it beside it.
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backlot.db");
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let ear = Arc::clone(&statements);
        let ear = Arc::new(move |statement: &str| ear.lock().unwrap().push(statement.to_owned()));
        let store = SqliteStore::open_overheard(&path, Durability::Relaxed, Some(ear)).unwrap();
        let store = Store::Sqlite(store);
        let tags = json!({
            "key": "tags", "type": "MULTI_REFERENCE",
            "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } },
        });
        let more = json!({
            "indexes": [
                { "name": "a", "fields": [{ "path": "a" }] },
                { "name": "bc", "fields": [{ "path": "b" }, { "path": "c", "order": "DESC" }] },
                { "name": "de", "fields": [{ "path": "d" }, { "path": "e" }] },
            ],
            "fields": [{ "key": "u", "type": "ANY", "unique": true }, tags],
        });
        let item = |n: u32| {
            json!({
                "_id": format!("i{n}"), "a": n, "b": n % 5, "c": n % 7, "d": n % 5, "e": n % 7, "u": n,
            })
        };
        let items: Vec<Json> = (0..200).map(item).collect();
        for number in 2..5 {
            Table::create(&store, number, &more)
                .await
                .insert_all(&items)
                .await;
        }
        let table = Table::create(&store, 1, &more).await;
        table.insert_all(&items).await;
        statements.lock().unwrap().clear();
        Self {
            _folder: folder,
            path,
            statements,
            table,
        }
    }

    /// The plan of each statement since the last time, one step a line.
    fn plans(&self) -> Vec<(String, Vec<String>)> {
        let connection = Connection::open(&self.path).unwrap();
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        for name in ["item_matches", "item_sort_key", "item_shuffle"] {
            connection
                .create_scalar_function(name, 2, flags, |_| Ok(0))
                .unwrap();
        }
        let heard = std::mem::take(&mut *self.statements.lock().unwrap());
        let work = |sql: &String| {
            let begins = |word| sql.trim_start().starts_with(word);
            ["SELECT", "INSERT", "UPDATE", "DELETE"]
                .into_iter()
                .any(begins)
        };
        let plan = |sql: String| {
            let mut explained = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
                .unwrap();
            let steps = explained
                .raw_query()
                .mapped(|row| row.get(3))
                .collect::<Result<_, _>>();
            (sql, steps.unwrap())
        };
        heard.into_iter().filter(work).map(plan).collect()
    }

    /// Nothing that was run since the last time reads more of a table than it needs, or sorts.
    #[track_caller]
    fn only_searches(&self, what: &str) {
        let plans = self.plans();
        assert!(!plans.is_empty(), "{what} runs something");
        for (sql, steps) in plans {
            for step in &steps {
                let searches = step.starts_with("SEARCH") || step.starts_with("SCALAR SUBQUERY");
                assert!(searches, "{what}: {step}, in {steps:#?} of {sql}");
            }
        }
    }
}

fn sorted(by: &[(&str, Direction)], of: &Json, limit: u32) -> Find {
    let sort = |(path, direction): &(&str, Direction)| Sort {
        path: FieldPath::parse(path).unwrap(),
        direction: *direction,
    };
    Find {
        sorts: by.iter().map(sort).collect(),
        ..Find::all(filter(of), limit)
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
        .items_by_id(&table.of, vec!["i1".into(), "i2".into()])
        .await
        .unwrap();
    overheard.only_searches("items by their ids");
    let list = Find::all(filter(&json!({})), 20);
    let last = table
        .store
        .find(&table.of, list.clone())
        .await
        .unwrap()
        .pop()
        .unwrap();
    overheard.only_searches("a page in the order of insertion");
    let after = Some(list.position(&last.object().unwrap(), last.sequence));
    table
        .find(Find {
            after,
            ..list.clone()
        })
        .await;
    overheard.only_searches("the next page");
    table
        .find(Find {
            backwards: true,
            ..list
        })
        .await;
    overheard.only_searches("the last page");
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
        let found = table.store.find(&table.of, find.clone()).await.unwrap();
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
        table.find(Find { after, ..find }).await;
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
        .link(&table.of, vec![link.clone()])
        .await
        .unwrap();
    overheard.only_searches("linking");
    table.store.is_linked(&table.of, &link).await.unwrap();
    overheard.only_searches("whether items are linked");
    for direction in [Direction::Ascending, Direction::Descending] {
        let (field, item_ids) = ("tags".into(), vec!["i1".into()]);
        let wanted = Wanted {
            field,
            item_ids,
            direction,
            offset: 0,
            limit: 50,
            each: 50,
        };
        table.store.links(&table.of, wanted).await.unwrap();
        overheard.only_searches("the links of an item");
    }
    table
        .store
        .replace_links(&table.of, "tags", "i1", vec!["i3".into()])
        .await
        .unwrap();
    overheard.only_searches("replacing links");
    table.store.unlink(&table.of, vec![link]).await.unwrap();
    overheard.only_searches("unlinking");
}
