//! Imports, copies and changes of definitions that were broken off, on every database.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod place;

use std::collections::BTreeMap;
use std::sync::Arc;

use backlot_store::instances::ActivityDelta;
use backlot_store::items::mutation::Author;
use backlot_store::items::{Batch, CollectionRef, ItemQuery, Link, Mutation};
use backlot_store::markers::{COPY, IMPORT};
use backlot_store::portability::{Importer, NotImported, Record, copy, forget_unfinished};
use backlot_store::{Backfill, Store};
use backlot_wix::InstanceId;
use backlot_wix::data::collection::{Definition, Field, FieldType, Level, Permissions};
use backlot_wix::data::{Budget, Date, Filter, Object, Value};
use jiff::{SignedDuration, Timestamp};
use place::Place;

/// Each of these on every database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Place::folder()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Place::database().await).await;
            })*
        }
    };
}

on_every_database! {
    an_import_takes_an_instances_place_in_one_change
    an_import_that_was_killed_is_forgotten_and_one_that_goes_on_is_not
    an_import_takes_over_no_history_of_another_instance
    a_copy_that_was_broken_off_begins_anew
    items_get_new_names_and_defaults
    what_is_out_of_reach_can_be_removed
}

fn instance_id(last: u8) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
        .parse()
        .unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn definition(id: &str, fields: &[(&str, FieldType)]) -> Definition {
    let admin = Level::Admin;
    Definition {
        id: id.to_owned(),
        display_name: None,
        display_field: None,
        fields: fields
            .iter()
            .map(|(key, it)| Field::new(key, *it))
            .collect(),
        permissions: Permissions {
            insert: admin,
            update: admin,
            remove: admin,
            read: admin,
        },
        plugins: Vec::new(),
        indexes: Vec::new(),
        lenient: false,
        revision: 0,
        created_at: 0,
        updated_at: 0,
    }
}

fn object(id: &str, fields: &[(&str, Value)]) -> Object {
    let mut object = Object::new();
    object.insert("_id".to_owned(), id.into());
    for (key, value) in fields {
        object.insert((*key).to_owned(), value.clone());
    }
    object
}

async fn items_of(store: &Store, instance: InstanceId, id: &str) -> CollectionRef {
    let collection = store.find_collection(instance, id).await.unwrap().unwrap();
    CollectionRef::new(instance, collection)
}

async fn write(store: &Store, of: &CollectionRef, writes: Vec<Mutation>) {
    let batch = Batch {
        writes,
        condition: None,
        author: Author::app(None),
        now: Date::EPOCH,
        stops_at_failure: false,
        budget: Budget::unlimited(),
        room: None,
        tells_items: false,
    };
    for outcome in store.commit(of, batch).await.unwrap() {
        outcome.unwrap();
    }
}

fn restore(item: Object) -> Mutation {
    Mutation::Restore {
        item,
        links: Vec::new(),
    }
}

/// An instance with a collection of its own and items of these ids.
async fn fill(store: &Store, instance: InstanceId, ids: &[&str]) {
    let fields = [("title", FieldType::Text)];
    let made = store
        .insert_collection(instance, definition("notes", &fields))
        .await;
    made.unwrap();
    let of = items_of(store, instance, "notes").await;
    let writes = ids
        .iter()
        .map(|id| restore(object(id, &[("title", (*id).into())])));
    write(store, &of, writes.collect()).await;
}

async fn ids(store: &Store, instance: InstanceId) -> Vec<String> {
    let of = items_of(store, instance, "notes").await;
    let found = store
        .query_items(&of, ItemQuery::all(Filter::all(), 1000))
        .await
        .unwrap();
    found.into_iter().map(|item| item.id).collect()
}

/// An export of one collection and these items.
fn export(ids: &[&str]) -> Vec<Record> {
    let mut records = vec![
        Record::Header {
            version: Record::VERSION,
            instance_id: instance_id(1),
            leaves_out: BTreeMap::default(),
        },
        Record::Instance {
            first_seen: at(1),
            last_seen: at(2),
            requests: [1, 2, 3, 4],
        },
        Record::Collection {
            declared: false,
            definition: Box::new(definition("notes", &[("title", FieldType::Text)])),
        },
    ];
    records.extend(ids.iter().map(|id| Record::Item {
        collection: "notes".to_owned(),
        data: object(id, &[("title", (*id).into())]),
        links: Vec::new(),
    }));
    records.push(Record::end_of(&records).unwrap());
    records
}

