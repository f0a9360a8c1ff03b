use super::*;
use crate::data::Page;

fn read(details: &str, rest: &str) -> Result<Search, String> {
    let request = format!(r#"{{"dataCollectionId":"c","search":{{"search":{details}{rest}}}}}"#);
    Search::read(&serde_json::from_str(&request).unwrap()).map_err(|fault| fault.to_string())
}

fn run(details: &str, rest: &str) -> Page<Object> {
    let items: Vec<Object> = serde_json::from_str(
        r#"[{"_id":"1","t":"a red thing"},{"_id":"2","t":"Blue car","n":2},
            {"_id":"3","t":"red CAR","n":1},{"_id":"4","t":"nothing"}]"#,
    )
    .unwrap();
    let search = read(details, rest).unwrap();
    let mut run = search.start();
    for item in &items {
        run.add(item).unwrap();
    }
    run.finish().unwrap()
}

fn ids(page: &Page<Object>) -> String {
    let ids = page.results.iter().filter_map(|item| item["_id"].as_str());
    ids.collect()
}

#[test]
fn what_is_found() {
    let item = r#"{"_id":"id7","_owner":"owner7","title":"The Ärmel-Kanal","n":12,
        "tags":["Sea",{"deep":"Über all2"}],"day":{"$date":"2024-01-02T00:00:00.000Z"}}"#;
    let item: Object = serde_json::from_str(item).unwrap();
    for (expression, any, all) in [
        ("", true, true),
        (" !? ", true, true),
        ("the", true, true),
        ("kan", true, true),
        ("anal", false, false),
        ("ärmel", true, true),
        ("ÜBER", true, true),
        ("all2", true, true),
        ("sea the", true, true),
        ("sea moon", true, false),
        ("moon", false, false),
        ("12", false, false),
        ("2024", false, false),
        ("id7", false, false),
        ("owner7", false, false),
        ("sea sea", true, true),
    ] {
        for (mode, found) in [("OR", any), ("AND", all)] {
            let details =
                format!(r#"{{"expression":"{expression}","mode":"{mode}","fuzzy":false}}"#);
            let search = read(&details, "").unwrap();
            assert_eq!(search.matches(&item), found, "{expression} {mode}");
        }
    }
}

#[test]
fn fuzzy_finds_what_is_nearly_the_same_after_what_is() {
    for (details, expected) in [
        (r#"{"expression":"nothign"}"#, ""),
        (r#"{"expression":"nothign","fuzzy":true}"#, "4"),
        (r#"{"expression":"rad car","fuzzy":true}"#, "321"),
        (r#"{"expression":"rad car","fuzzy":true,"mode":"AND"}"#, "3"),
        // As it was asked for comes first.
        (r#"{"expression":"blur bar","fuzzy":true}"#, "23"),
        (r#"{"expression":"thing car","fuzzy":true}"#, "123"),
        (r#"{"expression":"xx","fuzzy":true}"#, ""),
    ] {
        assert_eq!(ids(&run(details, "")), expected, "{details}");
    }
}

#[test]
fn the_best_come_first_unless_sorted() {
    let both = r#"{"expression":"red car"}"#;
    for (details, rest, expected) in [
        (both, "", "312"),
        (r#"{"expression":"red car","mode":"AND"}"#, "", "3"),
        (both, r#","sort":[{"fieldName":"n"}]"#, "132"),
        (both, r#","paging":{"limit":1,"offset":1}"#, "1"),
        ("{}", "", "1234"),
        ("null", "", "1234"),
    ] {
        assert_eq!(ids(&run(details, rest)), expected, "{details} {rest}");
    }
    let page = run(both, r#","cursorPaging":{"limit":2}"#);
    assert_eq!((page.total, page.has_next), (Some(3), true));
}

#[test]
fn refused() {
    let long = format!(r#"{{"expression":"{}"}}"#, "x".repeat(101));
    for (details, rest) in [
        (r#"{"mode":"XOR"}"#, ""),
        (long.as_str(), ""),
        ("{}", r#","filter":{"a":{"$x":1}}"#),
        ("{}", r#","fields":["a..b"]"#),
        ("{}", r#","sort":[{"fieldName":""}]"#),
        ("{}", r#","paging":{"limit":0}"#),
    ] {
        assert!(read(details, rest).is_err(), "{details} {rest}");
    }
    assert!(Search::read(&WireSearch::default()).is_err());
}
