//! What one request may cost, and that what is costly means the same as what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use backlot_store::StoreError;
use backlot_store::items::ItemQuery;
use backlot_wix::data::budget::{Limits, Watch, too_much_time};
use backlot_wix::data::{Budget, DataCode, DataError, Filter};
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Table, batch, filter, ids, patch, remove, update};

on_every_database! {
    a_filter_of_thousands_of_terms_ends_with_its_budget
    a_page_ends_with_its_memory
    a_request_whose_client_has_gone_ends_within_one_item
    a_filter_of_many_terms_finds_what_a_plain_one_does
    a_costly_condition_is_worked_out_outside_of_the_writer
    changes_at_once_of_a_large_item_lose_nothing
    a_large_collection_is_emptied
    a_small_change_of_a_large_item_is_counted_before_the_item_is_read
    a_batch_of_large_items_ends_with_its_memory
    what_is_not_asked_for_is_not_told
    sorting_counts_the_elements_of_lists
}

const PLENTY: Limits = Limits {
    work: u64::MAX,
    memory: u64::MAX,
};

/// Items with a text in each.
async fn table(place: &Place, count: u32, letters: usize) -> Table {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let text = |number: u32| format!("{}{number}", "Wörter und Zahlen ".repeat(letters / 18));
    let items: Vec<Json> = (0..count)
        .map(|number| json!({ "_id": format!("{number:04}"), "n": number, "text": text(number) }))
        .collect();
    for items in items.chunks(100) {
        table.insert_all(items).await;
    }
    table
}

/// So many terms, of which none holds for any item.
fn many(terms: usize) -> Json {
    let term = |number| json!({ "text": { "$contains": format!("nothing of the kind {number}") } });
    json!({ "$or": (0..terms).map(term).collect::<Vec<_>>() })
}

fn code<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> DataCode {
    let Err(StoreError::Rejected(fault)) = outcome else {
        unreachable!("{outcome:?}");
    };
    fault.code()
}

async fn a_filter_of_thousands_of_terms_ends_with_its_budget(place: &Place) {
    let mut table = table(place, 200, 540).await;
    let costly = filter(&many(4_900));
    let limits = Limits {
        work: 10_000_000,
        ..PLENTY
    };
    for _ in 0..2 {
        table.of.budget = Budget::new(limits);
        let found = table
            .store
            .query_items(&table.of, ItemQuery::all(costly.clone(), 50))
            .await;
        assert_eq!(code(found), DataCode::TooCostly);
        table.of.budget = Budget::new(limits);
        let counted = table.store.count_items(&table.of, &costly).await;
        assert_eq!(code(counted), DataCode::TooCostly);
    }
    // What comes after it is not disturbed.
    table.of.budget = Budget::new(limits);
    assert_eq!(table.matching(&json!({ "n": 7 })).await, ["0007"]);
}

async fn a_page_ends_with_its_memory(place: &Place) {
    let mut table = table(place, 100, 10_000).await;
    let limits = Limits {
        memory: 300_000,
        ..PLENTY
    };
    table.of.budget = Budget::new(limits);
    let all = table
        .store
        .query_items(&table.of, ItemQuery::all(Filter::all(), 1000))
        .await;
    assert_eq!(code(all), DataCode::TooCostly);
    table.of.budget = Budget::new(limits);
    let ids: Vec<String> = (0..100).map(|number| format!("{number:04}")).collect();
    let several = table.store.find_items(&table.of, ids).await;
    assert_eq!(code(several), DataCode::TooCostly);
    table.of.budget = Budget::new(limits);
    assert_eq!(
        table.find(ItemQuery::all(Filter::all(), 10)).await.len(),
        10
    );
}

/// A client that goes when the work has begun.
struct Gone(Arc<AtomicBool>);

impl Watch for Gone {
    fn look(&self) -> Result<(), DataError> {
        self.0.store(true, Ordering::Relaxed);
        Err(too_much_time(0))
    }
}

