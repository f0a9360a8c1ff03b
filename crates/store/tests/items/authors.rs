//! Who may do what: all of it, with their own items, or nothing.

use backlot_store::items::mutation::Author;
use backlot_store::items::{Batch, Mutation};
use backlot_wix::data::DataCode;
use backlot_wix::data::collection::Access;
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, batch, codes, definition, insert, patch, remove, save, update};

on_every_database! {
    who_writes_owns_what_is_new_and_nothing_else
    an_author_reaches_their_own_items_only
    who_may_not_is_told_so_and_who_may_not_see_is_told_nothing
    nobody_owns_what_has_no_owner
    a_patch_that_depends_on_the_item_needs_read
    rules_of_other_fields_tell_nothing_of_what_may_not_be_read
}

fn author(name: &str, access: Access, read: Access) -> Author {
    let owner = (!name.is_empty()).then(|| name.to_owned());
    Author {
        owner,
        insert: access,
        update: access,
        remove: access,
        read,
    }
}

async fn write_as(table: &Table, author: Author, writes: Vec<Mutation>) -> Vec<Option<DataCode>> {
    let batch = Batch {
        author,
        ..batch(writes)
    };
    codes(&table.store.commit(&table.of, batch).await.unwrap())
}

/// Of Ann, Bob, and nobody.
async fn shared(place: &Place) -> Table {
    let table = Table::create(&place.open().await, 1, &json!({})).await;
    for (id, owner) in [("of-ann", "ann"), ("of-bob", "bob"), ("of-nobody", "")] {
        let author = author(owner, Access::All, Access::All);
        let writes = vec![insert(&json!({ "_id": id, "n": 0 }))];
        assert_eq!(write_as(&table, author, writes).await, [None]);
    }
    table
}

fn all_kinds(id: &str) -> Vec<Mutation> {
    let item = json!({ "_id": id, "n": 1 });
    vec![
        update(&item),
        save(&item),
        patch(id, &[("n", "SET_FIELD", json!(1))]),
        remove(id),
    ]
}

async fn who_writes_owns_what_is_new_and_nothing_else(place: &Place) {
    let table = shared(place).await;
    assert_eq!(table.field("of-ann", "_owner").await, json!("ann"));
    assert_eq!(
        table.store_item("of-ann").await.owner.as_deref(),
        Some("ann")
    );
    assert_eq!(table.field("of-nobody", "_owner").await, json!(null));
    let bob = author("bob", Access::All, Access::All);
    let writes = vec![
        update(&json!({ "_id": "of-ann", "n": 2 })),
        save(&json!({ "_id": "new" })),
    ];
    assert_eq!(write_as(&table, bob, writes).await, [None, None]);
    assert_eq!(table.field("of-ann", "_owner").await, json!("ann"));
    assert_eq!(table.field("new", "_owner").await, json!("bob"));
    assert_eq!(
        table.matching(&json!({ "_owner": "bob" })).await,
        ["of-bob", "new"]
    );
}

async fn an_author_reaches_their_own_items_only(place: &Place) {
    let table = shared(place).await;
    let denied = Some(DataCode::PermissionDenied);
    for other in ["of-bob", "of-nobody"] {
        let ann = author("ann", Access::Own, Access::All);
        assert_eq!(write_as(&table, ann, all_kinds(other)).await, [denied; 4]);
        assert_eq!(table.field(other, "n").await, json!(0));
    }
    let ann = author("ann", Access::Own, Access::All);
    assert_eq!(
        write_as(&table, ann.clone(), all_kinds("of-ann")).await,
        [None; 4]
    );
    assert_eq!(
        write_as(&table, ann, vec![insert(&json!({ "_id": "new" }))]).await,
        [None]
    );
}

