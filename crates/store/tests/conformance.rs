//! One suite for every database behind the seam. A database joins by adding its place ([`place`]).
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[macro_use]
#[path = "items/databases.rs"]
mod databases;
mod place;

use backlot_store::events::{EventFilter, ListOrder};
use backlot_store::instance_details::{Details, Outdated, TokenRefusal};
use backlot_store::instances::{ActivityDelta, Instance};
use backlot_store::portability::{Exporter, Importer, NotImported, Record};
use backlot_store::secrets::WrappedKey;
use backlot_store::signing_keys::SigningKey;
use backlot_store::sqlite::SqliteStore;
use backlot_store::{Store, StoreError};
use backlot_wix::app_instance::{OwnerInfo, Site};
use backlot_wix::{AppInstance, InstanceId};
use jiff::Timestamp;
use place::Place;
use std::collections::BTreeMap;

on_every_database! {
    sightings_add_up_and_survive_a_restart
    signing_keys_are_replaced_all_or_none
    of_nodes_that_replace_signing_keys_at_once_one_does
    details_are_kept_replaced_and_hold_no_address_of_a_person
    a_refusal_lasts_until_wix_answers
    who_is_asked_about_again
    details_of_another_instance_are_not_imported
}

fn instance_id(last: u8) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
        .parse()
        .unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn sighting(id: u8, first: i64, last: i64, requests: [u64; 4]) -> ActivityDelta {
    ActivityDelta {
        instance_id: instance_id(id),
        first_seen: at(first),
        last_seen: at(last),
        requests,
        plan: None,
        site_id: None,
    }
}

async fn sightings_add_up_and_survive_a_restart(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.find_instance(instance_id(1)).await.unwrap(), None);
    store
        .record_activity(vec![
            sighting(1, 100, 200, [1, 0, 2, 0]),
            sighting(2, 150, 150, [0, 1, 0, 0]),
        ])
        .await
        .unwrap();
    // A batch that was held back arrives late: the first time moves back, the last one stays.
    store
        .record_activity(vec![sighting(1, 50, 180, [1, 1, 1, 1])])
        .await
        .unwrap();
    drop(store);

    let store = place.open().await;
    let expected = Instance {
        instance_id: instance_id(1),
        first_seen: at(50),
        last_seen: at(200),
        requests: [2, 1, 3, 1],
        plan: None,
        site_id: None,
    };
    assert_eq!(
        store.find_instance(instance_id(1)).await.unwrap(),
        Some(expected.clone())
    );
    let latest = store.list_latest_instances(10).await.unwrap();
    assert_eq!(latest.len(), 2);
    assert_eq!(latest[0], expected);
    assert_eq!(store.list_latest_instances(1).await.unwrap().len(), 1);

    // What credentials name last is kept, and those that name nothing change nothing.
    for (plan, site_id, expected) in [
        (Some("pro"), None, (Some("pro"), None)),
        (None, Some("site"), (Some("pro"), Some("site"))),
        (Some(""), None, (Some(""), Some("site"))),
        (None, None, (Some(""), Some("site"))),
    ] {
        let mut named = sighting(1, 300, 300, [0; 4]);
        named.plan = plan.map(str::to_owned);
        named.site_id = site_id.map(str::to_owned);
        store.record_activity(vec![named]).await.unwrap();
        let known = store.find_instance(instance_id(1)).await.unwrap().unwrap();
        assert_eq!((known.plan.as_deref(), known.site_id.as_deref()), expected);
    }
}

fn signing_key(name: &str, created_at: i64, ends_at: Option<i64>) -> SigningKey {
    SigningKey {
        key_id: name.to_owned(),
        private_key: format!("\0{name}\u{ff}").into_bytes(),
        sealed_with: Some("data key".to_owned()),
        created_at: at(created_at),
        signs_from: at(created_at + 5),
        ends_at: ends_at.map(at),
    }
}

