//! Who may do what: all of it, with their own items, or nothing.

use backlot_store::items::write::Author;
use backlot_store::items::{Batch, Items as _, Write};
use backlot_wix::data::DataCode;
use backlot_wix::data::collection::Access;
use serde_json::json;

use crate::place::Place;
use crate::table::{Table, batch, codes, insert, patch, remove, save, update};

on_every_database! {
    who_writes_owns_what_is_new_and_nothing_else
    an_author_reaches_their_own_items_only
    who_may_not_is_told_so_and_who_may_not_see_is_told_nothing
    nobody_owns_what_has_no_owner
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

async fn write_as(table: &Table, author: Author, writes: Vec<Write>) -> Vec<Option<DataCode>> {
    let batch = Batch {
        author,
        ..batch(writes)
    };
    codes(&table.store.write(&table.of, batch).await.unwrap())
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

fn all_kinds(id: &str) -> Vec<Write> {
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

async fn nobody_owns_what_has_no_owner(place: &Place) {
    let table = shared(place).await;
    let nobody = author("", Access::Own, Access::Own);
    let told = write_as(&table, nobody, all_kinds("of-nobody")).await;
    assert_eq!(told, [Some(DataCode::ItemMissing); 4]);
}