async fn an_import_takes_an_instances_place_in_one_change(place: &Place) {
    let store = place.open().await;
    let (one, staged) = (instance_id(1), instance_id(0xf0));
    let sighting = ActivityDelta {
        instance_id: one,
        first_seen: at(100),
        last_seen: at(100),
        requests: [9; 4],
        plan: None,
        site_id: None,
    };
    store.record_activity(vec![sighting]).await.unwrap();
    fill(&store, one, &["old"]).await;
    let refused = Importer::staged(&store, one, staged, false, at(1)).await;
    assert!(matches!(refused, Err(NotImported::NotEmpty(_))));

    let mut importer = Importer::staged(&store, one, staged, true, at(1))
        .await
        .unwrap();
    let records = export(&["a", "b"]);
    for record in records.clone() {
        importer.take(record).await.unwrap();
        assert_eq!(ids(&store, one).await, ["old"], "as it was until the end");
    }
    importer.finish().await.unwrap();
    assert_eq!(ids(&store, one).await, ["a", "b"]);
    let seen = store.find_instance(one).await.unwrap().unwrap();
    assert_eq!((seen.last_seen, seen.requests), (at(2), [1, 2, 3, 4]));
    assert!(!store.is_known(staged).await.unwrap());
    assert_eq!(store.list_markers(IMPORT).await.unwrap(), []);
    // It can be written to, and has its keys.
    let of = items_of(&store, one, "notes").await;
    write(&store, &of, vec![restore(object("c", &[]))]).await;
    assert_eq!(ids(&store, one).await, ["a", "b", "c"]);

    // One that is abandoned leaves nothing; nor does one without an end.
    let mut importer = Importer::staged(&store, one, staged, true, at(1))
        .await
        .unwrap();
    for record in records.into_iter().take(4) {
        importer.take(record).await.unwrap();
    }
    assert!(importer.finish().await.is_err());
    importer.abandon().await.unwrap();
    assert_eq!(ids(&store, one).await, ["a", "b", "c"]);
    assert!(!store.is_known(staged).await.unwrap());
}

async fn an_import_that_was_killed_is_forgotten_and_one_that_goes_on_is_not(place: &Place) {
    let store = place.open().await;
    let (one, staged) = (instance_id(1), instance_id(0xf0));
    let mut importer = Importer::staged(&store, one, staged, false, at(1000))
        .await
        .unwrap();
    for record in export(&["a", "b"]).into_iter().take(4) {
        importer.take(record).await.unwrap();
    }
    importer.goes_on(at(1050)).await.unwrap();
    assert_eq!(forget_unfinished(&store, at(1100)).await.unwrap(), 0);
    drop(importer);
    let later = at(1050) + SignedDuration::from_secs(61);
    assert_eq!(forget_unfinished(&store, later).await.unwrap(), 1);
    assert!(!store.is_known(staged).await.unwrap());
    assert_eq!(store.list_markers(IMPORT).await.unwrap(), []);
}

async fn an_import_takes_over_no_history_of_another_instance(place: &Place) {
    let store = place.open().await;
    // The export is of the first instance.
    let (new, seen) = (instance_id(2), instance_id(3));
    let sighting = ActivityDelta {
        instance_id: seen,
        first_seen: at(100),
        last_seen: at(200),
        requests: [9; 4],
        plan: None,
        site_id: None,
    };
    store.record_activity(vec![sighting]).await.unwrap();
    let before = store.find_instance(seen).await.unwrap().unwrap();
    for id in [new, seen] {
        let staged = instance_id(0xf0);
        let mut staged = Importer::staged(&store, id, staged, true, at(1))
            .await
            .unwrap();
        for record in export(&["a"]) {
            staged.take(record).await.unwrap();
        }
        staged.finish().await.unwrap();
        assert_eq!(ids(&store, id).await, ["a"]);
    }
    assert_eq!(store.find_instance(new).await.unwrap(), None);
    assert_eq!(store.find_instance(seen).await.unwrap(), Some(before));
    let mut importer = Importer::begin(&store, instance_id(4)).await.unwrap();
    for record in export(&["a"]) {
        importer.take(record).await.unwrap();
    }
    importer.finish().await.unwrap();
    assert_eq!(store.find_instance(instance_id(4)).await.unwrap(), None);
    assert!(store.is_known(instance_id(4)).await.unwrap());
}

