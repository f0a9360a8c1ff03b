//! Indexes of large collections are built in pieces, and whatever happens between two of them, their keys are those of
//! the items in the end.

use backlot_store::Store;
use backlot_store::index_builds::{BuildProgress, IndexState};
use backlot_store::items::{ItemQuery, Mutation};
use backlot_store::portability::{Exporter, Importer, Record};
use backlot_wix::data::{DataCode, Direction, FieldPath, Filter, Sort};
use serde_json::{Value as Json, json};

use crate::keys::{assert_keys_fit, count_keys};
use crate::place::Place;
use crate::table::{
    Table, batch, definition, filter, insert, instance, or_rejection, patch, remove, update,
};

on_every_database! {
    a_large_collection_gets_its_index_in_pieces
    pieces_hold_few_bytes_and_few_keys
    a_small_collection_has_its_index_at_once
    a_build_goes_on_where_a_node_ended
    whatever_is_written_between_pieces_is_in_the_index
    whatever_is_written_during_pieces_is_in_the_index
    several_nodes_build_together
    duplicates_of_a_large_collection_fail_the_build
    an_item_that_cannot_be_indexed_fails_the_build
    a_write_that_takes_a_value_of_an_item_that_was_not_reached_fails_the_build
    a_unique_value_that_is_free_again_does_not_fail_the_build
    an_index_dropped_in_the_middle_leaves_no_key
    an_index_added_again_while_it_is_cleared_is_built_afterwards
    a_query_by_an_index_that_was_dropped_meanwhile_misses_nothing
    a_collection_deleted_or_emptied_in_the_middle_leaves_no_key
    an_erased_instance_leaves_no_build
    an_erased_instance_leaves_none_of_many_keys
    an_export_leaves_out_an_index_that_failed
    an_import_takes_the_place_of_keys_that_are_being_cleared
    a_declared_collection_is_built_in_each_instance
    a_declared_index_that_failed_is_tried_again
    a_trial_looks_at_all_items_and_builds_nothing
    another_instance_is_not_concerned
}

/// Items that make a build of four pieces.
const MANY: usize = 700;

fn by_a() -> Json {
    json!({ "indexes": [{ "name": "a", "fields": [{ "path": "a" }] }] })
}

fn unique() -> Json {
    json!({ "indexes": [{ "name": "u", "fields": [{ "path": "u" }], "unique": true }] })
}

fn item(number: usize) -> Json {
    json!({ "_id": format!("i{number}"), "a": number % 7, "u": number, "tags": [number % 3, "x"] })
}

/// A collection without an index, and with so many items.
async fn filled(store: &Store, count: usize) -> Table {
    let table = Table::create(store, 1, &json!({})).await;
    let items: Vec<Json> = (0..count).map(item).collect();
    table.insert_all(&items).await;
    table
}

async fn again(table: &mut Table) {
    let definition = &table.of.collection.definition;
    let found = table
        .store
        .find_collection(table.of.instance_id, &definition.id);
    table.of.collection = found.await.unwrap().unwrap();
}

/// How the only index stands.
async fn state(table: &mut Table) -> IndexState {
    again(table).await;
    table.of.collection.indexes[0].state.clone()
}

async fn piece(table: &Table) -> BuildProgress {
    let built = table.store.build_piece(table.of.instance_id).await;
    built.unwrap()
}

/// The code and the item of a build that must have failed.
async fn failure(table: &mut Table) -> (String, String) {
    match state(table).await {
        IndexState::Failed(failure) => (failure.code.clone(), failure.item_id.clone()),
        other => (format!("{other:?}"), String::new()),
    }
}

fn failed(code: &str, item_id: &str) -> (String, String) {
    (code.to_owned(), item_id.to_owned())
}

/// Does all pieces, and says how many there were.
async fn finish(table: &mut Table) -> usize {
    let mut count = 0;
    while piece(table).await != BuildProgress::Idle {
        count += 1;
        assert!(count < 10_000, "the build has no end");
    }
    again(table).await;
    count
}

/// Random numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// A write of one of so many items, which may be there or not.
    fn write(&mut self, items: usize) -> Mutation {
        let id = format!("i{}", self.below(items));
        let a = match self.below(4) {
            0 => json!([self.below(9), self.below(9), "x"]),
            1 => Json::Null,
            _ => json!(self.below(9)),
        };
        match self.below(5) {
            0 => insert(&json!({ "_id": id, "a": a, "u": format!("n{}", self.below(50)) })),
            1 => remove(&id),
            2 => patch(&id, &[("a", "APPEND_TO_ARRAY", json!(self.below(9)))]),
            3 => update(&json!({ "_id": id, "u": format!("n{}", self.below(50)) })),
            _ => update(&json!({ "_id": id, "a": a })),
        }
    }
}

