//! `backup FILE` and `export --output FILE`: what they write over, and what they never do.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;

use crate::harness::{ONE, Place, Server};

/// A place with a server that runs, and one item.
fn served() -> (Place, Server) {
    let place = Place::new();
    let server = place.serve(&[]);
    let token = place.token(ONE);
    server.make_collection(&token, "notes");
    assert_eq!(
        server.insert(&token, "notes", &json!({ "title": "a" })).0,
        200
    );
    (place, server)
}

/// Both commands that write a file of the person's choice.
fn both(place: &Place, file: &str, force: bool) -> [crate::harness::Ran; 2] {
    let mut backup = vec!["backup", file];
    let mut export = vec!["instance", "export", ONE, "--output", file];
    if force {
        backup.push("--force");
        export.push("--force");
    }
    [place.run(&backup), place.run(&export)]
}

#[test]
fn a_file_that_exists_is_replaced_by_force_alone() {
    let (place, _server) = served();
    place.write("old", "an old backup");
    for ran in both(&place, "old", false) {
        ran.refused("old exists, and was not touched\n  hint: name another file, or replace this one with --force");
    }
    assert_eq!(place.read("old"), b"an old backup");
    for ran in both(&place, "old", true) {
        ran.done();
    }
    assert!(place.read("old").starts_with(b"{\"kind\":\"header\""));
    for ran in both(&place, "new", false).into_iter().take(1) {
        ran.done();
    }
}

#[test]
fn the_live_database_is_never_written_over() {
    let (place, server) = served();
    let before = place.read("data/backlot.db");
    std::fs::hard_link(place.path("data/backlot.db"), place.path("hard")).unwrap();
    symlink(place.path("data/backlot.db"), place.path("soft")).unwrap();
    symlink(place.path("data"), place.path("way")).unwrap();
    let absolute = place.path("data/backlot.db");
    for file in [
        "data/backlot.db",
        "./data/../data/backlot.db",
        absolute.to_str().unwrap(),
        "way/backlot.db",
        "hard",
        "soft",
        "data/backlot.db-wal",
        "data/backlot.db-shm",
        "data/backlot.db-journal",
        "way/backlot.db-wal",
        "backlot.toml",
        "./backlot.toml",
        "data/master.key",
        "way/master.key",
    ] {
        for force in [false, true] {
            for ran in both(&place, file, force) {
                let said = ran.refused(&format!("cannot write {file}: "));
                assert!(said.contains("which no command writes over"), "{said}");
            }
        }
    }
    let token = place.token(ONE);
    assert_eq!(server.count(&token, "notes"), 1);
    assert_eq!(
        server.insert(&token, "notes", &json!({ "title": "b" })).0,
        200
    );
    drop(server);
    assert!(place.read("data/backlot.db").len() >= before.len());
    let names = place.names("data");
    assert!(
        names.iter().all(|name| !name.contains(".part")),
        "{names:?}"
    );
}

#[test]
fn the_database_of_another_server_is_never_written_over() {
    let (place, _server) = served();
    // A second place, whose data folder does not name the first one's files.
    let other = Place::new();
    let _other_server = other.serve(&[]);
    let theirs = place.path("data/backlot.db");
    let said = other.run(&["backup", "--force", theirs.to_str().unwrap()]);
    let said = said.refused("has it open");
    assert!(said.contains("backlot"), "{said}");
}

#[test]
fn files_of_any_data_folder_are_never_written_over() {
    let place = Place::new();
    drop(place.serve(&[]));
    let dev = place.dev(&[]);
    let token = place.run(&["token", "--instance", ONE, "--data", "data"]);
    let server = place.serve(&[]);
    server.make_collection(token.done().trim(), "notes");
    drop((dev, server));
    place.write("other/prod.conf", "[app]\nname = \"Shop\"\n");
    place.write("other/things.toml", "[permissions]\n");
    std::fs::hard_link(place.path("data/dev/master.key"), place.path("hard-key")).unwrap();
    std::fs::hard_link(place.path("data/dev/backlot.db"), place.path("hard-db")).unwrap();
    let files = [
        "data/dev/master.key",
        "data/dev/backlot.db",
        "data/dev/backlot.db-wal",
        "data/dev/backlot.db-shm",
        "data/dev/backlot.lock",
        "data/dev/backlot.db.lock",
        "data/dev/simulator.json",
        "data/dev/simulator-data.db",
        "data/dev/../dev/master.key",
        "data/master.key",
        "data/backlot.db",
        "data/backlot.db-wal",
        "data/backlot.lock",
        "other/prod.conf",
        "other/things.toml",
        "hard-key",
        "hard-db",
    ];
    let content = || {
        let read = |name: &&str| std::fs::read(place.path(name)).ok();
        files.iter().map(read).collect::<Vec<_>>()
    };
    let before = content();
    for data in ["data", "data/dev", "elsewhere"] {
        for file in files {
            let ran = place.run(&["backup", "--data", data, "--force", file]);
            ran.refused("which no command writes over");
            let export = ["instance", "export", ONE, "--data", data, "--force"];
            let ran = place.run(&[&export[..], &["--output", file]].concat());
            ran.refused("which no command writes over");
        }
    }
    for file in ["data/dev/master.key", "data/dev/backlot.db", "hard-key"] {
        let ran = place.run(&["init", "--output", file, "--force"]);
        ran.refused(&format!("cannot write {file}"));
    }
    assert!(before == content(), "nothing was changed");
}