async fn keep_data_key(store: &Store) {
    let key = WrappedKey {
        key_id: "data key".to_owned(),
        wrapped: b"wrapped".to_vec(),
        created_at: at(1),
    };
    assert!(store.insert_wrapped_key(key).await.unwrap());
}

async fn signing_keys_are_replaced_all_or_none(place: &Place) {
    let store = place.open().await;
    keep_data_key(&store).await;
    let replace = async |expected: &[SigningKey], keys: &[SigningKey]| {
        let replaced = store.replace_signing_keys(expected.to_vec(), keys.to_vec());
        replaced.await.unwrap()
    };
    let clear = SigningKey {
        sealed_with: None,
        ..signing_key("a", 1, None)
    };
    assert!(replace(&[], std::slice::from_ref(&clear)).await);
    assert_eq!(
        store.list_signing_keys().await.unwrap(),
        std::slice::from_ref(&clear)
    );
    let sealed = [signing_key("b", 2, None), signing_key("a", 1, Some(9))];
    assert!(!replace(&[], &sealed).await, "there are keys");
    assert!(!replace(&sealed, &sealed).await, "there are others");
    assert!(replace(&[clear], &sealed).await);
    store.scrub_signing_keys().await.unwrap();
    drop(place.open().await);
    let found = place.open().await.list_signing_keys().await.unwrap();
    assert_eq!(found, sealed, "newest first");
    let [newest, oldest] = sealed.clone();
    assert!(replace(&[oldest, newest.clone()], std::slice::from_ref(&newest)).await);
    assert_eq!(
        store.list_signing_keys().await.unwrap(),
        std::slice::from_ref(&newest)
    );
    let lost = SigningKey {
        sealed_with: Some("gone".to_owned()),
        ..newest.clone()
    };
    let refused = store.replace_signing_keys(vec![newest.clone()], vec![lost]);
    assert!(matches!(refused.await, Err(StoreError::MissingDataKey)));
    let printed = format!("{newest:?}");
    assert!(!printed.contains("private_key"), "{printed}");
}

async fn of_nodes_that_replace_signing_keys_at_once_one_does(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    keep_data_key(&one).await;
    let key = |name| vec![signing_key(name, 1, None)];
    let (first, second) = tokio::join!(
        one.replace_signing_keys(Vec::new(), key("a")),
        two.replace_signing_keys(Vec::new(), key("b"))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first, second);
    let expected = key(if first { "a" } else { "b" });
    assert_eq!(two.list_signing_keys().await.unwrap(), expected);
}

/// Brings an empty database up to a migration.
fn migrate_to(connection: &rusqlite::Connection, last: i64) {
    for number in 1..=last {
        let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let begins = format!("{number:04}_");
        let file = std::fs::read_dir(migrations).unwrap().find_map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            name.starts_with(&begins).then(|| entry.path())
        });
        let sql = std::fs::read_to_string(file.unwrap()).unwrap();
        connection.execute_batch(&sql).unwrap();
    }
    connection
        .pragma_update(None, "user_version", last)
        .unwrap();
}

#[tokio::test]
async fn times_of_stored_events_stay_in_another_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    migrate_to(&connection, 19);
    let insert = "
        INSERT INTO events (instance_id, source, event_id, event_type, occurred_at_ms, received_at_ms, details, is_echo, data)
        VALUES (?1, 'wix', ?2, 'AppInstalled', ?3, 7, '{}', 0, '{}')";
    let id = instance_id(1);
    for (event_id, occurred_at) in [("e1", Some(1_700_000_000_123_i64)), ("e2", None)] {
        let values = rusqlite::params![id.as_bytes(), event_id, occurred_at];
        connection.execute(insert, values).unwrap();
    }
    drop(connection);
    let store = Store::Sqlite(SqliteStore::open(&path).unwrap());
    let listed = store.list_events(EventFilter::default(), ListOrder::Oldest, 2);
    let times = listed.await.unwrap().into_iter().map(|it| it.occurred_at);
    let first = Timestamp::from_millisecond(1_700_000_000_123).ok();
    assert_eq!(times.collect::<Vec<_>>(), [first, None]);
}