async fn a_large_collection_gets_its_index_in_pieces(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    let found = table.matching(&json!({ "a": 3 })).await;
    assert_eq!(found.len(), MANY / 7);
    table.redefine(&by_a()).await.unwrap();
    let mut pieces = 0;
    loop {
        assert_eq!(state(&mut table).await, IndexState::Building);
        assert_eq!(table.matching(&json!({ "a": 3 })).await, found);
        pieces += 1;
        match piece(&table).await {
            BuildProgress::Advanced => {}
            progress => {
                assert_eq!(progress, BuildProgress::Ended);
                break;
            }
        }
    }
    assert_eq!(pieces, 4);
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_eq!(piece(&table).await, BuildProgress::Idle);
    assert!(!table.store.has_builds(instance(1)).await.unwrap());
    assert_eq!(table.matching(&json!({ "a": 3 })).await, found);
    assert_keys_fit(place, &table).await;
}

async fn pieces_hold_few_bytes_and_few_keys(place: &Place) {
    let store = place.open().await;
    let mut table = Table::create(&store, 1, &json!({})).await;
    // Of 200 kB, two fit into a piece; nothing of it is there twice, so that it is kept as it is.
    for number in 0..7_u64 {
        let mut numbers = Numbers(number);
        let text: String = (0..200_000)
            .map(|_| char::from(b'!' + u8::try_from(numbers.below(90)).unwrap()))
            .collect();
        let text = text.replace(['"', '\\'], "x");
        table
            .insert_all(&[json!({ "_id": format!("i{number}"), "text": text })])
            .await;
    }
    table.redefine(&by_a()).await.unwrap();
    assert!(finish(&mut table).await >= 4);
    assert_keys_fit(place, &table).await;
    // Of 300 keys, three fit.
    let mut lists = Table::create(&store, 1, &json!({ "id": "lists" })).await;
    for number in 0..9 {
        let list: Vec<u32> = (0..300).map(|it| it + number).collect();
        lists
            .insert_all(&[json!({ "_id": format!("i{number}"), "a": list })])
            .await;
    }
    lists.redefine(&by_a()).await.unwrap();
    assert_eq!(state(&mut lists).await, IndexState::Building);
    assert_eq!(finish(&mut lists).await, 3);
    assert_keys_fit(place, &lists).await;
}

async fn a_small_collection_has_its_index_at_once(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, 200).await;
    table.redefine(&by_a()).await.unwrap();
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_keys_fit(place, &table).await;
    table.insert_all(&[item(900)]).await;
    table.redefine(&json!({})).await.unwrap();
    assert_eq!(count_keys(place).await, 0);
    table.redefine(&by_a()).await.unwrap();
    assert_eq!(state(&mut table).await, IndexState::Building);
}

async fn a_build_goes_on_where_a_node_ended(place: &Place) {
    let before = {
        let mut table = filled(&place.open().await, MANY).await;
        table.redefine(&by_a()).await.unwrap();
        piece(&table).await;
        piece(&table).await;
        count_keys(place).await
    };
    assert_eq!(before, 400);
    let mut table = Table::open(&place.open().await, 1, "c").await;
    assert_eq!(
        table.store.list_instances_with_builds(9).await.unwrap(),
        [instance(1)]
    );
    assert_eq!(finish(&mut table).await, 2);
    assert_keys_fit(place, &table).await;
}

async fn whatever_is_written_between_pieces_is_in_the_index(place: &Place) {
    for seed in 0..6 {
        let store = place.open().await;
        store.delete_collection(instance(1), "c").await.unwrap();
        let mut table = filled(&store, MANY).await;
        let indexes = json!({ "indexes": [
            { "name": "a", "fields": [{ "path": "a" }] },
            { "name": "tags", "fields": [{ "path": "tags" }, { "path": "a", "order": "DESC" }] },
        ] });
        table.redefine(&indexes).await.unwrap();
        let mut numbers = Numbers(seed);
        loop {
            let writes = (0..60).map(|_| numbers.write(MANY + 100)).collect();
            let done = table.write(writes).await;
            assert!(done.iter().any(Result::is_ok));
            if piece(&table).await == BuildProgress::Idle {
                break;
            }
        }
        again(&mut table).await;
        assert!(table.of.collection.ready_indexes().count() == 2);
        assert_keys_fit(place, &table).await;
    }
}

