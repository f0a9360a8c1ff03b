//! Whatever a text says, it is a text: in ids, names, operands, paths and jobs.

use backlot_store::items::link::ReferenceQuery;
use backlot_store::items::{ItemQuery, Link};
use backlot_store::jobs::{Job, JobStatus};
use backlot_wix::data::{Direction, FieldPath, Filter, Sort};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, definition, filter, ids, instance, patch, remove, update};

on_every_database! {
    ids_names_and_operands_are_never_code
    indexes_named_after_code_and_on_it_work
    links_with_ids_of_code_work
    jobs_with_ids_of_code_work
}

const CODE: [&str; 16] = [
    "'; DROP TABLE items; --",
    "\"; DROP TABLE items; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "') OR ('1'='1') --",
    "1; DELETE FROM item_links",
    "' UNION SELECT 1, item_id, owner, data FROM items --",
    "'||(SELECT data FROM items LIMIT 1)||'",
    "\\'; DELETE FROM collections; --",
    "%' OR data LIKE '%",
    "?1",
    ":name",
    "@name",
    "/* */ -- ;",
    "{\"$ne\":null}",
    "\u{1}`; ${x} {{x}} %s \u{2028}🦀",
];

/// Something else, of the same and of another instance, that must stay as it is.
async fn bystanders(place: &Place) -> Vec<Table> {
    let store = place.open().await;
    let mut tables = Vec::new();
    for number in [1, 2] {
        let table = Table::create(&store, number, &json!({ "id": "bystander" })).await;
        table
            .insert_all(&[json!({ "_id": "1", "a": 1 }), json!({ "_id": "2" })])
            .await;
        tables.push(table);
    }
    tables
}

async fn unharmed(tables: &[Table]) {
    for table in tables {
        assert_eq!(table.matching(&json!({})).await, ["1", "2"]);
        assert_eq!(table.matching(&json!({ "a": 1 })).await, ["1"]);
    }
}

async fn ids_names_and_operands_are_never_code(place: &Place) {
    let bystanders = bystanders(place).await;
    let store = &bystanders[0].store;
    for code in CODE {
        let table = Table::create(store, 1, &json!({ "id": code })).await;
        let item = json!({ "_id": code, "a": code, "l": [code, { "x": code }], code: code });
        table
            .insert_all(&[item, json!({ "_id": "other", "a": "b" })])
            .await;
        assert_eq!(table.field(code, "a").await, json!(code));
        table
            .done(patch(
                code,
                &[
                    ("b", "SET_FIELD", json!(code)),
                    (code, "SET_FIELD", json!(1)),
                ],
            ))
            .await;
        for operand in [
            json!(code),
            json!({ "$contains": code }),
            json!({ "$in": [code] }),
            json!({ "$gte": code, "$lte": code }),
        ] {
            for path in ["_id", "b"] {
                assert_eq!(
                    table.matching(&json!({ path: operand })).await,
                    [code],
                    "{path} {operand}"
                );
            }
        }
        assert_eq!(table.matching(&json!({ code: 1 })).await, [code]);
        assert_eq!(table.matching(&json!({ "l.x": code })).await, [code]);
        let sorts = vec![Sort {
            path: FieldPath::parse(code).unwrap(),
            direction: Direction::Descending,
        }];
        let find = ItemQuery {
            sorts,
            random: None,
            ..ItemQuery::all(Filter::all(), 9)
        };
        assert_eq!(table.find(find).await, [code, "other"]);
        table.done(update(&json!({ "_id": code, "a": 2 }))).await;
        let both = vec![code.to_owned(), "other".to_owned(), "none".to_owned()];
        assert_eq!(store.find_items(&table.of, both).await.unwrap().len(), 2);
        table.done(remove(code)).await;
        assert_eq!(table.matching(&json!({})).await, ["other"]);
        assert!(store.delete_collection(instance(1), code).await.unwrap());
        unharmed(&bystanders).await;
    }
}

