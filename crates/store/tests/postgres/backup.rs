//! Backups: of one moment, whole or not at all, and put back in one piece.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use backlot_store::backup::Origin;
use backlot_store::items::{CollectionRef, Link};
use backlot_store::{Address, Existing, PostgresUrl, Store};

use crate::backup_file::{changed, table, take_apart};
use crate::house::{House, batch, definition, filter_of, insert, instance_id};
use crate::isolation::two_tenants;
use crate::server::{self, Database};

fn address(url: &str) -> Address {
    Address::Postgres(PostgresUrl::new(url).unwrap())
}

/// Every row of every table, as text, but for the mark that a restore leaves.
pub(crate) async fn content(database: &Database) -> Vec<(String, String)> {
    let client = server::connect(&database.url().parse().unwrap()).await;
    let sql = "SELECT relname::text FROM pg_class
               WHERE relnamespace = 'backlot'::regnamespace AND relkind = 'r' AND relname <> 'markers' ORDER BY 1";
    let mut all = Vec::new();
    for row in client.query(sql, &[]).await.unwrap() {
        let table: String = row.get(0);
        let sql = format!(
            "SELECT coalesce(string_agg(it::text, E'\\n' ORDER BY it::text), '') FROM backlot.{table} AS it"
        );
        let rows = client.query_one(&sql, &[]).await.unwrap().get(0);
        all.push((table, rows));
    }
    all
}

