//! What the files of collections change: what is lost is asked for, what breaks a rule is told.

use serde_json::json;

use crate::harness::{ONE, Place, Server};

const NOTES: &str = "[permissions]\n[[fields]]\nkey = \"title\"\ntype = \"TEXT\"\n";

/// With a collection of a file, and two items.
fn served() -> (Place, Server, String) {
    let place = Place::new();
    place.write("collections/notes.toml", NOTES);
    let server = place.serve(&[]);
    let token = place.token(ONE);
    for (id, title) in [("1", "short"), ("2", "much longer than that")] {
        let item = json!({ "_id": id, "title": title });
        assert_eq!(server.insert(&token, "notes", &item).0, 200);
    }
    (place, server, token)
}

fn item(server: &Server, token: &str, id: &str) -> serde_json::Value {
    let path = format!("/wix-data/v2/items/{id}?dataCollectionId=notes");
    let (status, said) = server.ask("GET", &path, Some(token), None);
    assert_eq!(status, 200, "{said}");
    said["dataItem"]["data"].clone()
}

#[test]
fn a_new_rule_that_items_break_names_collection_item_and_value() {
    let (place, _server, _) = served();
    place.write("collections/notes.toml", &format!("{NOTES}max = 10\n"));
    for command in [&["check"][..], &["migrate"], &["migrate", "--yes"]] {
        let ran = place.run(command);
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, 1, "{said}");
        for words in [
            "notes",
            "the item \"2\" of the instance",
            "title must be at most 10",
            "holds \"much longer than that\"",
        ] {
            assert!(said.contains(words), "{words} is not in: {said}");
        }
        assert!(
            !said.contains("data would be lost") && !said.contains("item \"1\""),
            "{said}"
        );
    }
}

#[test]
fn a_collection_with_items_goes_only_with_consent() {
    let (place, server, token) = served();
    std::fs::remove_file(place.path("collections/notes.toml")).unwrap();
    let said = place.run(&["migrate"]).refused("--yes");
    assert!(
        said.contains("its 2 items of 1 instance would be out of reach"),
        "{said}"
    );
    assert_eq!(server.count(&token, "notes"), 2);
    place.run(&["check"]).refused("data would be lost");
    place.run_in_terminal(&["migrate"], "yes").done();
    place
        .run(&["items", "clear", "notes", "--instance", ONE, "--yes"])
        .done();
    place.write("collections/notes.toml", NOTES);
    place.run(&["migrate"]).done();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(server.count(&token, "notes"), 0);
}

#[test]
fn a_renamed_field_keeps_its_values_and_a_default_fills_what_is_missing() {
    let (place, server, token) = served();
    let text = "[permissions]\n\
        [[fields]]\nkey = \"name\"\ntype = \"TEXT\"\nrenamed_from = \"title\"\nrequired = true\n\
        [[fields]]\nkey = \"stars\"\ntype = \"NUMBER\"\ndefault = 3\nrequired = true\n\
        [[indexes]]\nfields = [\"stars\"]\n";
    place.write("collections/notes.toml", text);
    let preview = place.run(&["check"]).done();
    assert!(
        preview.contains("notes: field name is renamed from title"),
        "{preview}"
    );
    assert!(
        preview.contains("notes: 2 items get a field's new name or its default"),
        "{preview}"
    );
    assert_eq!(
        item(&server, &token, "1")["title"],
        "short",
        "a check changes nothing"
    );
    place.run(&["migrate"]).done();
    let changed = item(&server, &token, "1");
    assert_eq!(
        (&changed["name"], &changed["stars"]),
        (&json!("short"), &json!(3)),
        "{changed}"
    );
    assert_eq!(changed.get("title"), None, "{changed}");
    let filter = json!({ "dataCollectionId": "notes", "filter": { "stars": 3 } });
    let (_, said) = server.ask(
        "POST",
        "/wix-data/v2/items/count",
        Some(&token),
        Some(&filter),
    );
    assert_eq!(said["totalCount"], 2);
    assert!(
        place
            .run(&["migrate"])
            .done()
            .starts_with("the database is up to date")
    );
}