async fn whatever_is_written_during_pieces_is_in_the_index(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    table.redefine(&by_a()).await.unwrap();
    let writer = |seed: u64| {
        let table = table.clone();
        tokio::spawn(async move {
            let mut numbers = Numbers(seed);
            for _ in 0..60 {
                table.write(vec![numbers.write(MANY + 50)]).await;
            }
        })
    };
    let writers: Vec<_> = (0..4).map(writer).collect();
    assert!(finish(&mut table).await >= 4);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_keys_fit(place, &table).await;
}

async fn several_nodes_build_together(place: &Place) {
    let mut table = filled(&place.open().await, 2 * MANY).await;
    let indexes = json!({ "indexes": [
        { "name": "a", "fields": [{ "path": "a" }] },
        { "name": "u", "fields": [{ "path": "u" }], "unique": true },
    ] });
    table.redefine(&indexes).await.unwrap();
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let store = place.open().await;
        nodes.push(tokio::spawn(async move {
            while store.has_builds(instance(1)).await.unwrap() {
                store.build_piece(instance(1)).await.unwrap();
            }
        }));
    }
    for node in nodes {
        node.await.unwrap();
    }
    table.store.forget_remembered();
    again(&mut table).await;
    assert_eq!(table.of.collection.ready_indexes().count(), 2);
    assert_keys_fit(place, &table).await;
}

async fn duplicates_of_a_large_collection_fail_the_build(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    let twice = json!({ "_id": "twice", "u": 5 });
    table.insert_all(std::slice::from_ref(&twice)).await;
    table.redefine(&unique()).await.unwrap();
    while piece(&table).await == BuildProgress::Advanced {}
    let because = failed("WDE0113", "twice");
    assert_eq!(failure(&mut table).await, because);
    assert_eq!(table.matching(&json!({ "u": 5 })).await, ["i5", "twice"]);
    let listed = table.store.list_collections(instance(1)).await.unwrap();
    let listed = listed[0].indexes[0].state.clone();
    assert_eq!(listed, state(&mut table).await);
    // It does nothing, until it is created again.
    table.insert_all(&[json!({ "_id": "third", "u": 5 })]).await;
    table.write(vec![remove("third"), remove("twice")]).await;
    assert_eq!(piece(&table).await, BuildProgress::Idle);
    table.redefine(&json!({})).await.unwrap();
    table.redefine(&unique()).await.unwrap();
    finish(&mut table).await;
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_keys_fit(place, &table).await;
    assert_eq!(
        table.refused(insert(&twice)).await,
        DataCode::UniqueViolated
    );
}

async fn an_item_that_cannot_be_indexed_fails_the_build(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    let two_lists = json!({ "_id": "lists", "a": [1], "tags": [2] });
    table.insert_all(&[two_lists]).await;
    let index = json!({ "name": "i", "fields": [{ "path": "a" }, { "path": "tags" }] });
    table
        .redefine(&json!({ "indexes": [index] }))
        .await
        .unwrap();
    while piece(&table).await == BuildProgress::Advanced {}
    let because = failed("WDE0112", "lists");
    assert_eq!(failure(&mut table).await, because);
    table
        .done(insert(&json!({ "_id": "more", "a": [1], "tags": [2] })))
        .await;
}

async fn a_write_that_takes_a_value_of_an_item_that_was_not_reached_fails_the_build(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    table.redefine(&unique()).await.unwrap();
    piece(&table).await;
    let taken = insert(&json!({ "_id": "early", "u": 7 }));
    assert_eq!(table.refused(taken).await, DataCode::UniqueViolated);
    table
        .done(insert(&json!({ "_id": "late", "u": MANY - 1 })))
        .await;
    while piece(&table).await == BuildProgress::Advanced {}
    let because = failed("WDE0113", &format!("i{}", MANY - 1));
    assert_eq!(failure(&mut table).await, because);
}

async fn a_unique_value_that_is_free_again_does_not_fail_the_build(place: &Place) {
    let mut table = filled(&place.open().await, MANY).await;
    table.redefine(&unique()).await.unwrap();
    piece(&table).await;
    let last = format!("i{}", MANY - 1);
    table
        .done(insert(&json!({ "_id": "late", "u": MANY - 1 })))
        .await;
    table
        .done(update(&json!({ "_id": last, "u": "else" })))
        .await;
    table.done(remove("i3")).await;
    table.done(insert(&json!({ "_id": "new", "u": 3 }))).await;
    finish(&mut table).await;
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_keys_fit(place, &table).await;
}

