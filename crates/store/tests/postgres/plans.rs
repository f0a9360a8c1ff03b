//! Hot statements go by an index, however full the tables are: the server counts who reads tables from end to
//! end.

use std::time::Duration;

use backlot_store::Store;
use backlot_store::items::link::{Link, ReferenceQuery};
use backlot_store::items::{CollectionRef, ItemQuery, Mutation};
use backlot_store::postgres::PostgresStore;
use backlot_wix::data::Direction;

use crate::house::{House, content, definition, filter_of, insert, instance_id, sort};

const ITEMS: usize = 1000;
const TENANTS: u8 = 8;
const TABLES: [&str; 4] = ["items", "item_keys", "item_unique_keys", "item_links"];
/// What the statements below read from one table's indexes is some 8,000 entries; one that goes through all of
/// the collection each time reads as many by itself.
const MAX_ENTRIES: i64 = 12_000;

async fn full_house() -> (House, CollectionRef) {
    let house = House::new().await;
    let client = house.client().await;
    for table in TABLES {
        // Or the server may count in the middle of the test.
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        client.batch_execute(&sql).await.unwrap();
    }
    let mut last = None;
    for instance in 1..=TENANTS {
        let of = house
            .collection(instance, definition("c", &["n", "-d,n", "!u"]))
            .await;
        let writes = (0..ITEMS).map(|number| {
            let fields = format!(
                r#"{{"n":{},"d":{},"u":{number},"text":"some text"}}"#,
                number % 200,
                number % 7
            );
            let mut content = content(&format!("i{number}"), &fields);
            content.links = vec![("friends".to_owned(), vec![format!("i{}", number / 2)])];
            Mutation::Insert(content)
        });
        house.write(&of, writes.collect()).await;
        last = Some(of);
    }
    (house, last.unwrap())
}

async fn read(store: &Store, of: &CollectionRef) {
    for (filter, sorts) in [
        ("{}", &[][..]),
        (r#"{"n":5}"#, &[]),
        (r#"{"u":5}"#, &[]),
        (r#"{"_owner":"somebody"}"#, &[]),
        (r#"{"n":{"$in":[1,2,3]}}"#, &[]),
        (r#"{"n":{"$gt":197}}"#, &[]),
        ("{}", &["n"]),
        ("{}", &["-n"]),
        (r#"{"d":3}"#, &["n"]),
        (r#"{"n":5,"friends":"i2"}"#, &[]),
    ] {
        for turn in [false, true] {
            let mut find = ItemQuery::all(filter_of(filter), 20);
            find.sorts = sorts.iter().map(|text| sort(text)).collect();
            find.backwards = turn;
            let page = store.query_items(of, find.clone()).await.unwrap();
            if let Some(item) = page.last() {
                find.after = Some(find.position(&item.object().unwrap(), item.sequence));
                store.query_items(of, find).await.unwrap();
            }
        }
    }
    assert!(store.find_item(of, "i7").await.unwrap().is_some());
    assert_eq!(
        store
            .count_items(of, &filter_of(r#"{"n":7}"#))
            .await
            .unwrap(),
        5
    );
    let wanted = ReferenceQuery {
        field: "friends".to_owned(),
        item_ids: vec!["i4".to_owned(), "i9".to_owned()],
        direction: Direction::Ascending,
        after: None,
        offset: 0,
        limit: 50,
        each: 50,
    };
    assert_eq!(store.list_links(of, wanted).await.unwrap().len(), 2);
}

async fn change(house: &House, of: &CollectionRef) {
    house.insert(of, &[("new", r#"{"n":1,"u":-1}"#)]).await;
    for writes in [
        vec![Mutation::Update(content("new", r#"{"n":2,"u":-2}"#))],
        vec![
            insert("a", "{}"),
            Mutation::Save(content("b", r#"{"u":-3}"#)),
        ],
        vec![
            Mutation::Remove {
                item_id: "new".to_owned(),
            },
            Mutation::Remove {
                item_id: "i3".to_owned(),
            },
        ],
    ] {
        for outcome in house.write(of, writes).await {
            outcome.unwrap();
        }
    }
    let link = Link {
        field: "friends".to_owned(),
        item_id: "i1".to_owned(),
        referenced_id: "i9".to_owned(),
    };
    for _ in 0..2 {
        house
            .store
            .insert_links(of, vec![link.clone()])
            .await
            .unwrap()[0]
            .as_ref()
            .unwrap();
        house
            .store
            .delete_links(of, vec![link.clone()])
            .await
            .unwrap()[0]
            .as_ref()
            .unwrap();
    }
}

#[tokio::test]
async fn nothing_hot_reads_a_table_from_end_to_end() {
    check("ANALYZE").await;
}

#[tokio::test]
async fn nor_on_a_server_that_has_counted_nothing() {
    check("SELECT 1").await;
}

async fn check(before: &str) {
    let (house, of) = full_house().await;
    let client = house.client().await;
    // What came before is counted when its connections end.
    let House { store, database } = house;
    drop(store);
    tokio::time::sleep(Duration::from_millis(500)).await;
    client.batch_execute(before).await.unwrap();
    client
        .batch_execute("SELECT pg_stat_reset()")
        .await
        .unwrap();
    let house = House {
        store: Store::Postgres(PostgresStore::open(&database.url()).await.unwrap()),
        database,
    };
    let known = house.store.find_collection(instance_id(TENANTS), "c").await;
    assert!(known.unwrap().is_some());
    // Prepared statements get their last plan after some turns.
    for _ in 0..8 {
        read(&house.store, &of).await;
    }
    change(&house, &of).await;
    drop(house.store);
    let sql = "SELECT t.relname::text, t.seq_scan, coalesce(sum(i.idx_tup_read), 0)::bigint
               FROM pg_stat_user_tables AS t JOIN pg_stat_user_indexes AS i USING (relid)
               WHERE t.schemaname = 'backlot' AND t.relname = ANY ($1)
               GROUP BY t.relname, t.seq_scan";
    for patience in 0.. {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let rows = client.query(sql, &[&&TABLES[..]]).await.unwrap();
        let uses: Vec<(String, i64, i64)> = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        if uses.len() == TABLES.len() && uses.iter().all(|it| it.2 > 0) {
            for (table, from_end_to_end, entries) in &uses {
                assert_eq!(*from_end_to_end, 0, "{table}");
                assert!(*entries < MAX_ENTRIES, "{uses:?}");
            }
            return;
        }
        assert!(patience < 50, "the server does not count: {uses:?}");
    }
}