#[test]
fn what_is_no_file_is_never_written_over() {
    let (place, _server) = served();
    let fifo = place.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    std::fs::create_dir(place.path("folder")).unwrap();
    symlink("nowhere", place.path("dangling")).unwrap();
    for file in [
        "fifo",
        "folder",
        "folder/",
        "dangling",
        "/dev/null",
        "/dev/stdout",
        "/dev/full",
        "new/",
        "nowhere/new",
        ".",
        "..",
        "",
    ] {
        for force in [false, true] {
            for ran in both(&place, file, force) {
                assert_eq!(ran.code, 1, "{file}: {ran:?}");
            }
        }
    }
    assert!(!place.path("nowhere").exists() && !place.path("new").exists());
    assert_eq!(place.names("folder"), [""; 0]);
    assert!(Path::new("/dev/null").exists());
}

#[test]
fn files_of_values_and_collections_are_never_written_over() {
    let place = Place::new();
    place.write(
        "backlot.toml",
        "[[connection]]\nname = \"shop\"\nbase_url = \"https://shop.example\"\ncalls = [\"GET /a\"]\n\
         allow = [\"owner\"]\n[connection.auth]\nbearer = { file = \"shop.key\" }\n",
    );
    place.write("shop.key", "a-long-secret-of-the-shop");
    place.write("collections/notes.toml", "[permissions]\n");
    drop(place.serve(&[]));
    for file in ["shop.key", "collections/notes.toml"] {
        for ran in both(&place, file, true) {
            ran.refused("which no command writes over");
        }
    }
}

#[test]
fn a_ready_file_takes_the_place_of_ready_files_only() {
    let place = Place::new();
    drop(place.serve(&[]));
    // One of an earlier start goes, though this one fails.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for earlier in ["", "{\"backend\":\"http://a\",\"admin\":\"http://b\"}"] {
        place.write("ready.json", earlier);
        let ran = place.run(&[
            "serve",
            "--listen",
            &taken,
            "--admin-listen",
            "0",
            "--ready-file",
            "ready.json",
        ]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!place.path("ready.json").exists());
    }
    for file in ["data/backlot.db", "data/master.key", "backlot.toml", "data"] {
        let before = place.names("data");
        place.write("backlot.toml", "# mine\n");
        let ran = place.run(&[
            "serve",
            "--listen",
            "0",
            "--admin-listen",
            "0",
            "--ready-file",
            file,
        ]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_eq!(place.names("data"), before);
        assert_eq!(place.read("backlot.toml"), b"# mine\n");
    }
}

#[test]
fn init_takes_the_place_of_text_only() {
    let (place, _server) = served();
    place.write("mine.toml", "not = [quite");
    place
        .run(&["init", "--output", "mine.toml"])
        .refused("--force");
    place
        .run(&["init", "--output", "mine.toml", "--force"])
        .done();
    for file in ["data/backlot.db", "data/master.key", "/dev/null"] {
        let ran = place.run(&["init", "--output", file, "--force"]);
        ran.refused(&format!("cannot write {file}"));
    }
}

/// As `kill -9` leaves it: the note, the file, and what SQLite keeps beside it.
#[test]
fn what_a_killed_backup_left_elsewhere_is_removed_at_the_next_start() {
    let (place, server) = served();
    drop(server);
    let leave = |name: &str| {
        let part = format!("elsewhere/{name}.0123456789abcdef.part");
        place.write(&part, "x");
        place.write(&format!("{part}-journal"), "x");
        place.write(
            "data/unfinished.0123456789abcdef.note",
            place.path("elsewhere").to_str().unwrap(),
        );
    };
    let left = || std::fs::read_dir(place.path("elsewhere")).unwrap().count();
    let notes = || {
        let entries = std::fs::read_dir(place.path("data")).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("unfinished.")).count()
    };
    leave("bb.bak");
    drop(place.serve(&[]));
    assert_eq!((left(), notes()), (0, 0), "serve");
    for command in [
        vec!["backup", "one"],
        vec!["instance", "export", ONE, "--output", "two"],
        vec!["restore", "one", "--yes"],
    ] {
        leave("bb.bak");
        place.run(&command).done();
        assert_eq!((left(), notes()), (0, 0), "{command:?}");
    }
    // One that is being written stays.
    leave("bb.bak");
    let part = place.path("elsewhere/bb.bak.0123456789abcdef.part");
    let writer = std::fs::File::open(part).unwrap();
    writer.lock().unwrap();
    place.run(&["backup", "three"]).done();
    assert_eq!((left(), notes()), (2, 0));
}