/// The copy that is kept before a migration would otherwise hold the key for as long as anybody keeps the copy.
#[test]
fn a_copy_of_before_a_migration_holds_no_signing_key_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    migrate_to(&connection, 10);
    let private_key = b"the private key, in the clear";
    connection
        .execute(
            "INSERT INTO signing_keys (key_id, private_key, created_at_ms) VALUES ('k', ?1, 5)",
            [private_key],
        )
        .unwrap();
    drop(connection);
    drop(SqliteStore::open(&path).unwrap());
    let holds_it = |name: &str| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        bytes
            .windows(private_key.len())
            .any(|window| window == private_key)
    };
    assert!(holds_it("backlot.db"), "a server seals it at its start");
    assert!(!holds_it("backlot.db.before-0011"));
    let copy = rusqlite::Connection::open(folder.path().join("backlot.db.before-0011")).unwrap();
    let count = copy.query_row("SELECT count(*) FROM signing_keys", [], |row| row.get(0));
    assert_eq!(count, Ok(0));
    let version = copy.query_row("PRAGMA user_version", [], |row| row.get(0));
    assert_eq!(version, Ok(10), "an earlier program starts with it");
}

/// A table that is not listed would keep its rows when an instance is deleted.
#[test]
fn every_table_with_rows_of_instances_is_listed_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    drop(SqliteStore::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT t.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
               WHERE t.type = 'table' AND c.name = 'instance_id' ORDER BY t.name";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let found: Vec<(String, String)> = rows.unwrap().map(Result::unwrap).collect();
    let mut listed = backlot_store::test_util::instance_tables();
    listed.sort_unstable();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, listed);
    assert!(found.iter().all(|(_, kind)| kind == "BLOB"), "{found:?}");
}

/// Earlier programs kept ids as text in three tables.
#[tokio::test]
async fn ids_that_were_text_are_found_after_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    migrate_to(&connection, 15);
    let id = instance_id(0xab);
    let insert = [
        format!("INSERT INTO instances VALUES ('{id}', 1, 2, 3, 4, 5, 6, 'pro', 'site')"),
        format!("INSERT INTO instance_details VALUES ('{id}', 'https://a.example', '{{}}', 7)"),
        format!("INSERT INTO instance_refusals VALUES ('{id}', 400, 'invalid_grant', 8)"),
        "INSERT INTO instances VALUES ('no guid', 1, 2, 3, 4, 5, 6, NULL, NULL)".to_owned(),
    ];
    connection.execute_batch(&insert.join(";")).unwrap();
    drop(connection);
    let store = Store::Sqlite(SqliteStore::open(&path).unwrap());
    let found = store.find_instance(id).await.unwrap().unwrap();
    assert_eq!(found.instance_id, id);
    assert_eq!(found.requests, [3, 4, 5, 6]);
    assert_eq!(
        (found.plan.as_deref(), found.site_id.as_deref()),
        (Some("pro"), Some("site"))
    );
    assert_eq!(store.list_latest_instances(5).await.unwrap(), [found]);
    assert_eq!(store.list_instance_ids(None, 5).await.unwrap(), [id]);
    let refusal = store.find_refusal(id).await.unwrap().unwrap();
    assert_eq!((refusal.instance_id, refusal.status), (id, 400));
    assert_eq!(store.list_site_origins().await.unwrap(), []);
    store.delete_refusal(id).await.unwrap();
    let origins = store.list_site_origins().await.unwrap();
    assert_eq!(origins, [(id, "https://a.example".to_owned())]);
}

