//! Commands beside the demo of `backlot dev`, and after it: its own collection stays declared.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{ONE, Place, Server};

/// A folder with nothing in it, with the demo and one review.
fn shown() -> (Place, Server) {
    let place = Place::without_app();
    std::fs::remove_file(place.path("backlot.toml")).unwrap();
    let dev = place.dev(&[]);
    let review = json!({ "_id": "1", "title": "Good", "rating": 5 });
    let (status, said) = dev.insert(&place.token(ONE), "reviews", &review);
    assert_eq!(status, 200, "{said}");
    (place, dev)
}

/// Its review is there, and stays.
fn still_answers(place: &Place, dev: &Server) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2500) {
        let body = json!({ "dataCollectionId": "reviews" });
        let token = place.token(ONE);
        let (status, said) = dev.ask(
            "POST",
            "/wix-data/v2/items/count",
            Some(&token),
            Some(&body),
        );
        // Of the first moment, in which it takes over restored keys.
        if status != 401 {
            assert_eq!((status, &said["totalCount"]), (200, &json!(1)), "{said}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn nothing_is_removed(place: &Place) {
    for command in [
        &["check"][..],
        &["migrate"],
        &["restore", "--yes", "d.bak"],
        &["migrate", "--data", "data/dev"],
        &["check", "--data", "data/dev"],
    ] {
        let ran = place.run(command);
        let said = format!("{}{}", ran.out, ran.err);
        for word in ["removed", "warning", "loses"] {
            assert!(!said.contains(word), "{command:?}: {said}");
        }
        ran.done();
    }
}

#[test]
fn the_demos_collection_stays_declared() {
    let (place, dev) = shown();
    place.run(&["backup", "d.bak"]).done();
    nothing_is_removed(&place);
    still_answers(&place, &dev);
    dev.stop();
    nothing_is_removed(&place);
    let dev = place.dev(&[]);
    still_answers(&place, &dev);
}

#[test]
fn the_demos_collection_goes_only_with_consent_or_at_a_start_of_dev() {
    let (place, dev) = shown();
    dev.stop();
    place.write(
        "backlot.toml",
        "[dev]\napp_page = \"http://localhost:4321/\"\n",
    );
    let said = place.run(&["migrate"]).refused("--yes");
    assert!(said.contains("reviews: its 1 item of 1 instance"), "{said}");
    place.run(&["check"]).refused("data would be lost");
    // In the place of the demo come a developer's own collections.
    place.write("backlot.toml", "");
    place.write("collections/notes.toml", "[permissions]\n");
    place.run(&["migrate"]).refused("--yes");
    drop(place.dev(&[]));
    place.run(&["migrate"]).done();
}
