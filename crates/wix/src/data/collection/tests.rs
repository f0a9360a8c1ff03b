use serde_json::{Value as Json, json};

use super::*;
use crate::Role;
use crate::data::{Budget, Object, Value};

fn definition(fields: &Json) -> Result<Definition, String> {
    let permissions = json!({"insert":"ADMIN","update":"ADMIN","remove":"ADMIN","read":"ANYONE"});
    let wire = json!({"id":"books","fields":fields,"permissions":permissions});
    Definition::from_wire(&wire).map_err(|fault| fault.to_string())
}

fn item(json: &str) -> Object {
    serde_json::from_str(json).unwrap()
}

fn check(definition: &Definition, item: &Object) -> Vec<Violation> {
    let rules = FieldRules::new(definition);
    rules.check(definition, item, &Budget::unlimited()).unwrap()
}

#[track_caller]
fn rules(field: Json, good: &[&str], bad: &[(&str, &str)]) {
    let mut field = field;
    field["key"] = json!("f");
    let definition = definition(&json!([field])).unwrap();
    for value in good {
        let violations = check(&definition, &item(&format!("{{\"f\":{value}}}")));
        assert_eq!(violations, [], "{value}");
    }
    for (value, rule) in bad {
        let violations = check(&definition, &item(&format!("{{\"f\":{value}}}")));
        assert_eq!(violations.len(), 1, "{value}");
        assert_eq!(violations[0].violated_rule, *rule, "{value}");
    }
}