/// Whoever asked for the first site would otherwise be answered with the second one's data.
async fn details_of_another_instance_are_not_imported(place: &Place) {
    let store = place.open().await;
    let first = Details {
        answer: AppInstance {
            site: Site {
                site_id: Some("site-of-the-first".to_owned()),
                ..Site::default()
            },
            ..AppInstance::default()
        },
        ..details(1, Some("https://first.example"), 100)
    };
    store.upsert_details(first.clone()).await.unwrap();
    let exported = async || {
        let (mut exporter, mut all) = (Exporter::new(&store, instance_id(1)), Vec::new());
        loop {
            let records = exporter.next().await.unwrap();
            if records.is_empty() {
                return all;
            }
            all.extend(records);
        }
    };
    let import = async |records: Vec<Record>, id: u8| {
        let mut importer = Importer::begin(&store, instance_id(id)).await.unwrap();
        for record in records {
            importer.take(record).await?;
        }
        importer.finish().await.map(drop)
    };
    let records = exported().await;
    assert!(
        records
            .iter()
            .any(|it| matches!(it, Record::Details { .. }))
    );
    import(records.clone(), 2).await.unwrap();
    assert_eq!(store.find_details(instance_id(2)).await.unwrap(), None);
    let of_site = store
        .find_instance_of_site("site-of-the-first")
        .await
        .unwrap();
    assert_eq!(of_site, Some(instance_id(1)));

    // What the instance has of its own stays.
    let own = details(3, Some("https://third.example"), 50);
    store.upsert_details(own.clone()).await.unwrap();
    import(records.clone(), 3).await.unwrap();
    assert_eq!(store.find_details(instance_id(3)).await.unwrap(), Some(own));

    // A header that was changed does not help: the details say themselves whose they are.
    let header = Record::Header {
        version: Record::VERSION,
        instance_id: instance_id(4),
        leaves_out: BTreeMap::default(),
    };
    let mut forged = records.clone();
    forged[0] = header.clone();
    for record in &mut forged {
        if let Record::Details { answer, .. } = record {
            answer.instance.instance_id = Some(instance_id(1).to_string());
        }
    }
    let last = forged.len() - 1;
    forged[last] = Record::end_of(&forged[..last]).unwrap();
    import(forged, 4).await.unwrap();
    assert_eq!(store.find_details(instance_id(4)).await.unwrap(), None);
    let mut twice = records.clone();
    twice.insert(1, header);
    let refused = import(twice, 4).await;
    assert!(
        matches!(refused, Err(NotImported::Disorder(_))),
        "{refused:?}"
    );

    store.delete_instance(instance_id(1)).await.unwrap();
    import(records, 1).await.unwrap();
    assert_eq!(
        store.find_details(instance_id(1)).await.unwrap(),
        Some(first)
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(&folder.path().join("deep/backlot.db")).unwrap();
    let mode = |name: &str| {
        let path = folder.path().join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("deep"), 0o700);
    assert_eq!(mode("deep/backlot.db"), 0o600);
}

#[test]
fn a_database_from_the_future_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    SqliteStore::open(&path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", 9999)
        .unwrap();
    assert!(matches!(
        SqliteStore::open(&path),
        Err(StoreError::TooNew { found: 9999, .. })
    ));
}

#[test]
fn a_file_that_is_no_database_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.db");
    std::fs::write(&path, "this is not a database, it is a letter to a friend").unwrap();
    let Err(error) = SqliteStore::open(&path) else {
        unreachable!("a letter is no database")
    };
    assert!(error.to_string().contains("backlot.db"), "{error}");
}

fn details(id: u8, url: Option<&str>, fetched_at: i64) -> Details {
    Details {
        instance_id: instance_id(id),
        answer: AppInstance {
            site: Site {
                url: url.map(str::to_owned),
                ..Site::default()
            },
            ..AppInstance::default()
        },
        fetched_at: at(fetched_at),
    }
}