/// A house with something in most tables, and a backup of it.
pub(crate) async fn backed_up() -> (House, tempfile::TempDir, PathBuf) {
    let house = two_tenants().await;
    // What `COPY` has words of its own for, and more than one piece.
    let of = house.collection(1, definition("long", &["t"])).await;
    let text = r"\\N \\. \u0009 \n 日本茶".repeat(5000);
    for id in ["a", "b", "\\N"] {
        let json = format!(r#"{{"t":"{text}"}}"#);
        let outcome = house.write(&of, vec![insert(id, &json)]).await;
        assert!(outcome[0].is_ok());
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    house
        .store
        .back_up(&file, Existing::IsReplaced, &Origin::default())
        .await
        .unwrap();
    (house, folder, file)
}

async fn ids(store: &Store, of: &CollectionRef) -> Vec<String> {
    let find = backlot_store::items::ItemQuery::all(filter_of("{}"), 1000);
    let found = store.query_items(of, find).await.unwrap();
    found.into_iter().map(|item| item.id).collect()
}

/// A collection as a store knows it.
async fn known(store: &Store, instance: u8, id: &str) -> CollectionRef {
    let instance_id = instance_id(instance);
    let collection = store
        .find_collection(instance_id, id)
        .await
        .unwrap()
        .unwrap();
    CollectionRef::new(instance_id, collection)
}

#[tokio::test]
async fn everything_comes_back_and_what_is_new_comes_last() {
    let (house, folder, file) = backed_up().await;
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1, "nothing unfinished is left");
    let before = content(&house.database).await;
    assert!(before.iter().filter(|(_, rows)| !rows.is_empty()).count() > 10);

    house.store.delete_instance(instance_id(1)).await.unwrap();
    let later = house.collection(3, definition("later", &["a"])).await;
    house.insert(&later, &[("x", "{}"), ("y", "{}")]).await;
    assert_ne!(content(&house.database).await, before);
    let address = address(&house.database.url());
    address.restore(&file).await.unwrap();
    assert_eq!(content(&house.database).await, before);

    let other = Database::create().await;
    address_of(&other).restore(&file).await.unwrap();
    assert_eq!(content(&other).await, before);
    for address in [address_of(&other), address] {
        check_order(&address.open().await.unwrap()).await;
    }
}

pub(crate) fn address_of(database: &Database) -> Address {
    address(&database.url())
}

/// What is inserted and linked now comes after what there is.
async fn check_order(store: &Store) {
    let of = known(store, 1, "c").await;
    assert_eq!(ids(store, &of).await, ["x", "y"]);
    let outcomes = store.commit(&of, batch(vec![insert("a", "{}")])).await;
    assert!(outcomes.unwrap()[0].is_ok());
    assert_eq!(ids(store, &of).await, ["x", "y", "a"]);
    let taken = store
        .commit(&of, batch(vec![insert("z", r#"{"b":1}"#)]))
        .await;
    assert!(taken.unwrap()[0].is_err(), "b is unique");
    let link = Link {
        field: "friends".to_owned(),
        item_id: "x".to_owned(),
        referenced_id: "a".to_owned(),
    };
    store.insert_links(&of, vec![link.clone()]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    let wanted = backlot_store::items::link::ReferenceQuery {
        field: link.field.clone(),
        item_ids: vec!["x".to_owned()],
        direction: backlot_wix::data::Direction::Ascending,
        after: None,
        offset: 0,
        limit: 9,
        each: 9,
    };
    let linked = store.list_links(&of, wanted).await.unwrap();
    let linked: Vec<&str> = linked.iter().map(|it| it.referenced_id.as_str()).collect();
    assert_eq!(linked, ["y", "a"]);
}

#[tokio::test]
async fn what_it_holds_is_of_one_moment() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["n"])).await;
    let going = Arc::new(AtomicBool::new(true));
    let written: Vec<Arc<AtomicUsize>> = (0..3).map(|_| Arc::default()).collect();
    let mut tasks = Vec::new();
    for (writer, written) in written.iter().enumerate() {
        let (store, of) = (house.store.clone(), of.clone());
        let (going, written) = (Arc::clone(&going), Arc::clone(written));
        tasks.push(tokio::spawn(async move {
            while going.load(Ordering::Relaxed) {
                let number = written.load(Ordering::Relaxed);
                let json = format!(r#"{{"w":{writer},"n":{number}}}"#);
                let one = batch(vec![insert(&format!("{writer}-{number}"), &json)]);
                store.commit(&of, one).await.unwrap()[0].as_ref().unwrap();
                written.store(number + 1, Ordering::Relaxed);
            }
        }));
    }
    while written.iter().any(|it| it.load(Ordering::Relaxed) < 10) {
        tokio::task::yield_now().await;
    }
    let least: Vec<usize> = written
        .iter()
        .map(|it| it.load(Ordering::Relaxed))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    house
        .store
        .back_up(&file, Existing::IsReplaced, &Origin::default())
        .await
        .unwrap();
    going.store(false, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let other = Database::create().await;
    address_of(&other).restore(&file).await.unwrap();
    let store = address_of(&other).open().await.unwrap();
    let of = known(&store, 1, "c").await;
    for (writer, least) in least.into_iter().enumerate() {
        let all = filter_of(&format!(r#"{{"w":{writer}}}"#));
        let count = store.count_items(&of, &all).await.unwrap();
        assert!(count >= least as u64, "what was acknowledged before");
        let first = filter_of(&format!(r#"{{"w":{writer},"n":{{"$lt":{count}}}}}"#));
        let without_a_gap = store.count_items(&of, &first).await.unwrap();
        assert_eq!(without_a_gap, count);
    }
}

#[tokio::test]
async fn who_reads_meanwhile_sees_the_old_and_then_the_new() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    let busy = house.collection(1, definition("busy", &[])).await;
    let numbered = |from: usize, to| {
        (from..to)
            .map(|id| insert(&format!("{id}"), "{}"))
            .collect()
    };
    house.write(&of, numbered(0, 200)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    house
        .store
        .back_up(&file, Existing::IsReplaced, &Origin::default())
        .await
        .unwrap();
    house.write(&of, numbered(200, 500)).await;

    let going = Arc::new(AtomicBool::new(true));
    let (store, written) = (house.store.clone(), Arc::clone(&going));
    let writer = tokio::spawn(async move {
        let mut number = 0;
        while written.load(Ordering::Relaxed) {
            let one = batch(vec![insert(&format!("w{number}"), "{}")]);
            store.commit(&busy, one).await.unwrap()[0].as_ref().unwrap();
            number += 1;
        }
    });
    let (store, reads) = (house.store.clone(), Arc::clone(&going));
    let of_reader = of.clone();
    let reader = tokio::spawn(async move {
        let mut seen = Vec::new();
        while reads.load(Ordering::Relaxed) {
            let count = store
                .count_items(&of_reader, &filter_of("{}"))
                .await
                .unwrap();
            if seen.last() != Some(&count) {
                seen.push(count);
            }
        }
        seen
    });
    for _ in 0..3 {
        address_of(&house.database).restore(&file).await.unwrap();
    }
    assert_eq!(house.ids(&of, "{}").await.len(), 200);
    going.store(false, Ordering::Relaxed);
    writer.await.unwrap();
    let seen = reader.await.unwrap();
    assert!(
        [&[500, 200][..], &[200], &[500]].contains(&&seen[..]),
        "{seen:?}"
    );
}

/// A table as it was before a migration that brought its last column.
fn without_last_column(pieces: &mut Vec<crate::backup_file::Piece>, of: &str, column: &str) {
    let is_it = |piece: &crate::backup_file::Piece| table(piece).is_some_and(|it| it == of);
    let start = pieces.iter().position(is_it).unwrap();
    let columns = String::from_utf8(pieces[start].1.clone()).unwrap();
    let without = columns.replace(&format!(r#","{column}""#), "");
    assert_ne!(without, columns);
    pieces[start].1 = without.into_bytes();
    let content = pieces[start + 1..].iter().take_while(|it| it.0 == b'D');
    let content: Vec<u8> = content.flat_map(|it| it.1.clone()).collect();
    let rows = String::from_utf8(content).unwrap();
    let rows = rows.lines().map(|row| row.rsplit_once('\t').unwrap().0);
    let rows: String = rows.flat_map(|row| [row, "\n"]).collect();
    while pieces.get(start + 1).is_some_and(|it| it.0 == b'D') {
        pieces.remove(start + 1);
    }
    let parts = rows.as_bytes().chunks(60_000);
    let parts = parts.map(|part| (b'D', part.to_vec()));
    pieces.splice(start + 1..=start, parts);
}

#[tokio::test]
async fn one_who_is_held_by_row_level_security_takes_and_puts_back_everything() {
    let (house, folder, file) = backed_up().await;
    let before = content(&house.database).await;
    let other = Database::create().await;
    let admin = server::connect(&other.url().parse().unwrap()).await;
    let role = format!("backlot_test_backup_{}", std::process::id());
    admin
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN;
             DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$"
        ))
        .await
        .unwrap();
    let url = other.url();
    let (_, rest) = url.split_once('@').unwrap();
    let address = address(&format!("postgres://{role}@{rest}"));
    address.restore(&file).await.unwrap();
    assert_eq!(content(&other).await, before);
    let store = address.open().await.unwrap();
    let again = folder.path().join("again");
    store
        .back_up(&again, Existing::IsReplaced, &Origin::default())
        .await
        .unwrap();
    let without_mark = |file: &std::path::Path| {
        let mut pieces = take_apart(file);
        let mut is_mark = false;
        pieces.retain(|piece| {
            if let Some(name) = table(piece) {
                is_mark = name == "markers";
            }
            !is_mark
        });
        pieces
    };
    assert_eq!(without_mark(&again), without_mark(&file));
    check_order(&store).await;
    drop(store);
    admin
        .batch_execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_backup_of_an_earlier_program_is_brought_up_to_this_one() {
    let (house, _folder, file) = backed_up().await;
    let before = content(&house.database).await;
    // What migrations 8 to 10, 12, 14 and 18 brought.
    let new = [
        "wrapped_keys",
        "secrets",
        "instance_secrets",
        "accounts",
        "pending_authorizations",
        "connection_usage",
        "markers",
        "index_builds",
        "webhook_addresses",
        "events",
        "deliveries",
        "delivery_attempts",
        "delivery_lanes",
        "delivery_turns",
        "echo_marks",
        "entity_links",
    ];
    let earlier = changed(&file, |pieces| {
        pieces[0].1 = br#"{"migration":7}"#.to_vec();
        let mut is_new = false;
        pieces.retain(|piece| {
            if let Some(name) = table(piece) {
                is_new = new.contains(&name.as_str());
            }
            !is_new
        });
        // Migration 11 brought the other columns; nothing is in the table.
        let keys = pieces
            .iter_mut()
            .find(|it| table(it).as_deref() == Some("signing_keys"));
        keys.unwrap().1 =
            br#"{"name":"signing_keys","columns":["key_id","private_key","created_at_ms"]}"#
                .to_vec();
        // As migrations 13 to 15 did, at their ends.
        without_last_column(pieces, "instances", "site_id");
        without_last_column(pieces, "instances", "plan");
        without_last_column(pieces, "items", "field_order");
        without_last_column(pieces, "declared_collections", "has_builds");
    });
    let of = known(&house.store, 2, "c").await;
    house.insert(&of, &[("later", "{}")]).await;
    address_of(&house.database).restore(&earlier).await.unwrap();
    let expected: Vec<(String, String)> = before
        .into_iter()
        .map(|(name, rows)| {
            let is_new = new.contains(&name.as_str());
            let rows = match name.as_str() {
                // Without the order, which is the last column.
                "items" => rows
                    .lines()
                    .map(|row| row[..=row.rfind(',').unwrap()].to_owned() + ")")
                    .collect::<Vec<_>>()
                    .join("\n"),
                _ => rows,
            };
            (name, if is_new { String::new() } else { rows })
        })
        .collect();
    assert_eq!(content(&house.database).await, expected);
    // Whoever had it open goes on, under the role of tenants.
    let of = known(&house.store, 2, "c").await;
    assert_eq!(ids(&house.store, &of).await, ["x", "y"]);
    check_order(&house.store).await;
    crate::isolation::connections(&house, 2).await;
}
