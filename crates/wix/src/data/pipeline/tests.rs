mod arbitrary;

use super::*;
use crate::data::{DataCode, Object, Page};

const ITEMS: &str = r#"[
    {"_id":"1","c":"a","n":3,"tags":["x","y"],"o":{"p":1,"q":2}},
    {"_id":"2","c":"b","n":1,"tags":[]},
    {"_id":"3","c":"a","n":2,"tags":"z","o":5},
    {"_id":"4","n":4,"tags":null}
]"#;

fn read(stages: &str, rest: &str) -> Result<Pipeline, DataError> {
    let request = format!(r#"{{"dataCollectionId":"c","pipeline":{{"stages":[{stages}]{rest}}}}}"#);
    Pipeline::read(&serde_json::from_str(&request).unwrap())
}

fn run_page(stages: &str, rest: &str) -> Page<Object> {
    let pipeline = read(stages, rest).unwrap();
    let mut run = pipeline.start();
    for item in serde_json::from_str::<Vec<Object>>(ITEMS).unwrap() {
        run.add(&item).unwrap();
    }
    run.finish().unwrap()
}

#[track_caller]
fn gives(stages: &str, expected: &str) {
    let page = run_page(stages, "");
    let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
    assert_eq!(
        serde_json::to_value(page.results).unwrap(),
        expected,
        "{stages}"
    );
}

const IDS: &str = r#"{"projection":{"fields":[{"include":{"fieldName":"_id"}}]}}"#;

#[track_caller]
fn gives_ids(stages: &str, ids: &str) {
    let results = run_page(stages, "").results;
    let found: String = results
        .iter()
        .filter_map(|item| item["_id"].as_str())
        .collect();
    assert_eq!(found, ids, "{stages}");
}

#[test]
fn stages_in_their_order() {
    let sort = r#"{"sort":{"values":[{"fieldName":"n","order":"DESC"}]}}"#;
    for (stages, ids) in [
        (String::new(), "1234"),
        (r#"{"filter":{"c":"a"}}"#.to_owned(), "13"),
        (r#"{"filter":{}}"#.to_owned(), "1234"),
        (sort.to_owned(), "4132"),
        (format!(r#"{sort},{{"limit":2}}"#), "41"),
        (format!(r#"{{"limit":2}},{sort}"#), "12"),
        (format!(r#"{sort},{{"skip":1}},{{"limit":2}}"#), "13"),
        (format!(r#"{sort},{{"limit":3}},{{"skip":1}}"#), "13"),
        (format!(r#"{sort},{{"skip":3}},{{"skip":0}}"#), "2"),
        (
            format!(r#"{sort},{{"limit":3}},{{"filter":{{"c":"a"}}}},{{"limit":1}}"#),
            "1",
        ),
        (
            format!(r#"{sort},{{"sort":{{"values":[{{"fieldName":"c"}}]}}}}"#),
            "4132",
        ),
        (format!("{IDS},{sort}"), "1234"),
    ] {
        gives_ids(&stages, ids);
    }
}

#[test]
fn groups() {
    gives(
        r#"{"group":{"groupIds":[{"key":"k","expression":{"fieldPath":"c"}}],"accumulators":[
            {"resultFieldName":"s","sum":{"expression":{"fieldPath":"n"}}},
            {"resultFieldName":"all","push":{"expression":{"fieldPath":"_id"}}},
            {"resultFieldName":"os","push":{"expression":{"fieldPath":"o"}}},
            {"resultFieldName":"f","first":{"expression":{"fieldPath":"n"}}},
            {"resultFieldName":"l","last":{"expression":{"fieldPath":"zz"}}}]}}"#,
        r#"[{"_id":{"k":"a"},"s":5,"all":["1","3"],"os":[{"p":1,"q":2},5],"f":3,"l":null},
            {"_id":{"k":"b"},"s":1,"all":["2"],"os":[],"f":1,"l":null},
            {"_id":{"k":null},"s":4,"all":["4"],"os":[],"f":4,"l":null}]"#,
    );
    gives(
        r#"{"group":{"groupIds":[],"accumulators":[
            {"resultFieldName":"count","sum":{"expression":{"numeric":1}}},
            {"resultFieldName":"avg","avg":{"expression":{"fieldPath":"n"}}},
            {"resultFieldName":"min","min":{"expression":{"fieldPath":"c"}}},
            {"resultFieldName":"max","max":{"expression":{"fieldPath":"n"}}}]}},
           {"projection":{"fields":[{"exclude":{"fieldName":"_id"}}]}}"#,
        r#"[{"count":4,"avg":2.5,"min":"a","max":4}]"#,
    );
    gives(
        r#"{"group":{}},{"group":{"accumulators":[{"resultFieldName":"n","sum":{"expression":{"numeric":1}}}]}}"#,
        r#"[{"_id":{},"n":1}]"#,
    );
    gives(r#"{"filter":{"c":"none"}},{"group":{}}"#, "[]");
}

#[test]
fn first_and_last_see_missing_values() {
    gives(
        r#"{"sort":{"values":[{"fieldName":"n","order":"DESC"}]}},
           {"group":{"accumulators":[
             {"resultFieldName":"f","first":{"expression":{"fieldPath":"c"}}},
             {"resultFieldName":"l","last":{"expression":{"fieldPath":"c"}}}]}}"#,
        r#"[{"_id":{},"f":null,"l":"b"}]"#,
    );
}

#[test]
fn unwinding() {
    let tags = r#"{"unwindArray":{"arrayFieldName":"tags"}}"#;
    let only = r#"{"projection":{"fields":[{"include":{"fieldName":"tags"}}]}}"#;
    gives(
        &format!("{tags},{only}"),
        r#"[{"_id":"1","tags":"x"},{"_id":"1","tags":"y"},{"_id":"3","tags":"z"}]"#,
    );
    gives_ids(&format!(r#"{tags},{{"limit":1}}"#), "1");
}

#[test]
fn objects_to_lists() {
    gives(
        r#"{"filter":{"c":"a"}},{"objectToArray":{"objectFieldName":"o","destinationFieldName":"r.l"}},
           {"projection":{"fields":[{"include":{"fieldName":"r"}}]}}"#,
        r#"[{"_id":"1","r":{"l":[{"k":"p","v":1},{"k":"q","v":2}]}},{"_id":"3","r":{"l":null}}]"#,
    );
}

#[test]
fn pages() {
    let page = run_page("", r#","paging":{"limit":2,"offset":1}"#);
    assert_eq!((page.results.len(), page.has_next), (2, true));
    let page = run_page("", r#","cursorPaging":{"limit":4}"#);
    assert_eq!((page.results.len(), page.has_next), (4, false));
}

#[test]
fn what_a_database_may_filter() {
    let filter = r#"{"filter":{"c":"a"}},{"filter":{"n":3}}"#;
    let pipeline = read(
        &format!(r#"{filter},{{"limit":1}},{{"filter":{{"x":1}}}}"#),
        "",
    )
    .unwrap();
    let both: Value = serde_json::from_str(r#"{"c":"a","n":3}"#).unwrap();
    assert_eq!(pipeline.leading_filter(), Filter::parse(&both).unwrap());
    assert!(read(r#"{"skip":1}"#, "").unwrap().leading_filter().is_all());
}

#[test]
fn no_more_items_than_needed() {
    for (stages, needed) in [
        (r#"{"limit":2}"#, 2),
        (r#"{"limit":2},{"group":{}}"#, 2),
        (r#"{"group":{}},{"limit":2}"#, 100),
        ("", 51),
    ] {
        let pipeline = read(stages, "").unwrap();
        let mut run = pipeline.start();
        let mut fed = 0;
        while fed < 100 && run.wants_more() {
            run.add(&Object::new()).unwrap();
            fed += 1;
        }
        assert_eq!(fed, needed, "{stages}");
    }
}

#[test]
fn refused() {
    let many = vec![r#"{"skip":1}"#; 101].join(",");
    let groups = vec![r#"{"group":{}}"#; 33].join(",");
    for (stages, rest) in [
        ("5", ""),
        ("{}", ""),
        (r#"{"explode":{}}"#, ""),
        (r#"{"skip":1,"limit":1}"#, ""),
        (r#"{"skip":-1}"#, ""),
        (r#"{"limit":0}"#, ""),
        (r#"{"limit":"1"}"#, ""),
        (r#"{"sort":{"values":[{}]}}"#, ""),
        (r#"{"unwindArray":{}}"#, ""),
        (r#"{"objectToArray":{"objectFieldName":"a"}}"#, ""),
        (
            r#"{"group":{"groupIds":[{"expression":{"numeric":1}}]}}"#,
            "",
        ),
        (
            r#"{"group":{"accumulators":[{"resultFieldName":"x"}]}}"#,
            "",
        ),
        (
            r#"{"group":{"accumulators":[{"resultFieldName":"x","median":{"expression":{"numeric":1}}}]}}"#,
            "",
        ),
        (&many, ""),
        (&groups, ""),
        ("", r#","paging":{"limit":0}"#),
    ] {
        let code = read(stages, rest).unwrap_err().code();
        assert_eq!(code, DataCode::Invalid, "{stages}");
    }
    assert!(Pipeline::read(&WirePipeline::default()).is_err());
}

#[test]
fn what_explodes_is_stopped() {
    let numbers = Value::from((0..2_000).map(Value::from).collect::<Vec<_>>());
    let item = Object::from_iter(["a", "b", "c"].map(|it| (it.to_owned(), numbers.clone())));
    let unwind = |name| format!(r#"{{"unwindArray":{{"arrayFieldName":"{name}"}}}}"#);
    let stages = ["a", "b", "c"].map(unwind).join(",");
    let pipeline = read(&format!(r#"{stages},{{"group":{{}}}}"#), "").unwrap();
    let fault = pipeline.start().add(&item).unwrap_err();
    assert_eq!(fault.code(), DataCode::TimedOut);
    let push = r#"{"group":{"accumulators":[{"resultFieldName":"x","push":{"expression":{"fieldPath":"t"}}}]}}"#;
    let pipeline = read(push, "").unwrap();
    let mut run = pipeline.start();
    let item = Object::from_iter([("t".to_owned(), "x".repeat(400_000).into())]);
    let result = (0..200).try_for_each(|_| run.add(&item));
    assert_eq!(result.unwrap_err().code(), DataCode::TooMuchMemory);
}
