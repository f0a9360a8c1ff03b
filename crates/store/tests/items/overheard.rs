//! A SQLite store whose statements are heard, and how SQLite would go about each of them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use backlot_store::Store;
use backlot_store::sqlite::{Durability, SqliteStore};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::{Value as Json, json};

use crate::table::Table;

/// A store that is listened to.
pub(crate) struct Overheard {
    _folder: tempfile::TempDir,
    path: PathBuf,
    statements: Arc<Mutex<Vec<String>>>,
    pub(crate) table: Table,
}

impl Overheard {
    /// A collection with a few indexes, a unique `u`, and links `tags`; and others like it beside it.
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backlot.db");
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&statements);
        let observer = move |statement: &str| heard.lock().unwrap().push(statement.to_owned());
        let observer = Arc::new(observer);
        let store = SqliteStore::open_with_observer(&path, Durability::Relaxed, observer).unwrap();
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
    pub(crate) fn plans(&self) -> Vec<(String, Vec<String>)> {
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
    pub(crate) fn only_searches(&self, what: &str) {
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