async fn an_index_dropped_in_the_middle_leaves_no_key(place: &Place) {
    let mut table = filled(&place.open().await, 4 * MANY).await;
    table.redefine(&by_a()).await.unwrap();
    for _ in 0..8 {
        assert_eq!(piece(&table).await, BuildProgress::Advanced);
    }
    assert_eq!(count_keys(place).await, 1_600);
    table.redefine(&json!({})).await.unwrap();
    table.insert_all(&[item(5_000)]).await;
    assert!(table.store.has_builds(instance(1)).await.unwrap());
    finish(&mut table).await;
    assert_eq!(count_keys(place).await, 0);
    assert_eq!(table.matching(&json!({ "a": 3 })).await.len(), 400);
}

async fn an_index_added_again_while_it_is_cleared_is_built_afterwards(place: &Place) {
    let store = place.open().await;
    for more in [by_a(), unique()] {
        store.delete_collection(instance(1), "c").await.unwrap();
        let mut table = filled(&store, 4 * MANY).await;
        table.redefine(&more).await.unwrap();
        finish(&mut table).await;
        table.redefine(&json!({})).await.unwrap();
        // What changes now leaves keys behind.
        table
            .done(update(
                &json!({ "_id": "i2799", "a": "changed", "u": "changed" }),
            ))
            .await;
        table.redefine(&more).await.unwrap();
        assert_eq!(state(&mut table).await, IndexState::Clearing);
        table
            .done(insert(&json!({ "_id": "new", "a": 3, "u": 2799 })))
            .await;
        assert_eq!(table.matching(&json!({ "a": 3 })).await.len(), 401);
        let before = table.clone();
        while state(&mut table).await == IndexState::Clearing {
            assert_eq!(piece(&table).await, BuildProgress::Advanced);
        }
        // A writer that still takes it for being cleared would write no key.
        let late = batch(vec![insert(&json!({ "_id": "late" }))]);
        let late = before.store.commit(&before.of, late).await;
        assert!(matches!(late, Err(backlot_store::StoreError::Outdated)));
        table
            .done(update(&json!({ "_id": "i1", "a": 3, "u": "one" })))
            .await;
        finish(&mut table).await;
        assert_eq!(state(&mut table).await, IndexState::Ready);
        assert_eq!(table.matching(&json!({ "a": 3 })).await.len(), 402);
        assert_keys_fit(place, &table).await;
    }
}

async fn a_query_by_an_index_that_was_dropped_meanwhile_misses_nothing(place: &Place) {
    let mut table = filled(&place.open().await, 100).await;
    let indexes = json!({ "indexes": [
        { "name": "a", "fields": [{ "path": "a" }] },
        { "name": "u", "fields": [{ "path": "u" }] },
    ] });
    table.redefine(&indexes).await.unwrap();
    let before = table.clone();
    table.redefine(&json!({})).await.unwrap();
    assert_eq!(count_keys(place).await, 0);
    assert_eq!(before.matching(&json!({ "a": 3 })).await.len(), 14);
    assert_eq!(
        before.matching(&json!({ "u": { "$gt": 89 } })).await.len(),
        10
    );
    let sorted = ItemQuery {
        sorts: vec![Sort {
            path: FieldPath::parse("u").unwrap(),
            direction: Direction::Descending,
        }],
        ..ItemQuery::all(Filter::all(), 3)
    };
    assert_eq!(before.find(sorted).await, ["i99", "i98", "i97"]);
    let mut seen = 0;
    let mut visit = |_| {
        seen += 1;
        Ok(std::ops::ControlFlow::Continue(()))
    };
    let of = filter(&json!({ "a": 3 }));
    before
        .store
        .scan_items(&before.of, &of, &mut visit)
        .await
        .unwrap();
    assert_eq!(seen, 14);
}