async fn a_copy_that_was_broken_off_begins_anew(place: &Place) {
    let from = Place::folder();
    let from = from.open().await;
    fill(&from, instance_id(1), &["a"]).await;
    let to = place.open().await;
    // What a killed copy has left: something, and the mark.
    fill(&to, instance_id(7), &["x"]).await;
    assert!(!copy::is_empty(&to).await.unwrap());
    to.set_marker(COPY, Some("begun".to_owned())).await.unwrap();
    assert!(copy::is_unfinished(&to).await.unwrap());
    assert!(copy::is_empty(&to).await.unwrap());
    copy::copy(&from, &to, &mut |_| {}).await.unwrap();
    assert!(!copy::is_unfinished(&to).await.unwrap());
    let (old, new) = (
        copy::holdings(&from).await.unwrap(),
        copy::holdings(&to).await.unwrap(),
    );
    assert_eq!(old, new);
    assert_eq!(to.totals().await.unwrap().items, 1);
}

async fn items_get_new_names_and_defaults(place: &Place) {
    let store = place.open().await;
    let one = instance_id(1);
    fill(&store, one, &["a", "b"]).await;
    let backfill = Backfill {
        renames: vec![("title".to_owned(), "name".to_owned())],
        defaults: vec![("stars".to_owned(), 3.0.into())],
    };
    let fields = [("name", FieldType::Text), ("stars", FieldType::Number)];
    let mut new = definition("notes", &fields);
    new.fields[1].required = true;
    assert_eq!(
        store
            .list_violations(&new, &Backfill::default())
            .await
            .unwrap()
            .count,
        2
    );
    let violations = store.list_violations(&new, &backfill).await.unwrap();
    assert_eq!((violations.count, violations.amended), (0, 2));
    let of = items_of(&store, one, "notes").await;
    let before = store
        .find_item(&of, "a")
        .await
        .unwrap()
        .unwrap()
        .object()
        .unwrap();
    let amend = Mutation::Amend {
        item_id: "a".to_owned(),
        backfill: Arc::new(backfill),
    };
    write(&store, &of, vec![amend]).await;
    let after = store
        .find_item(&of, "a")
        .await
        .unwrap()
        .unwrap()
        .object()
        .unwrap();
    assert_eq!(after.get("name"), Some(&"a".into()));
    assert_eq!(after.get("stars"), Some(&3.0.into()));
    assert_eq!(after.get("title"), None);
    assert_eq!(
        after.get("_updatedDate"),
        before.get("_updatedDate"),
        "nobody has changed it"
    );
}

async fn what_is_out_of_reach_can_be_removed(place: &Place) {
    let store = place.open().await;
    let one = instance_id(1);
    let mut declared = definition("notes", &[("title", FieldType::Text)]);
    let mut related = Field::new("related", FieldType::MultiReference);
    related.type_metadata =
        Some(serde_json::json!({ "multiReference": { "referencedCollectionId": "notes" } }));
    declared.fields.push(related);
    store
        .declare_collections(vec![declared], false)
        .await
        .unwrap();
    let of = items_of(&store, one, "notes").await;
    write(
        &store,
        &of,
        vec![restore(object("a", &[])), restore(object("b", &[]))],
    )
    .await;
    let link = Link {
        field: "related".to_owned(),
        item_id: "a".to_owned(),
        referenced_id: "b".to_owned(),
    };
    store.insert_links(&of, vec![link]).await.unwrap();
    assert_eq!(
        store
            .rename_links("notes", "related", Some("others"))
            .await
            .unwrap(),
        1
    );
    let usage = store.collection_usage("notes").await.unwrap();
    assert_eq!(usage.links, [("others".to_owned(), 1)]);
    assert_eq!(
        store.rename_links("notes", "others", None).await.unwrap(),
        1
    );
    store.declare_collections(Vec::new(), false).await.unwrap();
    assert_eq!(
        store.list_instances_with_items("notes").await.unwrap(),
        [one]
    );
    assert_eq!(store.count_items_in(one, "notes").await.unwrap(), 2);
    store.delete_unreachable_items(one, "notes").await.unwrap();
    assert_eq!(store.count_items_in(one, "notes").await.unwrap(), 0);
    assert_eq!(store.totals().await.unwrap().items, 0);
}
