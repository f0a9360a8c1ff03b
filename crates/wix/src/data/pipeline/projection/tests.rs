use super::super::super::{Budget, DataCode, DataError, Object, Value};
use super::super::reader::Reader;
use super::*;

fn read(fields: &str) -> Result<Projection, DataError> {
    let value: Value = serde_json::from_str(&format!(r#"{{"fields":[{fields}]}}"#)).unwrap();
    Reader::default().projection(&value)
}

fn include(name: &str) -> String {
    format!(r#"{{"include":{{"fieldName":"{name}"}}}}"#)
}

fn exclude(name: &str) -> String {
    format!(r#"{{"exclude":{{"fieldName":"{name}"}}}}"#)
}

fn reshape(name: &str, field: &str) -> String {
    format!(
        r#"{{"reshape":{{"resultFieldName":"{name}","expression":{{"fieldPath":"{field}"}}}}}}"#
    )
}

fn nested(name: &str, fields: &[String]) -> String {
    let fields = fields.join(",");
    format!(r#"{{"projectNested":{{"resultFieldName":"{name}","fields":[{fields}]}}}}"#)
}

#[test]
fn what_is_left_and_made() {
    let item = r#"{"_id":"1","a":1,"o":{"x":2,"y":3},"l":[{"x":4,"y":5},6]}"#;
    let item: Object = serde_json::from_str(item).unwrap();
    for (fields, result) in [
        (
            vec![],
            r#"{"_id":"1","a":1,"o":{"x":2,"y":3},"l":[{"x":4,"y":5},6]}"#,
        ),
        (vec![include("a")], r#"{"_id":"1","a":1}"#),
        (vec![include("zz")], r#"{"_id":"1"}"#),
        (
            vec![include("o.y"), include("l.x")],
            r#"{"_id":"1","o":{"y":3},"l":[{"x":4}]}"#,
        ),
        (
            vec![include("o"), include("o.x")],
            r#"{"_id":"1","o":{"x":2,"y":3}}"#,
        ),
        (vec![include("a.b")], r#"{"_id":"1"}"#),
        (
            vec![exclude("a"), exclude("l.x")],
            r#"{"_id":"1","o":{"x":2,"y":3},"l":[{"y":5},6]}"#,
        ),
        (
            vec![exclude("_id"), exclude("l")],
            r#"{"a":1,"o":{"x":2,"y":3}}"#,
        ),
        (vec![exclude("_id"), include("a")], r#"{"a":1}"#),
        (
            vec![include("o"), exclude("o.x")],
            r#"{"_id":"1","o":{"y":3}}"#,
        ),
        (vec![reshape("z", "o.x")], r#"{"_id":"1","z":2}"#),
        (vec![reshape("z", "zz")], r#"{"_id":"1"}"#),
        (
            vec![reshape("z.w", "a"), exclude("_id")],
            r#"{"z":{"w":1}}"#,
        ),
        (
            vec![reshape("z", "a"), exclude("l"), exclude("o")],
            r#"{"_id":"1","a":1,"z":1}"#,
        ),
        (
            vec![reshape("a", "l.y"), include("a")],
            r#"{"_id":"1","a":[5]}"#,
        ),
        (
            vec![nested("o", &[include("x")])],
            r#"{"_id":"1","o":{"x":2}}"#,
        ),
        (
            vec![nested("o", &[exclude("x")])],
            r#"{"_id":"1","o":{"y":3}}"#,
        ),
        (
            vec![nested("l", &[include("x")])],
            r#"{"_id":"1","l":[{"x":4}]}"#,
        ),
        (
            vec![nested("new", &[reshape("x", "a")])],
            r#"{"_id":"1","new":{"x":1}}"#,
        ),
        (vec![nested("new", &[include("x")])], r#"{"_id":"1"}"#),
        (
            vec![nested(
                "o",
                &[include("x"), nested("p", &[reshape("q", "a")])],
            )],
            r#"{"_id":"1","o":{"x":2,"p":{"q":1}}}"#,
        ),
    ] {
        let projection = read(&fields.join(",")).unwrap();
        let made =
            serde_json::to_string(&projection.apply(&item, &Budget::unlimited()).unwrap()).unwrap();
        assert_eq!(made, result, "{fields:?}");
    }
}

#[test]
fn refused() {
    let deep = (0..33).fold(include("a"), |inner, _| nested("o", &[inner]));
    for fields in [
        "5".to_owned(),
        "{}".to_owned(),
        include("a..b"),
        include("$a"),
        r#"{"include":{}}"#.to_owned(),
        r#"{"invent":{"fieldName":"a"}}"#.to_owned(),
        r#"{"reshape":{"resultFieldName":"a"}}"#.to_owned(),
        r#"{"include":{"fieldName":"a"},"exclude":{"fieldName":"b"}}"#.to_owned(),
        deep,
    ] {
        assert_eq!(
            read(&fields).unwrap_err().code(),
            DataCode::Invalid,
            "{fields}"
        );
    }
}

#[test]
fn an_item_does_not_grow_without_bound() {
    let fields: Vec<_> = (0..100).map(|it| reshape(&format!("f{it}"), "t")).collect();
    let projection = read(&fields.join(",")).unwrap();
    let item = Object::from_iter([("t".to_owned(), "x".repeat(400_000).into())]);
    let fault = projection.apply(&item, &Budget::unlimited()).unwrap_err();
    assert_eq!(fault.code(), DataCode::TooMuchMemory);
}