async fn who_may_not_is_told_so_and_who_may_not_see_is_told_nothing(place: &Place) {
    let table = shared(place).await;
    let (denied, missing) = (
        Some(DataCode::PermissionDenied),
        Some(DataCode::ItemMissing),
    );
    let mut writes = all_kinds("of-bob");
    writes.push(insert(&json!({ "_id": "new" })));
    writes.push(save(&json!({ "_id": "newer" })));
    let seeing = author("ann", Access::Denied, Access::All);
    assert_eq!(write_as(&table, seeing, writes.clone()).await, [denied; 6]);
    for read in [Access::Own, Access::Denied] {
        let blind = author("ann", Access::Denied, read);
        let told = write_as(&table, blind, writes.clone()).await;
        assert_eq!(told, [missing, missing, missing, missing, denied, denied]);
    }
    assert_eq!(table.matching(&json!({ "n": 0 })).await.len(), 3);
}

/// What such a patch does with one item: [path, action, value].
fn probes() -> Vec<(&'static str, &'static str, serde_json::Value)> {
    vec![
        ("n", "INCREMENT_FIELD", json!(1)),
        ("n", "INCREMENT_FIELD", json!(0)),
        ("missing", "INCREMENT_FIELD", json!(1)),
        ("list", "APPEND_TO_ARRAY", json!(1)),
        ("list", "REMOVE_FROM_ARRAY", json!(1)),
        ("object.inner", "SET_FIELD", json!(1)),
        ("object.inner", "REMOVE_FIELD", json!(null)),
    ]
}

async fn a_patch_that_depends_on_the_item_needs_read(place: &Place) {
    let table = shared(place).await;
    let denied = Some(DataCode::PermissionDenied);
    for probe in probes() {
        let with_probe = |id| {
            let plain = ("n", "SET_FIELD", json!(0));
            vec![patch(id, &[plain, probe.clone()])]
        };
        for (read, id) in [(Access::Denied, "of-ann"), (Access::Own, "of-bob")] {
            let blind = author("ann", Access::All, read);
            let told = write_as(&table, blind, with_probe(id)).await;
            assert_eq!(told, [denied], "{probe:?}");
        }
        for (read, id) in [(Access::Own, "of-ann"), (Access::All, "of-bob")] {
            let seeing = author("ann", Access::All, read);
            let told = write_as(&table, seeing, with_probe(id)).await;
            assert_eq!(told, [None], "{probe:?}");
        }
    }
    // What is set or removed whole does not depend on what is there.
    for (action, value) in [
        ("SET_FIELD", json!({ "a": 1 })),
        ("REMOVE_FIELD", json!(null)),
    ] {
        let blind = author("ann", Access::All, Access::Denied);
        let told = write_as(
            &table,
            blind,
            vec![patch("of-bob", &[("n", action, value)])],
        )
        .await;
        assert_eq!(told, [None]);
    }
}

/// A definition that was changed may find wrong what is there.
async fn rules_of_other_fields_tell_nothing_of_what_may_not_be_read(place: &Place) {
    let store = place.open().await;
    let fields = |max: u32| {
        json!([
            { "key": "n", "type": "NUMBER", "numberRange": { "max": max } },
            { "key": "t", "type": "TEXT", "stringLengthRange": { "maxLength": 3 } },
        ])
    };
    let declare = async |max| {
        let definition = definition(&json!({ "id": "strict", "fields": fields(max) }));
        let declared = store.declare_collections(vec![definition], false).await;
        declared.unwrap();
        Table::open(&store, 1, "strict").await
    };
    let table = declare(100).await;
    table.insert_all(&[json!({ "_id": "1", "n": 50 })]).await;
    let table = declare(10).await;
    let set = |text: &str| vec![patch("1", &[("t", "SET_FIELD", json!(text))])];
    let blind = author("ann", Access::All, Access::Denied);
    assert_eq!(write_as(&table, blind.clone(), set("abc")).await, [None]);
    let invalid = Some(DataCode::Invalid);
    assert_eq!(write_as(&table, blind, set("abcd")).await, [invalid]);
    let seeing = author("ann", Access::All, Access::All);
    assert_eq!(write_as(&table, seeing, set("abc")).await, [invalid]);
}

async fn nobody_owns_what_has_no_owner(place: &Place) {
    let table = shared(place).await;
    let nobody = author("", Access::Own, Access::Own);
    let told = write_as(&table, nobody, all_kinds("of-nobody")).await;
    assert_eq!(told, [Some(DataCode::ItemMissing); 4]);
}