async fn a_request_whose_client_has_gone_ends_within_one_item(place: &Place) {
    let mut table = table(place, 1, 400_000).await;
    let looked = Arc::new(AtomicBool::new(false));
    table.of.budget = Budget::watched(PLENTY, Gone(Arc::clone(&looked)));
    let counted = table
        .store
        .count_items(&table.of, &filter(&many(4_900)))
        .await;
    assert_eq!(code(counted), DataCode::TooCostly);
    assert!(looked.load(Ordering::Relaxed));
}

async fn a_filter_of_many_terms_finds_what_a_plain_one_does(place: &Place) {
    let table = table(place, 120, 40).await;
    let mut terms = many(60);
    terms["$or"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "n": { "$lt": 30 } }));
    let costly = json!({ "$and": [{ "n": { "$gte": 10 } }, terms] });
    let plain = json!({ "$and": [{ "n": { "$gte": 10 } }, { "n": { "$lt": 30 } }] });
    assert_eq!(table.matching(&costly).await, table.matching(&plain).await);
    for (offset, limit, backwards) in [(0, 5, false), (3, 4, false), (18, 50, false), (2, 3, true)]
    {
        let page = |of: &Json| {
            let mut find = ItemQuery::all(filter(of), limit);
            find.sorts = vec![backlot_wix::data::Sort {
                path: "n".parse().unwrap(),
                direction: backlot_wix::data::Direction::Descending,
            }];
            (find.offset, find.backwards) = (offset, backwards);
            find
        };
        assert_eq!(
            table.find(page(&costly)).await,
            table.find(page(&plain)).await
        );
    }
}

