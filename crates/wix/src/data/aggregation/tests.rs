use super::*;
use crate::data::{DataCode, DataError, Object, Page};

const ITEMS: &str = r#"[
    {"_id":"1","city":"Oslo","a":{"b":"x"},"n":5,"day":{"$date":"2024-01-02T00:00:00.000Z"}},
    {"_id":"2","city":"Rome","a":{"b":"y"},"n":1},
    {"_id":"3","city":"Oslo","a":{"b":"x"},"n":"7","day":{"$date":"2024-01-01T00:00:00.000Z"}},
    {"_id":"4","a":{"b":"y"},"n":2},
    {"_id":"5","city":null,"n":3,"gone":true}
]"#;

fn read(request: &str) -> Result<Aggregation, DataError> {
    Aggregation::read(&serde_json::from_str(request).unwrap())
}

fn run(request: &str) -> Page<Object> {
    let aggregation = read(request).unwrap();
    let mut run = aggregation.start();
    for item in serde_json::from_str::<Vec<Object>>(ITEMS).unwrap() {
        if aggregation.initial_filter().matches(&item) {
            run.add(&item).unwrap();
        }
    }
    run.finish().unwrap()
}

#[track_caller]
fn gives(request: &str, rows: &str) {
    let expected: serde_json::Value = serde_json::from_str(rows).unwrap();
    let results = serde_json::to_value(run(request).results).unwrap();
    assert_eq!(results, expected, "{request}");
}

#[test]
fn one_group_without_grouping_fields() {
    gives(
        r#"{"dataCollectionId":"c","aggregation":{"groupingFields":[],"operations":[
            {"resultFieldName":"count","itemCount":{}},
            {"resultFieldName":"nSum","sum":{"itemFieldName":"n"}},
            {"resultFieldName":"nAvg","average":{"itemFieldName":"n"}},
            {"resultFieldName":"first","min":{"itemFieldName":"day"}},
            {"resultFieldName":"nMax","max":{"itemFieldName":"n"}}]}}"#,
        r#"[{"_id":{},"count":5,"nSum":11,"nAvg":2.75,
            "first":{"$date":"2024-01-01T00:00:00.000Z"},"nMax":"7"}]"#,
    );
    gives(
        r#"{"initialFilter":{"city":"Bonn"},"aggregation":{"operations":[{"resultFieldName":"count","itemCount":{}}]}}"#,
        "[]",
    );
}

#[test]
fn groups_in_the_order_of_their_first_items() {
    gives(
        r#"{"aggregation":{"groupingFields":["city"],"operations":[{"resultFieldName":"count","itemCount":{}}]}}"#,
        r#"[{"_id":{"city":"Oslo"},"city":"Oslo","count":2},
            {"_id":{"city":"Rome"},"city":"Rome","count":1},
            {"_id":{"city":null},"city":null,"count":2}]"#,
    );
    gives(
        r#"{"initialFilter":{"n":5},"aggregation":{"groupingFields":["day","_id"],"operations":[]}}"#,
        r#"[{"_id":{"day":{"$date":"2024-01-02T00:00:00.000Z"},"_id":"1"},
             "day":{"$date":"2024-01-02T00:00:00.000Z"}}]"#,
    );
}

#[test]
fn a_result_with_the_name_of_a_grouping_field_wins() {
    gives(
        r#"{"initialFilter":{"city":"Oslo"},"aggregation":{"groupingFields":["city"],
            "operations":[{"resultFieldName":"city","itemCount":{}}]}}"#,
        r#"[{"_id":{"city":"Oslo"},"city":2}]"#,
    );
}

