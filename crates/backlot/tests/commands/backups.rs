//! Backups prove themselves, and a restore touches nothing before.

use serde_json::json;

use crate::harness::{ONE, Place, Server};

fn served() -> (Place, Server, String) {
    let place = Place::new();
    let server = place.serve(&[]);
    let token = place.token(ONE);
    server.make_collection(&token, "orders");
    let order = json!({ "_id": "1", "title": "PAY-100" });
    assert_eq!(server.insert(&token, "orders", &order).0, 200);
    place.run(&["backup", "kept"]).done();
    (place, server, token)
}

#[test]
fn a_backup_says_what_it_is() {
    let (place, _server, _) = served();
    let said = place.run(&["backup", "verify", "kept"]).done();
    for words in [
        "a backup of SQLite, format 2, migration ",
        "made by Backlot 0.1.0",
        "of the app 7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c",
        "1 item,",
        "items ",
        "signing_keys ",
        "the backup is whole",
    ] {
        assert!(said.contains(words), "{words} is not in: {said}");
    }
}

#[test]
fn one_flipped_bit_anywhere_is_found_and_nothing_is_touched() {
    let (place, server, token) = served();
    let whole = place.read("kept");
    let places = (0..60).map(|step| step * (whole.len() - 1) / 59);
    for (number, at) in places.enumerate() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (number % 8);
        std::fs::write(place.path("changed"), changed).unwrap();
        for command in [
            &["backup", "verify", "changed"][..],
            &["restore", "changed", "--yes"],
        ] {
            place.run(command).refused("changed cannot be restored: ");
        }
    }
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(place.path("changed"), &whole[..cut]).unwrap();
        place
            .run(&["restore", "changed", "--yes"])
            .refused("cannot be restored: ");
    }
    let longer = [&whole[..], b"x"].concat();
    std::fs::write(place.path("changed"), longer).unwrap();
    place
        .run(&["restore", "changed", "--yes"])
        .refused("cannot be restored: ");
    assert_eq!(server.count(&token, "orders"), 1);
    assert_eq!(
        server.insert(&token, "orders", &json!({ "title": "b" })).0,
        200
    );
    let names = place.names("data");
    assert!(
        names
            .iter()
            .all(|it| !it.contains(".part") && !it.contains("before")),
        "{names:?}"
    );
}

#[test]
fn a_file_of_another_program_is_no_backup() {
    let (place, server, token) = served();
    place.write("text", "not a backup");
    std::fs::create_dir(place.path("folder")).unwrap();
    for version in 0..=13 {
        let path = place.path("foreign");
        let _ = std::fs::remove_file(&path);
        let foreign = rusqlite::Connection::open(&path).unwrap();
        foreign
            .execute_batch("CREATE TABLE photos (id INTEGER); INSERT INTO photos VALUES (1)")
            .unwrap();
        foreign
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(foreign);
        for more in [&[][..], &["--without-checksum"]] {
            let args = [&["restore", "foreign", "--yes"], more].concat();
            let ran = place.run(&args);
            assert_eq!(ran.code, 1, "{version}: {ran:?}");
        }
    }
    for file in ["text", "folder", "/dev/null", "nowhere", "backlot.toml"] {
        assert_eq!(place.run(&["restore", file, "--yes"]).code, 1, "{file}");
        assert_eq!(place.run(&["backup", "verify", file]).code, 1, "{file}");
    }
    assert_eq!(server.count(&token, "orders"), 1);
}

#[test]
fn a_bare_file_of_an_earlier_version_is_taken_only_if_that_is_meant() {
    let (place, server, token) = served();
    let live = rusqlite::Connection::open(place.path("data/backlot.db")).unwrap();
    let bare = place.path("bare");
    live.execute("VACUUM INTO ?1", [bare.to_str().unwrap()])
        .unwrap();
    drop(live);
    server.insert(&token, "orders", &json!({ "title": "b" }));
    place
        .run(&["backup", "verify", "bare"])
        .refused("has no checksum");
    place
        .run(&["restore", "bare", "--yes"])
        .refused("has no checksum");
    assert_eq!(server.count(&token, "orders"), 2);
    place
        .run(&["restore", "bare", "--yes", "--without-checksum"])
        .done();
    assert_eq!(server.count(&token, "orders"), 1);
}

#[test]
fn a_backup_of_another_app_is_refused_unless_that_is_meant() {
    let (mut place, server, _) = served();
    drop(server);
    place.set("WIX_CLIENT_ID", "0f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c");
    place
        .run(&["restore", "kept", "--yes"])
        .refused("--other-app");
    place
        .run(&["restore", "kept", "--yes", "--other-app"])
        .done();
}

#[test]
fn a_running_server_takes_over_a_restored_database_keys_and_all() {
    // Of a time with other signing keys and another data key, under the same master key.
    let (place, server, _) = served();
    drop(server);
    std::fs::rename(place.path("data/backlot.db"), place.path("earlier.db")).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.path(&format!("data/backlot.db{end}")));
    }
    let server = place.serve(&[]);
    let before = place.token(ONE);
    server.make_collection(&before, "others");
    place.run(&["restore", "kept", "--yes"]).done();
    let after = place.token(ONE);
    let begun = std::time::Instant::now();
    loop {
        let body = json!({ "dataCollectionId": "orders" });
        let (status, said) = server.ask(
            "POST",
            "/wix-data/v2/items/count",
            Some(&after),
            Some(&body),
        );
        if status == 200 {
            assert_eq!(said["totalCount"], 1);
            break;
        }
        assert!(begun.elapsed().as_secs() < 8, "{status} {said}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // What it hands out itself is of the restored keys: its own tokens are good, and no other keys are published.
    let (_, keys) = server.ask("GET", "/.well-known/jwks.json", None, None);
    let listed = place.run(&["signing-key", "list", "--json"]).done();
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(keys["keys"][0]["kid"], listed[0]["id"]);
    assert_eq!(server.ask("GET", "/whoami", Some(&before), None).0, 401);
    assert_eq!(server.ask("GET", "/whoami", Some(&after), None).0, 200);
}

#[test]
fn a_damaged_database_is_put_aside() {
    let (place, server, _) = served();
    server.stop();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.path(&format!("data/backlot.db{end}")));
    }
    std::fs::write(place.path("data/backlot.db"), "no database any more").unwrap();
    place.run(&["restore", "kept", "--yes"]).done();
    assert_eq!(
        place.read("data/backlot.db.damaged"),
        b"no database any more"
    );
    let server = place.serve(&[]);
    assert_eq!(server.count(&place.token(ONE), "orders"), 1);
}

#[test]
fn a_database_of_another_program_is_not_used() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    let foreign = rusqlite::Connection::open(place.path("data/backlot.db")).unwrap();
    foreign
        .execute_batch("CREATE TABLE photos (id INTEGER)")
        .unwrap();
    drop(foreign);
    let before = place.read("data/backlot.db");
    for command in [
        &["migrate"][..],
        &["instance", "list"],
        &["serve", "--listen", "0", "--admin-listen", "0"],
    ] {
        let ran = place.run(command);
        assert_ne!(ran.code, 0);
        assert!(
            ran.err.contains("it is a database of another program's"),
            "{ran:?}"
        );
        assert_eq!(place.read("data/backlot.db"), before);
    }
}