async fn a_collection_deleted_or_emptied_in_the_middle_leaves_no_key(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, MANY).await;
    table.redefine(&by_a()).await.unwrap();
    piece(&table).await;
    store.delete_items(&table.of).await.unwrap();
    assert_eq!(count_keys(place).await, 0);
    table.insert_all(&[item(1)]).await;
    finish(&mut table).await;
    assert_keys_fit(place, &table).await;
    // Deleted while it is built, and while it is cleared; made again with the same index meanwhile.
    for is_cleared in [false, true] {
        store.delete_collection(instance(1), "c").await.unwrap();
        let mut table = filled(&store, 3 * MANY).await;
        table.redefine(&by_a()).await.unwrap();
        for _ in 0..6 {
            piece(&table).await;
        }
        if is_cleared {
            table.redefine(&json!({})).await.unwrap();
        }
        store.delete_collection(instance(1), "c").await.unwrap();
        let mut table = Table::create(&store, 1, &by_a()).await;
        table.insert_all(&[item(1), item(3)]).await;
        assert_eq!(table.matching(&json!({ "a": 3 })).await, ["i3"]);
        finish(&mut table).await;
        table.insert_all(&[item(10)]).await;
        assert_eq!(table.matching(&json!({ "a": 3 })).await, ["i3", "i10"]);
        assert_eq!(state(&mut table).await, IndexState::Ready);
        assert_keys_fit(place, &table).await;
    }
}

async fn an_erased_instance_leaves_no_build(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, MANY).await;
    table.redefine(&by_a()).await.unwrap();
    piece(&table).await;
    store.delete_instance(instance(1)).await.unwrap();
    assert_eq!(store.list_instances_with_builds(9).await.unwrap(), []);
    assert_eq!(count_keys(place).await, 0);
}

async fn an_erased_instance_leaves_none_of_many_keys(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, 2 * MANY).await;
    let both = json!({
        "indexes": [{ "name": "tags", "fields": [{ "path": "tags" }] }],
        "fields": [{ "key": "u", "type": "ANY", "unique": true }],
    });
    table.redefine(&both).await.unwrap();
    finish(&mut table).await;
    let other = Table::create(&store, 2, &by_a()).await;
    other.insert_all(&[item(1)]).await;
    assert_eq!(count_keys(place).await, 6 * MANY + 1);
    let erased = store.delete_instance(instance(1)).await.unwrap();
    assert_eq!(erased, 2 * MANY as u64);
    assert_eq!(count_keys(place).await, 1);
}

async fn records(store: &Store) -> Vec<Record> {
    let mut exporter = Exporter::new(store, instance(1));
    let mut all = Vec::new();
    loop {
        let records = exporter.next().await.unwrap();
        if records.is_empty() {
            return all;
        }
        all.extend(records);
    }
}

async fn import(store: &Store, number: u64, staged: u64, records: Vec<Record>) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let staged = Importer::staged(store, instance(number), instance(staged), false, now);
    let mut importer = staged.await.unwrap();
    for record in records {
        importer.take(record).await.unwrap();
    }
    importer.finish().await.unwrap();
}

async fn an_export_leaves_out_an_index_that_failed(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, MANY).await;
    table.insert_all(&[json!({ "_id": "twice", "u": 5 })]).await;
    let field = json!({
        "fields": [{ "key": "u", "type": "ANY", "unique": true }],
        "indexes": [{ "name": "a", "fields": [{ "path": "a" }] }],
    });
    table.redefine(&field).await.unwrap();
    finish(&mut table).await;
    import(&store, 2, 9, records(&store).await).await;
    let mut imported = Table::open(&store, 2, "c").await;
    assert_eq!(imported.matching(&json!({ "u": 5 })).await, ["i5", "twice"]);
    assert_eq!(imported.of.collection.indexes.len(), 1);
    assert_eq!(state(&mut imported).await, IndexState::Ready);
    assert_keys_fit(place, &imported).await;
}

async fn an_import_takes_the_place_of_keys_that_are_being_cleared(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, 4 * MANY).await;
    table.redefine(&unique()).await.unwrap();
    finish(&mut table).await;
    let records = records(&store).await;
    table.redefine(&json!({})).await.unwrap();
    store.delete_collection(instance(1), "c").await.unwrap();
    assert!(count_keys(place).await > 0);
    import(&store, 1, 9, records).await;
    again(&mut table).await;
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert!(!store.has_builds(instance(1)).await.unwrap());
    assert_keys_fit(place, &table).await;
}

async fn declare(store: &Store, more: &Json) {
    let definitions = vec![definition(more)];
    let declared = store.declare_collections(definitions, false).await;
    declared.unwrap();
}

