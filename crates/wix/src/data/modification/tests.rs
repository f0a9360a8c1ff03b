use super::*;
use crate::data::Object;

fn run(item: &str, modifications: &str) -> Result<String, String> {
    let mut item: Object = serde_json::from_str(item).unwrap();
    let wire: Vec<WireModification> = serde_json::from_str(modifications).unwrap();
    let all = Modification::parse_all(wire).map_err(|fault| fault.to_string())?;
    for one in &*all {
        one.apply(&mut item).map_err(|fault| fault.to_string())?;
    }
    Ok(serde_json::to_string(&item).unwrap())
}

fn set(path: &str, value: &str) -> String {
    format!(
        r#"{{"fieldPath":"{path}","action":"SET_FIELD","setFieldOptions":{{"value":{value}}}}}"#
    )
}

fn other(path: &str, action: &str, options: &str, value: &str) -> String {
    format!(r#"{{"fieldPath":"{path}","action":"{action}","{options}":{{"value":{value}}}}}"#)
}

fn increment(path: &str, value: &str) -> String {
    other(path, "INCREMENT_FIELD", "incrementFieldOptions", value)
}

fn append(path: &str, value: &str) -> String {
    other(path, "APPEND_TO_ARRAY", "appendToArrayOptions", value)
}

fn remove_from(path: &str, value: &str) -> String {
    other(path, "REMOVE_FROM_ARRAY", "removeFromArrayOptions", value)
}

#[test]
fn each_action() {
    for (item, modification, result) in [
        (r#"{"a":1}"#, set("a", "\"x\""), r#"{"a":"x"}"#),
        (r#"{"a":1}"#, set("b.c", "2"), r#"{"a":1,"b":{"c":2}}"#),
        (r#"{"a":null}"#, set("a.b", "2"), r#"{"a":{"b":2}}"#),
        (r#"{"n":1}"#, increment("n", "1.5"), r#"{"n":2.5}"#),
        ("{}", increment("o.n", "-1"), r#"{"o":{"n":-1}}"#),
        (
            r#"{"a":[1]}"#,
            append("a", "{\"z\":1}"),
            r#"{"a":[1,{"z":1}]}"#,
        ),
        ("{}", append("a", "1"), r#"{"a":[1]}"#),
        (r#"{"a":[1]}"#, append("a", "null"), r#"{"a":[1,null]}"#),
        ("{}", append("a", "null"), r#"{"a":[null]}"#),
        (
            r#"{"a":[1,null,2,null]}"#,
            remove_from("a", "null"),
            r#"{"a":[1,2,null]}"#,
        ),
        (r#"{"a":[1]}"#, set("a", "null"), r#"{"a":null}"#),
        (r#"{"a":[3,1,3]}"#, remove_from("a", "3"), r#"{"a":[1,3]}"#),
        (r#"{"a":[1]}"#, remove_from("a", "9"), r#"{"a":[1]}"#),
        ("{}", remove_from("a.b", "9"), "{}"),
        (
            r#"{"a":1,"b":2}"#,
            r#"{"fieldPath":"a","action":"REMOVE_FIELD"}"#.to_owned(),
            r#"{"b":2}"#,
        ),
        (
            r#"{"a":1}"#,
            r#"{"fieldPath":"a","action":"SET_FIELD","setFieldOptions":{}}"#.to_owned(),
            r#"{"a":null}"#,
        ),
    ] {
        assert_eq!(
            run(item, &format!("[{modification}]")),
            Ok(result.to_owned())
        );
    }
}

#[test]
fn refused() {
    for (item, modification, says) in [
        (
            r#"{"n":"x"}"#,
            increment("n", "1"),
            "WDE0080: The field n holds no number.",
        ),
        (
            r#"{"a":1}"#,
            append("a", "1"),
            "WDE0080: The field a holds no list.",
        ),
        (
            r#"{"a":[{}]}"#,
            set("a.b", "1"),
            "WDE0080: The field a.b holds no object",
        ),
        (r#"{"n":1e308}"#, increment("n", "1e308"), "out of range"),
        ("{}", set("_id", "1"), "_id cannot be changed"),
        ("{}", set("a.$b", "1"), "is no field"),
        ("{}", increment("a", "\"1\""), "takes a number"),
        ("{}", increment("a", "null"), "takes a number"),
        (
            "{}",
            r#"{"fieldPath":"a","action":"APPEND_TO_ARRAY","appendToArrayOptions":{}}"#.to_owned(),
            "APPEND_TO_ARRAY needs a value",
        ),
        (
            "{}",
            other("a", "EXPLODE", "x", "1"),
            "Unknown action \"EXPLODE\"",
        ),
    ] {
        let error = run(item, &format!("[{modification}]")).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert!(
        run("{}", "[]")
            .unwrap_err()
            .contains("fieldModifications has size 0, expected 1 or more")
    );
}

#[test]
fn in_their_order() {
    let both = format!("[{},{}]", set("n", "5"), increment("n", "2"));
    assert_eq!(run(r#"{"n":1}"#, &both), Ok(r#"{"n":7}"#.to_owned()));
}