async fn indexes_named_after_code_and_on_it_work(place: &Place) {
    let bystanders = bystanders(place).await;
    for (number, code) in CODE.into_iter().enumerate() {
        let index =
            json!({ "name": code, "fields": [{ "path": code }, { "path": "b", "order": "DESC" }] });
        let field = json!({ "key": "u", "type": "ANY", "unique": true });
        let more = json!({ "indexes": [index], "fields": [field] });
        definition(&more).validate().unwrap();
        let table = Table::create(&bystanders[0].store, 10 + number as u64, &more).await;
        let items = [
            json!({ "_id": "1", code: code, "u": code }),
            json!({ "_id": "2", code: 1 }),
        ];
        table.insert_all(&items).await;
        assert_eq!(table.matching(&json!({ code: code })).await, ["1"]);
        assert_eq!(
            table.matching(&json!({ code: { "$gte": code } })).await,
            ["1"]
        );
        assert_eq!(table.matching(&json!({ "u": code })).await, ["1"]);
        let again = update(&json!({ "_id": "2", "u": code }));
        assert_eq!(table.refused(again).await.name(), "WDE0123");
        unharmed(&bystanders).await;
    }
}

async fn links_with_ids_of_code_work(place: &Place) {
    let bystanders = bystanders(place).await;
    for (number, code) in CODE.into_iter().enumerate() {
        let field = json!({
            "key": code, "type": "MULTI_REFERENCE",
            "typeMetadata": { "multiReference": { "referencedCollectionId": code } },
        });
        let number = 10 + number as u64;
        let table =
            Table::create(&bystanders[0].store, number, &json!({ "fields": [field] })).await;
        table
            .insert_all(&[json!({ "_id": code }), json!({ "_id": "2" })])
            .await;
        let link = Link {
            field: code.into(),
            item_id: code.into(),
            referenced_id: code.into(),
        };
        let (store, of) = (&table.store, &table.of);
        assert!(store.insert_links(of, vec![link.clone()]).await.unwrap()[0].is_ok());
        assert!(store.is_linked(of, &link).await.unwrap());
        assert_eq!(table.matching(&json!({ code: code })).await, [code]);
        assert_eq!(
            table
                .matching(&json!({ code: { "$hasAll": [code, "2"] } }))
                .await,
            [""; 0]
        );
        let wanted = ReferenceQuery {
            field: code.into(),
            item_ids: vec![code.into()],
            direction: Direction::Descending,
            after: None,
            offset: 0,
            limit: 9,
            each: 9,
        };
        assert_eq!(
            store.list_links(of, wanted).await.unwrap(),
            std::slice::from_ref(&link)
        );
        store
            .replace_links(of, code, code, vec!["2".to_owned(), code.to_owned()])
            .await
            .unwrap();
        assert!(store.delete_links(of, vec![link.clone()]).await.unwrap()[0].is_ok());
        assert!(!store.is_linked(of, &link).await.unwrap());
        unharmed(&bystanders).await;
    }
}

async fn jobs_with_ids_of_code_work(place: &Place) {
    let bystanders = bystanders(place).await;
    let store = &bystanders[0].store;
    for code in CODE {
        let job = Job {
            instance_id: instance(1),
            job_id: code.to_owned(),
            collection: code.to_owned(),
            work: Json::from(code).to_string(),
            status: JobStatus::Initialized,
            done: 0,
            position: 0,
            created_at: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        store.insert_job(job.clone()).await.unwrap();
        assert_eq!(store.find_job(instance(1), code).await.unwrap(), Some(job));
        assert_eq!(store.find_job(instance(2), code).await.unwrap(), None);
        store.fail_job(instance(1), code).await.unwrap();
    }
    assert_eq!(store.list_unfinished_jobs(99).await.unwrap(), []);
    let find = ItemQuery::all(filter(&json!({})), 9);
    let found = store.query_items(&bystanders[0].of, find).await.unwrap();
    assert_eq!(ids(found), ["1", "2"]);
    unharmed(&bystanders).await;
}
