//! Many at once, on two nodes: everything that is answered is done, once.

use backlot_store::StoreError;
use backlot_store::items::{Batch, Mutation, MutationResult};
use backlot_wix::data::DataCode;
use serde_json::{Value as Json, json};

use crate::place::Place;
use crate::table::{Outcomes, Table, batch, filter, insert, patch, save};

on_every_database! {
    increments_at_once_are_all_applied
    of_inserts_and_saves_of_one_id_one_inserts
    of_many_with_one_condition_one_meets_it
    an_index_made_while_items_are_written_holds_all_of_them
}

/// Each on one of two nodes, all at once.
async fn at_once(place: &Place, one: &Table, batches: Vec<Batch>) -> Vec<Outcomes> {
    let other = Table::open(&place.open().await, 1, "c").await;
    let mut tasks = Vec::new();
    for (number, batch) in batches.into_iter().enumerate() {
        let node = if number % 2 == 0 { one } else { &other }.clone();
        tasks.push(tokio::spawn(async move {
            node.store.commit(&node.of, batch).await.unwrap()
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

async fn table(place: &Place) -> Table {
    Table::create(&place.open().await, 1, &json!({})).await
}

async fn increments_at_once_are_all_applied(place: &Place) {
    let table = table(place).await;
    table
        .insert_all(&[json!({ "_id": "1" }), json!({ "_id": "2" })])
        .await;
    let more = |id: &str| {
        patch(
            id,
            &[
                ("n", "INCREMENT_FIELD", json!(1)),
                ("l", "APPEND_TO_ARRAY", json!(1)),
            ],
        )
    };
    let batches = (0..60)
        .map(|_| batch(vec![more("1"), more("2"), more("1")]))
        .collect();
    for outcomes in at_once(place, &table, batches).await {
        assert!(outcomes.iter().all(Result::is_ok));
    }
    assert_eq!(table.field("1", "n").await, json!(120));
    assert_eq!(table.field("2", "n").await, json!(60));
    assert_eq!(table.field("1", "l").await.as_array().unwrap().len(), 120);
}

async fn of_inserts_and_saves_of_one_id_one_inserts(place: &Place) {
    let table = table(place).await;
    let of = |number: u32| {
        let item = json!({ "_id": "1", "n": number });
        batch(vec![if number.is_multiple_of(4) {
            insert(&item)
        } else {
            save(&item)
        }])
    };
    let mut inserted = 0;
    for outcome in at_once(place, &table, (0..40).map(of).collect())
        .await
        .concat()
    {
        match outcome {
            Ok(MutationResult::Inserted(_)) => inserted += 1,
            Ok(written) => assert!(matches!(written, MutationResult::Updated(_))),
            Err(fault) => assert_eq!(fault.code(), DataCode::ItemExists),
        }
    }
    assert_eq!(inserted, 1);
    assert_eq!(table.matching(&json!({})).await, ["1"]);
}

async fn of_many_with_one_condition_one_meets_it(place: &Place) {
    let table = table(place).await;
    table.insert_all(&[json!({ "_id": "1", "n": 0 })]).await;
    let of = |number: u32| Batch {
        condition: Some(filter(&json!({ "n": 0 }))),
        ..batch(vec![patch("1", &[("n", "SET_FIELD", json!(number))])])
    };
    let outcomes = at_once(place, &table, (1..40).map(of).collect())
        .await
        .concat();
    let (met, unmet): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(met.len(), 1);
    assert!(
        unmet
            .iter()
            .all(|it| it.as_ref().unwrap_err().code() == DataCode::ConditionNotMet)
    );
    let kept: Json = serde_json::from_str(&met[0].as_ref().unwrap().item().json).unwrap();
    assert_eq!(table.field("1", "n").await, kept["n"]);
}

async fn an_index_made_while_items_are_written_holds_all_of_them(place: &Place) {
    let table = table(place).await;
    let writer = |number: u32| {
        let mut table = table.clone();
        tokio::spawn(async move {
            let item = json!({ "_id": format!("w{number}"), "a": number % 3 });
            insert_anew(&mut table, &insert(&item)).await;
        })
    };
    let mut tasks: Vec<_> = (0..20).map(writer).collect();
    let mut definer = table.clone();
    let index = json!({ "name": "i", "fields": [{ "path": "a" }] });
    definer
        .redefine(&json!({ "indexes": [index] }))
        .await
        .unwrap();
    tasks.extend((20..40).map(writer));
    for task in tasks {
        task.await.unwrap();
    }
    let mut found = 0;
    for value in 0..3 {
        found += definer.matching(&json!({ "a": value })).await.len();
    }
    assert_eq!(found, 40);
}

/// As a server does it: looks the collection up again when it has changed.
async fn insert_anew(table: &mut Table, write: &Mutation) {
    while let Err(error) = table
        .store
        .commit(&table.of, batch(vec![write.clone()]))
        .await
    {
        assert!(matches!(error, StoreError::Outdated), "{error}");
        *table = Table::open(&table.store, 1, "c").await;
        tokio::task::yield_now().await;
    }
}
