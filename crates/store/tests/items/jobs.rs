//! Steps of jobs: each is taken once, with its writes or not at all.

use backlot_store::items::{Batch, Mutation};
use backlot_store::jobs::{Job, JobProgress, JobStatus};
use backlot_store::{Commit, Operation, StoreError};
use backlot_wix::data::DataCode;
use jiff::Timestamp;
use serde_json::json;

use crate::place::Place;
use crate::table::{Outcomes, Table, batch, codes, filter, insert, instance, patch, remove};

on_every_database! {
    a_step_writes_its_items_and_how_far_it_came
    a_step_that_was_taken_is_not_taken_again
    a_step_of_a_job_that_is_over_or_none_writes_nothing
    a_job_ends_at_the_first_failure_and_keeps_what_was_done
    what_is_gone_or_does_not_match_any_more_is_passed_over
    of_nodes_that_take_a_step_at_once_one_does
    a_step_ends_early_when_its_items_have_many_links
    unfinished_jobs_come_oldest_first_and_old_ones_are_forgotten
}

fn job(id: &str, created_at: i64) -> Job {
    Job {
        instance_id: instance(1),
        job_id: id.to_owned(),
        collection: "c".to_owned(),
        work: "{}".to_owned(),
        status: JobStatus::Initialized,
        done: 0,
        position: 0,
        created_at: Timestamp::from_second(created_at).unwrap(),
    }
}

async fn table(place: &Place) -> Table {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    let items = ["1", "2", "3"].map(|id| json!({ "_id": id, "n": 0 }));
    table.insert_all(&items).await;
    table.store.insert_job(job("j", 1)).await.unwrap();
    table
}

fn more(id: &str) -> Mutation {
    patch(id, &[("n", "INCREMENT_FIELD", json!(1))])
}

fn stepping(from: i64, to: i64, last: bool, writes: Vec<Mutation>) -> Commit {
    let job_id = "j".to_owned();
    let progress = JobProgress {
        job_id,
        from,
        to,
        is_last: last,
    };
    Commit {
        mutations: Batch {
            stops_at_failure: true,
            ..batch(writes)
        },
        operations: vec![Operation::AdvanceJob(progress)],
    }
}

async fn take(table: &Table, step: Commit) -> Result<Outcomes, StoreError> {
    table.store.commit(&table.of, step).await
}

/// Status, items done, and place.
async fn stands(table: &Table) -> (JobStatus, u64, i64) {
    let job = table
        .store
        .find_job(instance(1), "j")
        .await
        .unwrap()
        .unwrap();
    (job.status, job.done, job.position)
}

async fn a_step_writes_its_items_and_how_far_it_came(place: &Place) {
    let table = table(place).await;
    assert_eq!(
        table.store.find_job(instance(1), "j").await.unwrap(),
        Some(job("j", 1))
    );
    assert_eq!(
        table.store.find_job(instance(1), "none").await.unwrap(),
        None
    );
    take(&table, stepping(0, 2, false, vec![more("1"), more("2")]))
        .await
        .unwrap();
    assert_eq!(stands(&table).await, (JobStatus::Processing, 2, 2));
    take(&table, stepping(2, 3, true, vec![more("3")]))
        .await
        .unwrap();
    assert_eq!(stands(&table).await, (JobStatus::Succeeded, 3, 3));
    assert_eq!(table.matching(&json!({ "n": 1 })).await, ["1", "2", "3"]);
}

async fn a_step_that_was_taken_is_not_taken_again(place: &Place) {
    let table = table(place).await;
    let step = stepping(
        0,
        2,
        false,
        vec![more("1"), insert(&json!({ "_id": "new" }))],
    );
    take(&table, step.clone()).await.unwrap();
    let again = take(&table, step).await;
    assert!(matches!(again, Err(StoreError::Outdated)));
    assert_eq!(stands(&table).await, (JobStatus::Processing, 2, 2));
    assert_eq!(table.field("1", "n").await, json!(1));
}

async fn a_step_of_a_job_that_is_over_or_none_writes_nothing(place: &Place) {
    let table = table(place).await;
    let mut unknown = stepping(0, 2, false, vec![more("1")]);
    let [Operation::AdvanceJob(progress)] = &mut unknown.operations[..] else {
        unreachable!("a step advances a job")
    };
    "none".clone_into(&mut progress.job_id);
    assert!(matches!(
        take(&table, unknown).await,
        Err(StoreError::Outdated)
    ));
    table.store.fail_job(instance(1), "j").await.unwrap();
    let step = stepping(0, 2, false, vec![more("1"), remove("2")]);
    assert!(matches!(
        take(&table, step).await,
        Err(StoreError::Outdated)
    ));
    assert_eq!(stands(&table).await, (JobStatus::Failed, 0, 0));
    assert_eq!(table.matching(&json!({ "n": 0 })).await, ["1", "2", "3"]);
}

async fn a_job_ends_at_the_first_failure_and_keeps_what_was_done(place: &Place) {
    let table = table(place).await;
    table
        .done(patch("2", &[("n", "SET_FIELD", json!("text"))]))
        .await;
    let step = stepping(0, 3, true, vec![more("1"), more("2"), more("3")]);
    let outcomes = take(&table, step).await.unwrap();
    assert_eq!(codes(&outcomes), [None, Some(DataCode::Invalid)]);
    let (status, done, _) = stands(&table).await;
    assert_eq!((status, done), (JobStatus::Failed, 1));
    assert_eq!(table.matching(&json!({ "n": 1 })).await, ["1"]);
    assert_eq!(table.matching(&json!({ "n": 0 })).await, ["3"]);
    table.store.fail_job(instance(1), "j").await.unwrap();
    assert_eq!(table.store.list_unfinished_jobs(9).await.unwrap(), []);
}