#[test]
fn types_are_kept() {
    rules(
        json!({"type":"TEXT"}),
        &["\"\"", "null"],
        &[("5", "TYPE"), ("[\"x\"]", "TYPE")],
    );
    rules(
        json!({"type":"NUMBER"}),
        &["5.5"],
        &[("\"5\"", "TYPE"), ("true", "TYPE")],
    );
    rules(
        json!({"type":"DATETIME"}),
        &[r#"{"$date":"2024-01-02T03:04:05Z"}"#],
        &[("\"2024-01-02T03:04:05Z\"", "TYPE")],
    );
    rules(
        json!({"type":"DATE"}),
        &["\"2024-01-02\""],
        &[("\"2024-02-30\"", "TYPE"), ("5", "TYPE")],
    );
    rules(
        json!({"type":"TIME"}),
        &["\"10:20:30.500\"", "\"10:20\""],
        &[("\"25:00\"", "TYPE"), ("\"10:20Z\"", "TYPE")],
    );
    rules(
        json!({"type":"ARRAY_STRING"}),
        &["[]", "[\"a\"]"],
        &[("[1]", "TYPE"), ("\"a\"", "TYPE")],
    );
    rules(json!({"type":"ANY"}), &["5", "\"x\"", "[]"], &[]);
}

#[test]
fn ranges_choices_patterns_and_what_is_required() {
    rules(
        json!({"type":"NUMBER","numberRange":{"min":1,"max":"Infinity"}}),
        &["1", "1e300"],
        &[("0.5", "MIN")],
    );
    rules(
        json!({"type":"TEXT","stringLengthRange":{"minLength":1,"maxLength":2}}),
        &["\"é\"", "\"👍\""],
        &[("\"\"", "MIN"), ("\"👍a\"", "MAX")],
    );
    rules(
        json!({"type":"ARRAY","arraySizeRange":{"maxSize":1}}),
        &["[1]"],
        &[("[1,2]", "MAX")],
    );
    rules(
        json!({"type":"NUMBER","enum":[1,2]}),
        &["2", "null"],
        &[("3", "ENUM")],
    );
    rules(
        json!({"type":"ARRAY_STRING","enum":["a","b"]}),
        &["[\"b\",\"a\"]"],
        &[("[\"c\"]", "ENUM")],
    );
    rules(
        json!({"type":"TEXT","pattern":"[a-z]+|x"}),
        &["\"abc\""],
        &[("\"abc1\"", "PATTERN"), ("\"x1\"", "PATTERN")],
    );
    rules(
        json!({"type":"TEXT","required":true}),
        &["\"\""],
        &[("null", "REQUIRED_FIELD")],
    );
}

#[test]
fn what_cannot_be_a_collection() {
    for (fields, says) in [
        (json!([]), "fields must not be empty"),
        (json!([{"key":"a","type":"NOPE"}]), "\"NOPE\" is no type"),
        (
            json!([{"key":"a","type":"TEXT"},{"key":"a","type":"TEXT"}]),
            "declared twice",
        ),
        (json!([{"key":"$a","type":"TEXT"}]), "WDE0134"),
        (
            json!([{"key":"a.b","type":"TEXT"}]),
            "cannot be a field's key",
        ),
        (
            json!([{"key":"a","type":"REFERENCE"}]),
            "WDE0075: Metadata for Reference type field not provided.",
        ),
        (json!([{"key":"a","type":"TEXT","pattern":"("}]), "pattern"),
    ] {
        let error = definition(&fields).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let bad_role =
        json!({"id":"a","fields":[{"key":"a","type":"TEXT"}],"permissions":{"read":"EVERYBODY"}});
    let error = Definition::from_wire(&bad_role).unwrap_err().to_string();
    assert_eq!(
        error,
        "WDE0075: Not recognized role provided in permissions."
    );
}

#[test]
fn what_was_read_can_be_sent_back() {
    let fields = json!([{"key":"a","type":"TEXT","displayName":"A","required":true}]);
    let made = definition(&fields).unwrap();
    let again = Definition::from_wire(&made.to_wire()).unwrap();
    assert_eq!(again, made);
    let kept: Definition = serde_json::from_str(&serde_json::to_string(&made).unwrap()).unwrap();
    assert_eq!(kept, made);
}

#[test]
fn roles_and_levels() {
    let granted = |level: Level| {
        [Role::Visitor, Role::Member, Role::Owner, Role::App].map(|role| level.grants(role))
    };
    let (all, own, none) = (Access::All, Access::Own, Access::Denied);
    assert_eq!(granted(Level::Anyone), [all, all, all, all]);
    assert_eq!(granted(Level::SiteMember), [none, all, all, all]);
    assert_eq!(granted(Level::SiteMemberAuthor), [none, own, all, all]);
    assert_eq!(granted(Level::CmsEditor), [none, none, all, all]);
    assert_eq!(granted(Level::Admin), [none, none, all, all]);
}

fn index(fields: &[&str], unique: bool) -> Index {
    Index {
        name: "i".to_owned(),
        fields: fields
            .iter()
            .map(|path| IndexField {
                path: (*path).to_owned(),
                order: Direction::Ascending,
            })
            .collect(),
        unique,
        case_insensitive: false,
    }
}

#[test]
fn keys_of_an_item() {
    let count =
        |index: &Index, json: &str| index.keys(&item(json)).map(|it| (it.keys.len(), it.exact));
    assert_eq!(count(&index(&["a"], false), r#"{"a":1}"#), Ok((1, true)));
    assert_eq!(count(&index(&["a"], false), "{}"), Ok((1, true)));
    assert_eq!(
        count(&index(&["a"], false), r#"{"a":[1,2,1]}"#),
        Ok((2, false))
    );
    assert_eq!(count(&index(&["a"], false), r#"{"a":[]}"#), Ok((1, false)));
    assert_eq!(count(&index(&["a"], true), "{}"), Ok((0, true)));
    assert_eq!(
        count(&index(&["a", "b"], false), r#"{"a":[1,2],"b":3}"#),
        Ok((2, false))
    );
    let both = r#"{"a":[1,2],"b":[3]}"#;
    assert_eq!(
        count(&index(&["a", "b"], false), both),
        Err(KeyError::TwoLists)
    );
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(5000));
    let keys = index(&["a"], false).keys(&item(&long)).unwrap();
    assert!(!keys.exact && keys.keys[0].len() < 1000);
}

#[test]
fn an_index_is_named_by_what_it_does() {
    let mut other = index(&["a"], false);
    other.name = "another".to_owned();
    assert_eq!(index(&["a"], false).id("c"), other.id("c"));
    assert_ne!(index(&["a"], false).id("c"), index(&["a"], true).id("c"));
    assert_ne!(
        index(&["a", "b"], false).id("c"),
        index(&["a"], false).id("c")
    );
    assert_ne!(index(&["a"], false).id("c"), index(&["a"], false).id("d"));
    let mut turned = index(&["a"], false);
    turned.fields[0].order = Direction::Descending;
    assert_eq!(index(&["a"], false).id("c"), turned.id("c"));
    assert_ne!(index(&["b"], false).id("c"), index(&["a"], false).id("c"));
    let value = Value::from("x");
    let mut bytes = Vec::new();
    index(&["a"], false).push(&mut bytes, &value, Direction::Ascending);
    assert_eq!(
        index(&["a"], false)
            .keys(&item(r#"{"a":"x"}"#))
            .unwrap()
            .keys,
        [bytes]
    );
}
