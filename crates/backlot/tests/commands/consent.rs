//! Commands that lose something ask in a terminal, and do nothing without one unless they are told to.

use serde_json::json;

use crate::harness::{ONE, OTHER, Place, Ran, Server};

fn served() -> (Place, Server, String) {
    let place = Place::new();
    let server = place.serve(&[]);
    let token = place.token(ONE);
    server.make_collection(&token, "notes");
    for title in ["a", "b"] {
        assert_eq!(
            server.insert(&token, "notes", &json!({ "title": title })).0,
            200
        );
    }
    (place, server, token)
}

/// Refused without a terminal, refused in one by another answer, and done either way with consent.
fn asks(place: &Place, args: &[&str], word: &str, names: &[&str], again: impl Fn()) {
    let said = |ran: &Ran| {
        for name in names {
            assert!(ran.err.contains(name), "{name} is not in: {}", ran.err);
        }
    };
    let without = place.run(args);
    said(&without);
    without.refused("nothing was changed: this needs a person's consent");
    let other = place.run_in_terminal(args, "no");
    said(&other);
    other.refused("nothing was changed: the answer was another");
    again();
    let typed = place.run_in_terminal(args, word);
    said(&typed);
    typed.done();
    again();
    place.run(&[args, &["--yes"]].concat()).done();
}

#[test]
fn deleting_an_instance_names_what_goes() {
    let (place, server, token) = served();
    let still_there = std::cell::Cell::new(true);
    let again = || {
        if still_there.replace(false) {
            assert_eq!(server.count(&token, "notes"), 2);
        } else {
            server.make_collection(&token, "notes");
            server.insert(&token, "notes", &json!({ "title": "c" }));
        }
    };
    let names = [ONE, "data/backlot.db", "collection"];
    asks(&place, &["instance", "delete", ONE], ONE, &names, again);
    place
        .run(&["instance", "delete", OTHER, "--yes"])
        .refused("nothing is kept of the instance");
}

#[test]
fn restoring_names_both_databases() {
    let (place, server, token) = served();
    place.run(&["backup", "kept"]).done();
    assert_eq!(
        server.insert(&token, "notes", &json!({ "title": "c" })).0,
        200
    );
    let names = ["replaces data/backlot.db, with 3 items", "2 items", "kept"];
    let without = place.run(&["restore", "kept"]);
    for name in names {
        assert!(without.err.contains(name), "{without:?}");
    }
    without.refused("--yes");
    assert_eq!(server.count(&token, "notes"), 3);
    place.run_in_terminal(&["restore", "kept"], "yes").done();
    assert_eq!(server.count(&token, "notes"), 2);
    place.run(&["restore", "kept", "--yes"]).done();
}

#[test]
fn removing_a_secret_names_its_users() {
    let place = Place::new();
    place.write(
        "backlot.toml",
        "[[connection]]\nname = \"shop\"\nbase_url = \"https://shop.example\"\ncalls = [\"GET /a\"]\nallow = [\"owner\"]\n\
         [connection.auth]\nbearer = { secret = \"shop-key\" }\n",
    );
    let set = || {
        place
            .run_with(&["secret", "set", "shop-key"], "a-long-secret-of-the-shop")
            .done();
    };
    set();
    let names = [
        "the secret shop-key, version ",
        "used by connection[0].auth.bearer",
    ];
    let is_first = std::cell::Cell::new(true);
    asks(
        &place,
        &["secret", "remove", "shop-key"],
        "shop-key",
        &names,
        || {
            if !is_first.replace(false) {
                set();
            }
        },
    );
    place
        .run(&["secret", "remove", "shop-key", "--yes"])
        .refused("there is no secret shop-key");
}

#[test]
fn clearing_a_collection_names_how_much_goes() {
    let (place, server, token) = served();
    let is_first = std::cell::Cell::new(true);
    asks(
        &place,
        &["items", "clear", "notes"],
        "notes",
        &["in the collection notes of 1 instance"],
        || {
            if is_first.replace(false) {
                assert_eq!(server.count(&token, "notes"), 2);
            } else {
                server.insert(&token, "notes", &json!({ "title": "c" }));
            }
        },
    );
    assert_eq!(server.count(&token, "notes"), 0);
    place
        .run(&["items", "clear", "notes", "--yes"])
        .refused("there are no items");
}