async fn what_is_gone_or_does_not_match_any_more_is_passed_over(place: &Place) {
    let table = table(place).await;
    table.done(more("2")).await;
    let mut step = stepping(
        0,
        3,
        true,
        vec![more("1"), more("2"), remove("none"), more("3")],
    );
    step.mutations.condition = Some(filter(&json!({ "n": 0 })));
    let outcomes = take(&table, step).await.unwrap();
    let passed = [Some(DataCode::ConditionNotMet), Some(DataCode::ItemMissing)];
    assert_eq!(codes(&outcomes), [None, passed[0], passed[1], None]);
    assert_eq!(stands(&table).await, (JobStatus::Succeeded, 2, 3));
}

async fn of_nodes_that_take_a_step_at_once_one_does(place: &Place) {
    let table = table(place).await;
    let other = Table::open(&place.open().await, 1, "c").await;
    let step = || stepping(0, 3, true, vec![more("1"), more("2"), more("3")]);
    let mut tasks = Vec::new();
    for node in [&table, &other, &table, &other] {
        let (node, step) = (node.clone(), step());
        tasks.push(tokio::spawn(async move { take(&node, step).await }));
    }
    let mut taken = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => assert!(matches!(error, StoreError::Outdated), "{error}"),
        }
    }
    assert_eq!(taken, 1);
    assert_eq!(table.matching(&json!({ "n": 1 })).await, ["1", "2", "3"]);
    assert_eq!(stands(&table).await, (JobStatus::Succeeded, 3, 3));
}

async fn unfinished_jobs_come_oldest_first_and_old_ones_are_forgotten(place: &Place) {
    let table = table(place).await;
    let store = &table.store;
    let mut over = job("over", 2);
    over.status = JobStatus::Succeeded;
    let mut of_another = job("j", 3);
    of_another.instance_id = instance(2);
    for job in [job("late", 9), over, of_another.clone(), job("earlier", 0)] {
        store.insert_job(job).await.unwrap();
    }
    let of = async |limit| {
        let jobs = store.list_unfinished_jobs(limit).await.unwrap();
        jobs.into_iter().map(|it| it.job_id).collect::<Vec<_>>()
    };
    assert_eq!(of(9).await, ["earlier", "j", "j", "late"]);
    assert_eq!(of(2).await, ["earlier", "j"]);
    store
        .delete_jobs(Timestamp::from_second(3).unwrap())
        .await
        .unwrap();
    assert_eq!(of(9).await, ["j", "late"]);
    assert_eq!(store.find_job(instance(1), "over").await.unwrap(), None);
    assert_eq!(
        store.find_job(instance(2), "j").await.unwrap(),
        Some(of_another)
    );
}

/// A hundred items with 20,000 links each were one turn of the writer, and others waited for 15 seconds.
async fn a_step_ends_early_when_its_items_have_many_links(place: &Place) {
    let fields = json!({ "fields": [{
        "key": "many", "type": "MULTI_REFERENCE",
        "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } },
    }] });
    let table = Table::create(&place.open().await, 1, &fields).await;
    let items = ["1", "2", "3"].map(|id| json!({ "_id": id }));
    table.insert_all(&items).await;
    table.store.insert_job(job("j", 1)).await.unwrap();
    let ids: Vec<String> = (0..1_500).map(|number| format!("r{number}")).collect();
    let link = |id| patch(id, &[("many", "SET_FIELD", json!(ids))]);
    let clear = |id| remove(id);
    let sequences = async || {
        let mut sequences = Vec::new();
        for id in ["1", "2", "3"] {
            let item = table.store.find_item(&table.of, id).await.unwrap();
            sequences.extend(item.map(|item| item.sequence));
        }
        sequences
    };
    let all = sequences().await;
    // The writer's turn ends with the item whose links fill it. PostgreSQL has no turns.
    let (mut turns, mut from) = (0, 0);
    while stands(&table).await.0 != JobStatus::Succeeded {
        let left = all
            .iter()
            .zip(["1", "2", "3"])
            .filter(|(it, _)| **it > from);
        let writes = left.map(|(_, id)| link(id)).collect();
        take(&table, stepping(from, all[2], true, writes))
            .await
            .unwrap();
        from = stands(&table).await.2;
        turns += 1;
    }
    assert_eq!(
        turns,
        if matches!(place, Place::Folder(_)) {
            3
        } else {
            1
        }
    );
    let held = |id: &str| backlot_store::items::link::ReferenceQuery {
        field: "many".to_owned(),
        item_ids: vec![id.to_owned()],
        direction: backlot_wix::data::Direction::Ascending,
        offset: 0,
        limit: 9_999,
        each: 9_999,
        after: None,
    };
    for id in ["1", "2", "3"] {
        let links = table.store.list_links(&table.of, held(id)).await.unwrap();
        assert_eq!(links.len(), 1_500);
    }
    // What goes with an item takes turns, too.
    let outcomes = table.write(vec![clear("1"), clear("2"), clear("3")]).await;
    assert_eq!(codes(&outcomes), [None, None, None]);
    let links = table.store.list_links(&table.of, held("1")).await.unwrap();
    assert!(links.is_empty());
}