async fn a_costly_condition_is_worked_out_outside_of_the_writer(place: &Place) {
    let table = table(place, 3, 400_000).await;
    let mut met = many(800);
    met["$or"].as_array_mut().unwrap().push(json!({ "n": 1 }));
    let mut writes = batch(vec![
        patch("0000", &[("new", "SET_FIELD", json!(1))]),
        patch("0001", &[("new", "SET_FIELD", json!(1))]),
        remove("0009"),
    ]);
    writes.condition = Some(filter(&met));
    let outcomes = table.store.commit(&table.of, writes).await.unwrap();
    let codes = crate::table::codes(&outcomes);
    let expected = [
        Some(DataCode::ConditionNotMet),
        None,
        Some(DataCode::ItemMissing),
    ];
    assert_eq!(codes, expected);
    assert_eq!(table.field("0001", "new").await, 1);

    let mut costly = batch(vec![update(&json!({ "_id": "0001" }))]);
    costly.condition = Some(filter(&met));
    costly.budget = Budget::new(Limits {
        work: 5_000_000,
        ..PLENTY
    });
    let outcomes = table.store.commit(&table.of, costly).await;
    let outcome = outcomes.map(|mut outcomes| outcomes.remove(0));
    let fault = match outcome {
        Ok(Err(fault)) | Err(StoreError::Rejected(fault)) => fault,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(fault.code(), DataCode::TooCostly);
    assert_eq!(table.field("0001", "new").await, 1, "nothing was changed");
}

async fn changes_at_once_of_a_large_item_lose_nothing(place: &Place) {
    let table = table(place, 1, 300_000).await;
    let increment = || {
        let table = table.clone();
        async move {
            loop {
                let add = vec![patch("0000", &[("sum", "INCREMENT_FIELD", json!(1))])];
                match table.store.commit(&table.of, batch(add)).await {
                    Ok(outcomes) => break assert!(outcomes[0].is_ok(), "{outcomes:?}"),
                    Err(StoreError::Busy | StoreError::Unavailable(_)) => {}
                    Err(error) => unreachable!("{error}"),
                }
            }
        }
    };
    futures_util::future::join_all((0..12).map(|_| increment())).await;
    assert_eq!(table.field("0000", "sum").await, 12);
}

async fn a_large_collection_is_emptied(place: &Place) {
    let table = table(place, 450, 20).await;
    table.store.delete_items(&table.of).await.unwrap();
    assert_eq!(
        ids(table
            .store
            .query_items(&table.of, ItemQuery::all(Filter::all(), 10))
            .await
            .unwrap()),
        [""; 0]
    );
}

/// On PostgreSQL an increment read a large item on a thread that serves connections, for nothing.
async fn a_small_change_of_a_large_item_is_counted_before_the_item_is_read(place: &Place) {
    let table = table(place, 1, 400_000).await;
    let mut small = batch(vec![patch("0000", &[("n", "INCREMENT_FIELD", json!(1))])]);
    small.budget = Budget::new(Limits {
        work: 200_000,
        ..PLENTY
    });
    let outcome = table.store.commit(&table.of, small).await;
    assert_eq!(code(outcome), DataCode::TooCostly);
    assert_eq!(table.field("0000", "n").await, 0, "nothing was changed");
    // The connection that it ended on serves others.
    table
        .done(patch("0000", &[("n", "INCREMENT_FIELD", json!(1))]))
        .await;
}

/// On SQLite changes are worked out one after the other, and keep nothing.
async fn a_batch_of_large_items_ends_with_its_memory(place: &Place) {
    let table = table(place, 20, 100_000).await;
    let all = || {
        let one = |number| patch(&format!("{number:04}"), &[("new", "SET_FIELD", json!(1))]);
        let mut all = batch((0..20).map(one).collect());
        all.tells_items = false;
        all.budget = Budget::new(Limits {
            memory: 1_000_000,
            ..PLENTY
        });
        all
    };
    let outcome = table.store.commit(&table.of, all()).await;
    match outcome {
        Err(StoreError::Rejected(fault)) => {
            assert!(fault.is_about_memory(), "{fault}");
            assert_eq!(table.field("0000", "new").await, Json::Null);
        }
        Ok(outcomes) => {
            let told = outcomes.iter().map(|it| it.as_ref().unwrap().item());
            assert!(told.into_iter().all(|item| item.json.is_empty()));
        }
        Err(error) => unreachable!("{error}"),
    }
}

async fn what_is_not_asked_for_is_not_told(place: &Place) {
    let table = table(place, 2, 40).await;
    for tells_items in [true, false] {
        let mut writes = batch(vec![
            crate::table::save(&json!({ "_id": "0000", "n": 1 })),
            patch("0001", &[("n", "INCREMENT_FIELD", json!(1))]),
            crate::table::insert(&json!({ "_id": format!("new {tells_items}") })),
            remove("0000"),
        ]);
        writes.tells_items = tells_items;
        for outcome in table.store.commit(&table.of, writes).await.unwrap() {
            let item = outcome.unwrap().item().clone();
            assert_eq!(item.json.is_empty(), !tells_items);
            assert!(!item.id.is_empty());
        }
    }
}

async fn sorting_counts_the_elements_of_lists(place: &Place) {
    let mut table = Table::create(&place.open().await, 1, &json!({})).await;
    let list: Vec<Json> = (0..50_000).map(|_| json!({})).collect();
    table
        .insert_all(&[json!({ "_id": "1", "l": list }), json!({ "_id": "2" })])
        .await;
    let sort = |name: String| backlot_wix::data::Sort {
        path: name.parse().unwrap(),
        direction: backlot_wix::data::Direction::Ascending,
    };
    let mut find = ItemQuery::all(Filter::all(), 10);
    find.sorts = (0..10).map(|number| sort(format!("l.x{number}"))).collect();
    table.of.budget = Budget::new(Limits {
        work: 3_000_000,
        ..PLENTY
    });
    // PostgreSQL sorts by itself, on its own processors, and is told to end when the client has gone.
    if matches!(place, Place::Folder(_)) {
        let found = table.store.query_items(&table.of, find).await;
        assert_eq!(code(found), DataCode::TooCostly);
    }
}