async fn details_are_kept_replaced_and_hold_no_address_of_a_person(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.find_details(instance_id(1)).await.unwrap(), None);
    let mut first = details(1, Some("https://a.example/x"), 100);
    first.answer.site.owner_email = Some("person@example.com".to_owned());
    first.answer.site.owner_info = Some(OwnerInfo {
        email: Some("person@example.com".to_owned()),
        email_status: None,
    });
    store.upsert_details(first).await.unwrap();
    let kept = store.find_details(instance_id(1)).await.unwrap().unwrap();
    assert_eq!(kept, details(1, Some("https://a.example/x"), 100));

    store.upsert_details(details(2, None, 100)).await.unwrap();
    let newer = details(1, Some("https://b.example"), 200);
    store.upsert_details(newer.clone()).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(
        store.find_details(instance_id(1)).await.unwrap(),
        Some(newer)
    );
    let origins = store.list_site_origins().await.unwrap();
    assert_eq!(
        origins,
        [(instance_id(1), "https://b.example".to_owned())],
        "the old origin is gone, and a site without an address has none"
    );
    let refusal = TokenRefusal {
        instance_id: instance_id(1),
        status: 400,
        reason: String::new(),
        refused_at: at(300),
    };
    store.upsert_refusal(refusal).await.unwrap();
    assert_eq!(
        store.list_site_origins().await.unwrap(),
        [],
        "the app was removed there"
    );
}

async fn a_refusal_lasts_until_wix_answers(place: &Place) {
    let store = place.open().await;
    let refusal = |reason: &str, seconds| TokenRefusal {
        instance_id: instance_id(1),
        status: 400,
        reason: reason.to_owned(),
        refused_at: at(seconds),
    };
    assert_eq!(store.find_refusal(instance_id(1)).await.unwrap(), None);
    store.upsert_refusal(refusal("first", 1)).await.unwrap();
    store.upsert_refusal(refusal("second", 2)).await.unwrap();
    let kept = store.find_refusal(instance_id(1)).await.unwrap();
    assert_eq!(kept, Some(refusal("second", 2)));
    store.upsert_details(details(1, None, 3)).await.unwrap();
    assert_eq!(store.find_refusal(instance_id(1)).await.unwrap(), None);
    store.upsert_refusal(refusal("third", 4)).await.unwrap();
    store.delete_refusal(instance_id(1)).await.unwrap();
    assert_eq!(store.find_refusal(instance_id(1)).await.unwrap(), None);
}

async fn who_is_asked_about_again(place: &Place) {
    let store = place.open().await;
    let seen = |id, last| sighting(id, 1, last, [1, 0, 0, 0]);
    let batch = vec![
        seen(1, 500),
        seen(2, 500),
        seen(3, 500),
        seen(4, 50),
        seen(5, 500),
    ];
    store.record_activity(batch).await.unwrap();
    store.upsert_details(details(1, None, 90)).await.unwrap();
    store.upsert_details(details(2, None, 400)).await.unwrap();
    let refusal = TokenRefusal {
        instance_id: instance_id(5),
        status: 400,
        reason: String::new(),
        refused_at: at(300),
    };
    store.upsert_refusal(refusal).await.unwrap();
    let outdated = |refused_since| Outdated {
        fetched_before: at(400),
        missing_too: true,
        seen_since: at(100),
        refused_since: at(refused_since),
    };
    // 2 is fresh enough, 4 has not called for long, 5 was refused not long ago.
    let found = store
        .list_outdated_instances(outdated(200), 9)
        .await
        .unwrap();
    assert_eq!(found, [instance_id(3), instance_id(1)]);
    let found = store
        .list_outdated_instances(outdated(301), 2)
        .await
        .unwrap();
    assert_eq!(found, [instance_id(3), instance_id(5)]);
    let only_known = Outdated {
        missing_too: false,
        ..outdated(301)
    };
    let found = store.list_outdated_instances(only_known, 9).await.unwrap();
    assert_eq!(found, [instance_id(5), instance_id(1)]);
    store.upsert_details(details(5, None, 400)).await.unwrap();
    let found = store.list_outdated_instances(only_known, 9).await.unwrap();
    assert_eq!(found, [instance_id(1)], "Wix has answered for 5");
}
