//! Lines of a list of calls that overlap: told, with the one that decides.

use backlot::config::Mode;

use crate::config::{APP, load};

fn notes(rest: &str) -> Vec<String> {
    let resolved = load(&format!("{APP}{rest}"), Mode::Serve, &[]);
    let notes = resolved.unwrap_or_else(|said| panic!("{said}")).notes;
    // Without the folder of the test.
    let short = |note: &String| note[note.find("backlot.toml").unwrap()..].to_owned();
    notes.iter().map(short).collect()
}

#[test]
fn two_lines_that_overlap_are_told_with_the_one_that_decides() {
    let notes = notes(
        "[wix]\nallow = [\"owner\"]\ncalls = [\n  \"GET /things/all\",\n  \
         { call = \"GET /things/{id}\", allow = [\"visitor\"] },\n  \
         { call = \"GET /{kind}/all\", allow = [\"member\"] },\n  \
         { call = \"GET /things/all\", allow = [\"app\"] },\n  \"GET /other\",\n]\n",
    );
    let expected = [
        "backlot.toml:9: wix.calls[1]: \"GET /things/{id}\" overlaps with \"GET /things/all\" \
         (wix.calls[0]), which is more specific and decides if both match",
        "backlot.toml:10: wix.calls[2]: \"GET /{kind}/all\" overlaps with \"GET /things/all\" \
         (wix.calls[0]), which is more specific and decides if both match",
        "backlot.toml:10: wix.calls[2]: \"GET /{kind}/all\" overlaps with \"GET /things/{id}\" \
         (wix.calls[1]), and neither is more specific: if both match, both must allow the caller, \
         unless an entry for those calls decides",
        "backlot.toml:11: wix.calls[3]: \"GET /things/all\" matches the same calls as \"GET \
         /things/all\" (wix.calls[0]): either may allow the caller",
        "backlot.toml:11: wix.calls[3]: \"GET /things/all\" overlaps with \"GET /things/{id}\" \
         (wix.calls[1]): \"GET /things/all\" is more specific and decides if both match",
        "backlot.toml:11: wix.calls[3]: \"GET /things/all\" overlaps with \"GET /{kind}/all\" \
         (wix.calls[2]): \"GET /things/all\" is more specific and decides if both match",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn lines_with_the_same_rules_or_without_a_common_call_are_not_told() {
    let connection = "[[connection]]\nname = \"x\"\nbase_url = \"https://api.example.com\"\nallow = [\"owner\"]\n";
    for calls in [
        "[\"GET /things/all\", \"GET /things/{id}\", \"GET /**\"]",
        "[{ call = \"POST /things/{id}\", allow = [\"visitor\"] }, \"GET /things/all\"]",
        "[{ call = \"GET /a/{id}\", allow = [\"visitor\"] }, \"GET /b/{id}\", \"GET /a\"]",
    ] {
        assert_eq!(
            notes(&format!("{connection}calls = {calls}\n")),
            [""; 0],
            "{calls}"
        );
    }
    let several = notes(&format!(
        "{connection}calls = [\"GET /a/{{id}}?x\", \"HEAD /a/all\", {{ call = \"GET /a/ALL\", plans = [\"pro\"] }}]\n"
    ));
    let said: Vec<&str> = several
        .iter()
        .map(|note| note.split(": ").nth(1).unwrap())
        .collect();
    let keys = [
        "connection[0].calls[1]",
        "connection[0].calls[2]",
        "connection[0].calls[2]",
    ];
    assert_eq!(said, keys, "{several:?}");
}