async fn a_declared_collection_is_built_in_each_instance(place: &Place) {
    let store = place.open().await;
    declare(&store, &json!({})).await;
    let items: Vec<Json> = (0..MANY).map(item).collect();
    for number in [1, 2] {
        Table::open(&store, number, "c")
            .await
            .insert_all(&items)
            .await;
    }
    Table::open(&store, 3, "c")
        .await
        .insert_all(&items[..3])
        .await;
    declare(&store, &by_a()).await;
    let mut tables = Vec::new();
    for number in [1, 2, 3] {
        tables.push(Table::open(&store, number, "c").await);
    }
    assert_eq!(finish(&mut tables[0]).await, 4);
    assert_eq!(state(&mut tables[0]).await, IndexState::Ready);
    assert_eq!(state(&mut tables[1]).await, IndexState::Building);
    for table in &mut tables {
        finish(table).await;
        assert_eq!(state(table).await, IndexState::Ready);
        assert_keys_fit(place, table).await;
        let found = table.matching(&json!({ "a": 2 })).await.len();
        assert_eq!(
            found,
            if table.of.instance_id == instance(3) {
                1
            } else {
                100
            }
        );
    }
    // Not declared for a while: what was written meanwhile is not indexed.
    declare(&store, &json!({ "id": "other" })).await;
    assert!(
        store
            .find_collection(instance(1), "c")
            .await
            .unwrap()
            .is_none()
    );
    declare(&store, &by_a()).await;
    for table in &mut tables {
        again(table).await;
        assert_eq!(
            table.matching(&json!({ "a": 2 })).await.len(),
            if table.of.instance_id == instance(3) {
                1
            } else {
                100
            }
        );
        finish(table).await;
        assert_eq!(state(table).await, IndexState::Ready);
        assert_keys_fit(place, table).await;
    }
}

async fn a_declared_index_that_failed_is_tried_again(place: &Place) {
    let store = place.open().await;
    declare(&store, &json!({})).await;
    let mut table = Table::open(&store, 1, "c").await;
    let items: Vec<Json> = (0..MANY).map(item).collect();
    table.insert_all(&items).await;
    table.insert_all(&[json!({ "_id": "twice", "u": 5 })]).await;
    declare(&store, &unique()).await;
    while piece(&table).await == BuildProgress::Advanced {}
    assert!(matches!(state(&mut table).await, IndexState::Failed(_)));
    store.retry_failed_builds().await.unwrap();
    finish(&mut table).await;
    assert!(matches!(state(&mut table).await, IndexState::Failed(_)));
    table.done(remove("twice")).await;
    store.retry_failed_builds().await.unwrap();
    assert_eq!(state(&mut table).await, IndexState::Clearing);
    finish(&mut table).await;
    assert_eq!(state(&mut table).await, IndexState::Ready);
    assert_keys_fit(place, &table).await;
}

async fn a_trial_looks_at_all_items_and_builds_nothing(place: &Place) {
    let store = place.open().await;
    let trial = async || {
        let tried = store
            .declare_collections(vec![definition(&unique())], true)
            .await;
        or_rejection(tried).map_err(|fault| fault.code())
    };
    let declared = store
        .declare_collections(vec![definition(&json!({}))], false)
        .await;
    declared.unwrap();
    let table = Table::open(&store, 1, "c").await;
    let items: Vec<Json> = (0..MANY).map(item).collect();
    table.insert_all(&items).await;
    assert_eq!(trial().await, Ok(()));
    table.insert_all(&[json!({ "_id": "twice", "u": 5 })]).await;
    assert_eq!(trial().await, Err(DataCode::UniqueViolated));
    assert_eq!(count_keys(place).await, 0);
    assert!(!store.has_builds(instance(1)).await.unwrap());
}

async fn another_instance_is_not_concerned(place: &Place) {
    let store = place.open().await;
    let mut table = filled(&store, MANY).await;
    let other = Table::create(&store, 2, &by_a()).await;
    other.insert_all(&[item(1)]).await;
    table.redefine(&by_a()).await.unwrap();
    assert_eq!(
        store.list_instances_with_builds(9).await.unwrap(),
        [instance(1)]
    );
    assert_eq!(
        store.build_piece(instance(2)).await.unwrap(),
        BuildProgress::Idle
    );
    // Each write goes between two pieces, however many are left.
    for number in 10..13 {
        assert_eq!(piece(&table).await, BuildProgress::Advanced);
        other.insert_all(&[item(number)]).await;
    }
    assert_eq!(state(&mut table).await, IndexState::Building);
    assert_eq!(other.matching(&json!({ "a": 3 })).await, ["i10"]);
    finish(&mut table).await;
    assert_keys_fit(place, &other).await;
}
