//! Exports hold what they say, and imports are one change.

use serde_json::{Value, json};

use crate::harness::{ONE, OTHER, Place, Server};

fn served() -> (Place, Server, String) {
    let place = Place::new();
    let server = place.serve(&[]);
    let token = place.token(ONE);
    let open =
        json!({ "insert": "SITE_MEMBER", "update": "ADMIN", "remove": "ADMIN", "read": "ANYONE" });
    let fields = json!([
        { "key": "title", "type": "TEXT" },
        { "key": "related", "type": "MULTI_REFERENCE",
          "typeMetadata": { "multiReference": { "referencedCollectionId": "notes" } } },
    ]);
    let collection =
        json!({ "collection": { "id": "notes", "fields": fields, "permissions": open } });
    let (status, said) = server.ask(
        "POST",
        "/wix-data/v2/collections",
        Some(&token),
        Some(&collection),
    );
    assert_eq!(status, 200, "{said}");
    for id in ["1", "2", "3"] {
        let (status, said) = server.insert(&token, "notes", &json!({ "_id": id, "title": id }));
        assert_eq!(status, 200, "{said}");
    }
    let link = json!({
        "dataCollectionId": "notes",
        "dataItemReference": {
            "referringItemFieldName": "related", "referringItemId": "1", "referencedItemId": "2",
        },
    });
    let (status, said) = server.ask(
        "POST",
        "/wix-data/v2/items/insert-reference",
        Some(&token),
        Some(&link),
    );
    assert_eq!(status, 200, "{said}");
    (place, server, token)
}

#[test]
fn an_unknown_instance_is_no_empty_export() {
    let (place, _server, _) = served();
    place
        .run(&["instance", "export", OTHER, "--output", "e"])
        .refused("nothing is kept of the instance");
    assert!(!place.path("e").exists());
    assert_eq!(place.run(&["instance", "export", OTHER]).out, "");
}

#[test]
fn a_changed_permission_field_link_or_header_is_found() {
    let (place, _server, _) = served();
    let export = place.run(&["instance", "export", ONE]).done();
    let input = |text: &str| {
        place.write("e", text);
        place.run(&["instance", "import", OTHER, "--input", "e", "--yes"])
    };
    for (from, to) in [
        ("\"insert\":\"SITE_MEMBER\"", "\"insert\":\"ANYONE\""),
        ("\"update\":\"ADMIN\"", "\"update\":\"ANYONE\""),
        ("\"key\":\"title\"", "\"key\":\"titles\""),
        ("\"type\":\"TEXT\"", "\"type\":\"URL\""),
        ("[\"2\"]", "[\"3\"]"),
        ("[[\"related\",[\"2\"]]]", "[]"),
        ("\"declared\":false", "\"declared\":true"),
        ("\"title\":\"3\"", "\"title\":\"4\""),
    ] {
        assert!(export.contains(from), "{from} is not in {export}");
        input(&export.replacen(from, to, 1)).refused("the export is damaged");
    }
    let without_a_line: Vec<&str> = export
        .lines()
        .filter(|it| !it.contains("\"title\":\"2\""))
        .collect();
    input(&without_a_line.join("\n")).refused("the export is damaged");
    input(&export).done();
}