#[test]
fn final_filter_and_sort_know_the_names_that_were_sent() {
    let request = |rest: &str| {
        format!(
            r#"{{"initialFilter":{{"a":{{"$ne":null}}}},"aggregation":{{"groupingFields":["a.b"],
            "operations":[{{"resultFieldName":"a.bCount","itemCount":{{}}}},
            {{"resultFieldName":"s","sum":{{"itemFieldName":"n"}}}}]}},{rest}}}"#
        )
    };
    let x = r#"{"_id":{"a.b":"x"},"a.b":"x","a.bCount":2,"s":5}"#;
    let y = r#"{"_id":{"a.b":"y"},"a.b":"y","a.bCount":2,"s":3}"#;
    for (rest, rows) in [
        (r#""sort":[{"fieldName":"a.b","order":"DESC"}]"#, vec![y, x]),
        (r#""sort":[{"fieldName":"a.b","order":"ASC"}]"#, vec![x, y]),
        (r#""sort":[{"fieldName":"_id","order":"DESC"}]"#, vec![y, x]),
        (
            r#""sort":[{"fieldName":"_id.a.b","order":"DESC"}]"#,
            vec![y, x],
        ),
        (
            r#""sort":[{"fieldName":"a.bCount"},{"fieldName":"s"}]"#,
            vec![y, x],
        ),
        (r#""finalFilter":{"a.b":"y"}"#, vec![y]),
        (r#""finalFilter":{"_id":"y"}"#, vec![y]),
        (
            r#""finalFilter":{"a.bCount":{"$gt":1},"s":{"$lt":4}}"#,
            vec![y],
        ),
        (r#""finalFilter":{"$not":[{"a.b":"y"}]}"#, vec![x]),
    ] {
        gives(&request(rest), &format!("[{}]", rows.join(",")));
    }
}

#[test]
fn pages() {
    let page = |rest: &str| {
        let page = run(&format!(
            r#"{{"aggregation":{{"groupingFields":["_id"],"operations":[]}},
            "sort":[{{"fieldName":"_id","order":"DESC"}}]{rest}}}"#
        ));
        let ids: Vec<_> = page
            .results
            .iter()
            .filter_map(|row| row["_id"].as_object()?["_id"].as_str())
            .collect();
        (ids.concat(), page.total, page.has_next)
    };
    for (rest, expected) in [
        ("", ("54321", None, false)),
        (r#","paging":{"limit":2}"#, ("54", None, true)),
        (
            r#","paging":{"limit":2,"offset":3},"returnTotalCount":true"#,
            ("21", Some(5), false),
        ),
        (
            r#","finalFilter":{"_id":{"$gt":"2"}},"paging":{"limit":1,"offset":1},"returnTotalCount":true"#,
            ("4", Some(3), true),
        ),
    ] {
        let (ids, total, has_next) = page(rest);
        assert_eq!((ids.as_str(), total, has_next), expected, "{rest}");
    }
}

#[test]
fn refused() {
    let operation = |it: &str| format!(r#"{{"aggregation":{{"operations":[{it}]}}}}"#);
    let many = vec![r#""a""#; 33].join(",");
    for request in [
        operation("{}"),
        operation(r#"{"resultFieldName":"x"}"#),
        operation(r#"{"resultFieldName":"x","median":{"itemFieldName":"n"}}"#),
        operation(r#"{"resultFieldName":"x","sum":{}}"#),
        operation(r#"{"resultFieldName":"x","sum":{"itemFieldName":"a..b"}}"#),
        operation(r#"{"resultFieldName":"x","sum":{"itemFieldName":"a"},"itemCount":{}}"#),
        operation(r#"{"resultFieldName":"_id","itemCount":{}}"#),
        operation(r#"{"itemCount":{}}"#),
        operation(
            r#"{"resultFieldName":"x","itemCount":{}},{"resultFieldName":"x","itemCount":{}}"#,
        ),
        r#"{"aggregation":{"groupingFields":["$a"]}}"#.to_owned(),
        format!(r#"{{"aggregation":{{"groupingFields":[{many}]}}}}"#),
        r#"{"sort":[{"fieldName":"a","order":"UP"}]}"#.to_owned(),
        r#"{"paging":{"limit":0}}"#.to_owned(),
        r#"{"paging":{"limit":1001}}"#.to_owned(),
    ] {
        let code = read(&request).unwrap_err().code();
        assert_eq!(code, DataCode::Invalid, "{request}");
    }
    for request in [
        r#"{"initialFilter":{"a":{"$regex":"x"}}}"#,
        r#"{"finalFilter":5}"#,
    ] {
        assert_eq!(read(request).unwrap_err().code(), DataCode::BadFilter);
    }
}

#[test]
fn too_many_groups() {
    let aggregation = read(r#"{"aggregation":{"groupingFields":["n"]}}"#).unwrap();
    let mut run = aggregation.start();
    let result = (0..200_000)
        .try_for_each(|number| run.add(&Object::from_iter([("n".to_owned(), number.into())])));
    assert_eq!(result.unwrap_err().code(), DataCode::TooMuchMemory);
}
