//! One data folder, one server; and what commands do beside it.

use serde_json::json;

use crate::harness::{ONE, Place};

#[test]
fn a_second_server_is_told_who_has_the_folder() {
    let place = Place::new();
    let server = place.serve(&[]);
    for second in [
        &["serve", "--listen", "0", "--admin-listen", "0"][..],
        &["serve", "--data", "./data/."],
    ] {
        let said = place.run(second).refused("IN_USE: the data folder");
        assert!(
            said.contains(&format!("the process {} (", server.id())),
            "{said}"
        );
        assert!(said.contains("serve --listen 0"), "{said}");
        assert!(said.contains(", since 20"), "{said}");
    }
    // The same database by another data folder.
    place.write(
        "backlot.toml",
        "[database]\nurl = \"sqlite://data/backlot.db\"\n",
    );
    let said = place.run(&["serve", "--data", "other"]);
    said.refused("IN_USE: the database");
    place.write("backlot.toml", "");
    drop(server);
    // One that was killed is in nobody's way.
    drop(place.serve(&[]));
}

#[test]
fn dev_and_serve_have_folders_of_their_own() {
    let place = Place::new();
    let dev = place.dev(&[]);
    let serve = place.serve(&[]);
    assert!(place.path("data/dev/backlot.db").exists());
    assert!(place.path("data/dev/simulator.json").exists());
    assert!(place.path("data/backlot.db").exists());
    assert!(!place.path("data/simulator.json").exists());
    drop((dev, serve));
}

#[test]
fn commands_that_read_work_beside_a_server_and_those_that_write_say_how() {
    let place = Place::new();
    let server = place.serve(&[]);
    let token = place.token(ONE);
    server.make_collection(&token, "notes");
    server.insert(&token, "notes", &json!({ "title": "a" }));
    for reading in [
        &["check"][..],
        &["instance", "list"],
        &["instance", "list", "--json"],
        &["instance", "export", ONE],
        &["backup", "b"],
        &["backup", "verify", "b"],
        &["secret", "list"],
        &["signing-key", "list"],
        &["explain", &token],
    ] {
        let ran = place.run(reading);
        assert!(!ran.err.contains("it runs meanwhile"), "{ran:?}");
        ran.done();
    }
    let export = place.run(&["instance", "export", ONE]).done();
    place.write("e", &export);
    place.write("collections/things.toml", "[permissions]\n");
    let running = format!("note: it runs meanwhile: the process {} (", server.id());
    for writing in [
        &["migrate"][..],
        &[
            "instance",
            "import",
            ONE,
            "--input",
            "e",
            "--replace",
            "--yes",
        ],
        &["items", "clear", "notes", "--yes"],
        &["restore", "b", "--yes"],
        &["instance", "delete", ONE, "--yes"],
    ] {
        let ran = place.run(writing);
        assert!(ran.err.contains(&running), "{ran:?}");
        ran.done();
    }
    let set = place.run_with(&["secret", "set", "x"], "a-value-that-is-long");
    assert!(set.err.contains(&running), "{set:?}");
}

#[test]
fn a_folder_that_is_removed_is_noticed() {
    for moved in [false, true] {
        let place = Place::new();
        let server = place.serve(&[]);
        let token = place.token(ONE);
        server.make_collection(&token, "notes");
        assert_eq!(
            server.insert(&token, "notes", &json!({ "title": "a" })).0,
            200
        );
        if moved {
            std::fs::rename(place.path("data"), place.path("elsewhere")).unwrap();
        } else {
            std::fs::remove_dir_all(place.path("data")).unwrap();
        }
        for _ in 0..3 {
            let (status, said) = server.insert(&token, "notes", &json!({ "title": "b" }));
            assert!(status >= 500, "{status} {said}");
        }
        assert!(
            !place.path("data/backlot.db").exists(),
            "nothing empty came back"
        );
        if moved {
            std::fs::rename(place.path("elsewhere"), place.path("data")).unwrap();
            let (status, said) = server.insert(&token, "notes", &json!({ "title": "b" }));
            assert_eq!(status, 200, "{said}");
        }
    }
}

#[test]
fn unfinished_files_are_removed_at_the_next_start() {
    let place = Place::new();
    drop(place.serve(&[]));
    place.write("data/backup.0123456789abcdef.part", "half of it");
    let server = place.serve(&[]);
    assert!(!place.path("data/backup.0123456789abcdef.part").exists());
    server.says("removed an unfinished file");
}

const SHOP: &str = "[[connection]]\nname = \"shop\"\nbase_url = \"https://shop.example\"\ncalls = [\"GET /a\"]\n\
    allow = [\"owner\"]\n[connection.auth]\nbearer = { secret = \"shop-key\" }\n";

#[test]
fn what_is_missing_is_told_with_the_folder_that_it_is_missing_in() {
    let place = Place::without_app();
    place.write("backlot.toml", SHOP);
    let set = place.run_with(&["secret", "set", "shop-key"], "a-long-secret-of-the-shop");
    for words in [
        "is kept in data/backlot.db, for the data folder data\n",
        "for it: backlot secret set shop-key --data data/dev",
    ] {
        assert!(set.err.contains(words), "{words} is not in: {set:?}");
    }
    set.done();
    let good = place.run(&["check"]).done();
    assert!(good.contains("data folder: data\n"), "{good}");
    assert!(good.contains("backlot check --data data/dev"), "{good}");
    let command = "backlot secret set shop-key --data data/dev";
    let dev = place.dev(&[]);
    dev.says(&format!("set it with `{command}`"));
    let said = place.run(&["check", "--data", "data/dev"]).refused(command);
    assert!(!said.contains("--data data/dev --data"), "{said}");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let set = place.run_with(&words, "a-long-secret-of-the-shop");
    assert!(
        set.err.contains("for the data folder data/dev\n"),
        "{set:?}"
    );
    set.done();
    place.run(&["check", "--data", "data/dev"]).done();
    drop(dev);
    // Both are in use: which one a command is about is said.
    for command in [&["instance", "list"][..], &["secret", "list"]] {
        let ran = place.run(command);
        let note = "note: this is about data; `backlot dev` keeps its own data in data/dev, which --data data/dev names";
        assert!(ran.err.contains(note), "{ran:?}");
    }
    let other = ["instance", "delete", ONE, "--yes", "--data", "data/dev"];
    place
        .run(&other)
        .refused("`backlot instance list --data data/dev` says");
    let trial = ["connection", "test", "shop", "--data", "third"];
    let tried = place.run(&trial);
    assert!(
        tried
            .out
            .contains("`backlot secret set shop-key --data third`"),
        "{tried:?}"
    );
}