#[test]
fn an_import_asks_before_it_opens_anything() {
    let (place, server, _) = served();
    let export = place.run(&["instance", "export", ONE, "--output", "e"]);
    export.done();
    let args = ["instance", "import", OTHER, "--input", "e"];
    let said = place.run(&args).refused("--yes");
    assert!(
        said.contains("opens the collection \"notes\": read to ANYONE, insert to SITE_MEMBER"),
        "{said}"
    );
    place
        .run_in_terminal(&args, "no")
        .refused("nothing was changed");
    let token = place.token(OTHER);
    let body = json!({ "dataCollectionId": "notes" });
    let (status, _) = server.ask(
        "POST",
        "/wix-data/v2/items/count",
        Some(&token),
        Some(&body),
    );
    assert_eq!(status, 404);
    place.run_in_terminal(&args, "yes").done();
    // Within a second; until then it believes that there is none.
    let begun = std::time::Instant::now();
    while server
        .ask(
            "POST",
            "/wix-data/v2/items/count",
            Some(&token),
            Some(&body),
        )
        .0
        == 404
    {
        assert!(begun.elapsed().as_secs() < 5);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(server.count(&token, "notes"), 3);
    // What is open already is not opened.
    let again = place.run(&[&args[..], &["--replace", "--yes"]].concat());
    assert!(!again.err.contains("opens"), "{again:?}");
    again.done();
}

#[test]
fn what_an_export_leaves_out_stands_in_its_first_line() {
    let (place, server, _) = served();
    drop(server);
    let set = place.run_with(
        &["secret", "set", "key", "--instance", ONE],
        "a-secret-of-this-one",
    );
    set.done();
    let export = place.run(&["instance", "export", ONE]);
    assert!(export.err.contains("left out: secrets: 1"), "{export:?}");
    let first: Value = serde_json::from_str(export.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["leavesOut"], json!({ "secrets": 1 }));
    place.write("e", &export.out);
    place
        .run(&["instance", "import", "--input", "e", "--replace", "--yes"])
        .done();
    let secrets = place.run(&["secret", "list", "--instance", ONE]).done();
    assert!(
        secrets.contains("key "),
        "a replacement takes nothing away that no export holds: {secrets}"
    );
}

#[test]
fn links_go_along() {
    let (place, server, token) = served();
    let link = json!({ "external": "crm-1", "internal": "c-1", "hash": "h" });
    let path = "/links/contacts";
    let (status, said) = server.ask("PUT", path, Some(&token), Some(&link));
    assert_eq!(status, 200, "{said}");
    let export = place.run(&["instance", "export", ONE, "--output", "e"]);
    assert!(
        export.err.contains("1 collection, 3 items, 1 link"),
        "{export:?}"
    );
    let said = place.run(&["instance", "import", OTHER, "--input", "e", "--yes"]);
    assert!(
        said.err.contains("1 collection, 3 items, 1 link"),
        "{said:?}"
    );
    let other = place.token(OTHER);
    let path = "/links/contacts?external=crm-1";
    let (status, found) = server.ask("GET", path, Some(&other), None);
    assert_eq!(status, 200, "{found}");
    assert!(found.to_string().contains("c-1"), "{found}");
}

#[test]
fn an_import_that_is_killed_changes_nothing_that_is_served() {
    let (place, server, token) = served();
    let lines = place.run(&["instance", "export", ONE]).done();
    let mut many = lines.lines();
    let mut records: Vec<String> = Vec::new();
    for line in many.by_ref() {
        if line.contains("\"kind\":\"item\"") {
            break;
        }
        records.push(line.to_owned());
    }
    for number in 0..6000 {
        let item = json!({ "kind": "item", "collection": "notes", "data": { "_id": format!("n{number}"), "title": "x" } });
        records.push(item.to_string());
    }
    place.write(
        "many",
        &format!("{}\n{}", records.join("\n"), end_of(&records)),
    );
    for wait in [0, 20, 60, 120, 200, 300] {
        let mut command = place.command(&[
            "instance",
            "import",
            ONE,
            "--input",
            "many",
            "--replace",
            "--yes",
        ]);
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let done = child.wait().unwrap().success();
        let count = server.count(&token, "notes");
        assert!(
            count == 3 || (count == 6000 && (done || wait > 0)),
            "{count} after {wait} ms"
        );
    }
    place
        .run(&[
            "instance",
            "import",
            ONE,
            "--input",
            "many",
            "--replace",
            "--yes",
        ])
        .done();
    assert_eq!(server.count(&token, "notes"), 6000);
    let listed = place.run(&["instance", "list"]).done();
    assert!(listed.contains(ONE), "{listed}");
}

/// The record that ends an export of these.
fn end_of(records: &[String]) -> String {
    let records: Vec<backlot_store::portability::Record> = records
        .iter()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let end = backlot_store::portability::Record::end_of(&records).unwrap();
    serde_json::to_string(&end).unwrap()
}

#[test]
fn an_export_that_has_no_room_leaves_nothing_under_its_name() {
    let (place, server, _) = served();
    // Past this limit a write fails, as on a full disk; the signal that would end the program is ignored.
    let program = env!("CARGO_BIN_EXE_backlot");
    let script =
        format!("trap '' XFSZ; ulimit -f 1; exec {program} instance export {ONE} --output e");
    let big = json!({ "title": "x".repeat(4000) });
    let token = place.token(ONE);
    assert_eq!(server.insert(&token, "notes", &big).0, 200);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path(""));
    let ran = crate::harness::ran(&mut command);
    assert_ne!(ran.code, 0, "{ran:?}");
    let names = place.names("");
    assert!(
        names.iter().all(|it| it != "e" && !it.contains(".part")),
        "{names:?}"
    );
}
