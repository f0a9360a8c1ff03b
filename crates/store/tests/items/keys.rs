//! What indexes hold, read beside the store, and what they must hold: the keys of the items, each worked out again.

use std::collections::BTreeSet;

use backlot_store::items::ItemQuery;
use backlot_wix::data::Filter;
use backlot_wix::data::collection::IndexId;
use rusqlite::Connection;

use crate::place::{Place, server};
use crate::table::Table;

/// Index, key, and place of the item.
type KeyRow = (IndexId, Vec<u8>, i64);

const TABLES: [&str; 2] = ["item_keys", "item_unique_keys"];

async fn rows(place: &Place, table: &str, condition: &str) -> Vec<KeyRow> {
    let sql = format!("SELECT index_id, key, sequence FROM {table} WHERE {condition}");
    match place {
        Place::Folder(folder) => {
            let connection = Connection::open(folder.path().join("deep/backlot.db")).unwrap();
            let mut statement = connection.prepare(&sql).unwrap();
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let rows = statement.query_map([], row).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        }
        Place::Database(database) => {
            let client = server::connect(&database.url().parse().unwrap()).await;
            let sql = sql.replace(table, &format!("backlot.{table}"));
            let rows = client.query(&sql, &[]).await.unwrap();
            let row = |row: &tokio_postgres::Row| (row.get(0), row.get(1), row.get(2));
            rows.iter().map(row).collect()
        }
    }
}

/// How many keys there are of all indexes of all instances.
pub(crate) async fn count_keys(place: &Place) -> usize {
    let mut count = 0;
    for table in TABLES {
        count += rows(place, table, "true").await.len();
    }
    count
}

/// The indexes of a collection hold the keys of its items, and nothing else.
pub(crate) async fn assert_keys_fit(place: &Place, table: &Table) {
    let find = ItemQuery::all(Filter::all(), u32::MAX);
    let items = table.store.query_items(&table.of, find).await.unwrap();
    let tenant = match place {
        Place::Folder(_) => {
            let id = table.of.instance_id.to_string().replace('-', "");
            format!("x'{id}'")
        }
        Place::Database(_) => format!("'{}'", table.of.instance_id),
    };
    for (name, is_unique) in TABLES.into_iter().zip([false, true]) {
        let indexes = table.of.collection.indexes.iter();
        let indexes = indexes.filter(|it| it.index.unique == is_unique);
        let mut expected = BTreeSet::new();
        let mut ids = Vec::new();
        for index in indexes {
            ids.push(index.id.to_string());
            for item in &items {
                let keys = index.index.keys(&item.object().unwrap()).unwrap().keys;
                expected.extend(keys.into_iter().map(|key| (index.id, key, item.sequence)));
            }
        }
        if ids.is_empty() {
            continue;
        }
        let condition = format!("instance_id = {tenant} AND index_id IN ({})", ids.join(","));
        let found = rows(place, name, &condition).await;
        assert_eq!(found.len(), expected.len(), "{name}");
        assert_eq!(BTreeSet::from_iter(found), expected, "{name}");
    }
}
