//! Batches, on PostgreSQL and on SQLite: what becomes of each write, and what is there in the end.

use std::fmt::Debug;

use backlot_store::items::link::ReferenceQuery;
use backlot_store::items::{CollectionRef, ItemQuery, Mutation, MutationResult};
use backlot_store::jobs::{Job, JobProgress, JobStatus};
use backlot_store::sqlite::SqliteStore;
use backlot_store::{Commit, Operation, Store, StoreError};
use backlot_wix::data::modification::{Action, Modification};
use backlot_wix::data::{DataError, Direction, Filter, Object, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::house::{House, batch, content, definition, insert, instance_id, of};

const IDS: [&str; 5] = ["p", "q", "r", "s", "t'\"\\"];

fn id() -> impl Strategy<Value = String> {
    prop::sample::select(IDS.to_vec()).prop_map(str::to_owned)
}

fn fields() -> impl Strategy<Value = String> {
    let unique = prop_oneof![
        (0..4_i32).prop_map(|it| it.to_string()),
        Just("null".to_owned()),
        Just("[1,2]".to_owned()),
    ];
    (unique, 0..3_i32).prop_map(|(unique, a)| format!(r#"{{"u":{unique},"a":[{a},7]}}"#))
}

fn links() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let some = prop::collection::vec(id(), 0..4).prop_map(|ids| vec![("friends".to_owned(), ids)]);
    prop_oneof![Just(Vec::new()), some]
}

fn action() -> impl Strategy<Value = (&'static str, Action)> {
    let id = || id().prop_map(Value::String);
    prop_oneof![
        (0..4_i32).prop_map(|it| ("u", Action::Set(Value::from(it)))),
        Just(("u", Action::Remove)),
        Just(("u", Action::Increment(1.0))),
        (0..3_i32).prop_map(|it| ("a", Action::Append(Value::from(it)))),
        id().prop_map(|it| ("friends", Action::Append(it))),
        id().prop_map(|it| ("friends", Action::RemoveFromArray(it))),
        prop::collection::vec(id(), 0..3)
            .prop_map(|ids| ("friends", Action::Set(Value::Array(ids)))),
    ]
}

fn write() -> impl Strategy<Value = Mutation> {
    let content = || {
        (id(), fields(), links()).prop_map(|(id, fields, links)| {
            let mut content = content(&id, &fields);
            content.links = links;
            content
        })
    };
    let patch = (id(), prop::collection::vec(action(), 1..4)).prop_map(|(item_id, actions)| {
        Mutation::Patch {
            item_id,
            modifications: actions
                .into_iter()
                .map(|(path, action)| Modification {
                    path: path.parse().unwrap(),
                    action,
                })
                .collect(),
        }
    });
    prop_oneof![
        3 => content().prop_map(Mutation::Insert),
        2 => content().prop_map(Mutation::Update),
        2 => content().prop_map(Mutation::Save),
        3 => patch,
        2 => id().prop_map(|item_id| Mutation::Remove { item_id }),
    ]
}

#[derive(Debug, PartialEq)]
enum Told {
    Inserted(Object, Option<String>),
    Updated(Object, Option<String>),
    Removed(Object, Option<String>),
    DataError(DataError),
}

fn told(outcomes: Vec<Result<MutationResult, DataError>>) -> Vec<Told> {
    let one = |outcome| match outcome {
        Ok(MutationResult::Inserted(item)) => Told::Inserted(item.object().unwrap(), item.owner),
        Ok(MutationResult::Updated(item)) => Told::Updated(item.object().unwrap(), item.owner),
        Ok(MutationResult::Removed(item)) => Told::Removed(item.object().unwrap(), item.owner),
        Err(fault) => Told::DataError(fault),
    };
    outcomes.into_iter().map(one).collect()
}

/// All that can be seen of a collection.
async fn seen(store: &Store, of: &CollectionRef) -> impl Debug + PartialEq + use<> {
    let items = store
        .query_items(of, ItemQuery::all(Filter::all(), 1000))
        .await
        .unwrap();
    // To the letter: the order of the fields, too.
    let items: Vec<String> = items.into_iter().map(|item| item.json).collect();
    let wanted = ReferenceQuery {
        field: "friends".to_owned(),
        item_ids: IDS.map(str::to_owned).to_vec(),
        direction: Direction::Ascending,
        after: None,
        offset: 0,
        limit: 1000,
        each: 1000,
    };
    let links = store.list_links(of, wanted).await.unwrap();
    let mut by_index = Vec::new();
    for filter in [
        r#"{"u":1}"#,
        r#"{"u":2}"#,
        r#"{"a":1}"#,
        r#"{"a":7}"#,
        r#"{"a":{"$gt":5,"$lt":2}}"#,
        r#"{"friends":"p"}"#,
    ] {
        by_index.push(
            store
                .count_items(of, &crate::house::filter_of(filter))
                .await
                .unwrap(),
        );
    }
    (items, links, by_index)
}

#[tokio::test]
async fn batches_end_as_they_do_on_sqlite() {
    let house = House::new().await;
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&folder.path().join("backlot.db")).unwrap();
    let sqlite = Store::Sqlite(sqlite);
    let of = house.collection(1, definition("c", &["a", "!u"])).await;
    let same = definition("c", &["a", "!u"]);
    sqlite
        .insert_collection(instance_id(1), same)
        .await
        .unwrap();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for round in 0..250 {
        let tree = prop::collection::vec(write(), 1..7).new_tree(&mut runner);
        let writes = tree.unwrap().current();
        let first = house.write(&of, writes.clone()).await;
        let second = sqlite.commit(&of, batch(writes.clone())).await.unwrap();
        assert_eq!(told(first), told(second), "{round} {writes:?}");
        assert_eq!(
            seen(&house.store, &of).await,
            seen(&sqlite, &of).await,
            "{round} {writes:?}"
        );
    }
    house.store.delete_items(&of).await.unwrap();
    let client = house.client().await;
    for table in [
        "items",
        "item_keys",
        "item_unique_keys",
        "inexact_indexes",
        "item_links",
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        let left: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn one_of_many_takes_a_unique_value_and_no_increment_is_lost() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["!u"])).await;
    let tries = (0..24).map(|number| {
        let (house, of) = (&house, &of);
        async move {
            let id = format!("i{number}");
            // One by one, and in batches of two.
            let mut writes = vec![insert(&id, r#"{"u":1}"#)];
            if number % 2 == 0 {
                writes.push(insert(&format!("{id}b"), "{}"));
            }
            house.write(of, writes).await.swap_remove(0)
        }
    });
    let outcomes = futures_util::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
    for fault in outcomes.iter().filter_map(|it| it.as_ref().err()) {
        assert_eq!(fault.code().name(), "WDE0123");
    }
    house.insert(&of, &[("n", r#"{"n":0}"#)]).await;
    let increments = (0..40).map(|_| {
        house.write(
            &of,
            vec![Mutation::Patch {
                item_id: "n".to_owned(),
                modifications: [Modification {
                    path: "n".parse().unwrap(),
                    action: Action::Increment(1.0),
                }]
                .into(),
            }],
        )
    });
    for outcome in futures_util::future::join_all(increments).await {
        outcome[0].as_ref().unwrap();
    }
    let item = house.store.find_item(&of, "n").await.unwrap().unwrap();
    assert_eq!(item.object().unwrap()["n"], Value::from(40));
    let racing = (0..20).map(|number| {
        let fields = format!(r#"{{"number":{number}}}"#);
        house.write(&of, vec![Mutation::Save(content("new", &fields))])
    });
    let saved = futures_util::future::join_all(racing).await;
    let inserted = saved
        .iter()
        .filter(|it| matches!(it[0], Ok(MutationResult::Inserted(_))));
    assert_eq!(inserted.count(), 1);
    assert!(saved.iter().all(|it| it[0].is_ok()));
}

#[tokio::test]
async fn what_is_outdated_is_not_written() {
    let house = House::new().await;
    let of_one = house.collection(1, definition("c", &[])).await;
    house.insert(&of_one, &[("x", "{}")]).await;
    let mut changed = of_one.collection.definition.clone();
    changed.indexes.push(crate::house::index("a"));
    let changed = house
        .store
        .update_collection(instance_id(1), changed)
        .await
        .unwrap();
    let remove = Mutation::Remove {
        item_id: "x".to_owned(),
    };
    for writes in [vec![insert("y", "{}")], vec![remove]] {
        let refused = house
            .store
            .commit(&of_one, batch(writes))
            .await
            .unwrap_err();
        assert!(matches!(refused, StoreError::Outdated), "{refused}");
    }
    assert!(house.store.delete_items(&of_one).await.is_err());
    let now = of(1, changed, false);
    house.insert(&now, &[("y", r#"{"a":1}"#)]).await;
    assert_eq!(house.ids(&now, r#"{"a":1}"#).await, ["y"]);
    assert_eq!(
        house.ids(&now, r#"{"a":null}"#).await,
        ["x"],
        "the new index knows old items"
    );
}

#[tokio::test]
async fn a_step_of_a_job_is_taken_once_and_ends_at_the_first_fault() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    house
        .insert(&of, &[("x", "{}"), ("y", "{}"), ("z", "{}")])
        .await;
    let job = Job {
        instance_id: instance_id(1),
        job_id: "j".to_owned(),
        collection: "c".to_owned(),
        work: "{}".to_owned(),
        status: JobStatus::Initialized,
        done: 0,
        position: 0,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    house.store.insert_job(job).await.unwrap();
    let step = |ids: &[&str], from, to| {
        let remove = |id: &&str| Mutation::Remove {
            item_id: (*id).to_owned(),
        };
        let mut mutations = batch(ids.iter().map(remove).collect());
        mutations.stops_at_failure = true;
        let progress = JobProgress {
            job_id: "j".to_owned(),
            from,
            to,
            is_last: false,
        };
        Commit {
            mutations,
            operations: vec![Operation::AdvanceJob(progress)],
        }
    };
    let (one, other) = tokio::join!(
        house.store.commit(&of, step(&["x"], 0, 1)),
        house.store.commit(&of, step(&["x"], 0, 1)),
    );
    let outcomes = [one, other];
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
    let refused = outcomes.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(refused, StoreError::Outdated), "{refused}");
    // What is gone is passed over; what may not be done is a fault, and nothing follows it.
    let mut failing = step(&["y", "x", "y", "z"], 1, 3);
    failing.mutations.writes[2] = Mutation::Insert(content("z", "{}"));
    let outcomes = house.store.commit(&of, failing).await;
    assert_eq!(outcomes.unwrap().len(), 3, "nothing after the fault");
    let job = house
        .store
        .find_job(instance_id(1), "j")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (job.status, job.done, job.position),
        (JobStatus::Failed, 2, 3)
    );
    assert_eq!(house.ids(&of, "{}").await, ["z"]);
    assert!(
        house
            .store
            .list_unfinished_jobs(9)
            .await
            .unwrap()
            .is_empty()
    );
}
