use super::super::DataCode;
use super::*;

fn values(json: &str) -> Vec<Value> {
    match serde_json::from_str(json).unwrap() {
        Value::Array(elements) => elements,
        _ => Vec::new(),
    }
}

fn over(operation: Operation, operands: &str) -> String {
    let mut memory = Memory::default();
    let mut groups = Groups::new(vec![operation]);
    let operands = values(operands);
    for operand in &operands {
        groups
            .add(&mut memory, Vec::new(), [Some(Cow::Borrowed(operand))])
            .unwrap();
    }
    let results: Vec<_> = groups.finish().flat_map(|(_, results)| results).collect();
    serde_json::to_string(&results[0]).unwrap()
}

#[test]
fn each_operation() {
    let date = r#"{"$date":"2024-01-01T00:00:00.000Z"}"#;
    for (operation, operands, result) in [
        (Operation::Count, "[null,1,[]]", "3"),
        (Operation::Sum, r#"[1,2.5,"7",null,[4]]"#, "3.5"),
        (Operation::Sum, "[null]", "0"),
        (Operation::Sum, "[1e308,1e308]", "null"),
        (Operation::Average, r#"[1,2,"7",null]"#, "1.5"),
        (Operation::Average, "[null]", "null"),
        (Operation::Least, "[3,null,2,5]", "2"),
        (Operation::Least, r#"["b",7,"a"]"#, "7"),
        (Operation::Least, "[null]", "null"),
        (Operation::Greatest, r#"["b",7,"a"]"#, r#""b""#),
        (Operation::Greatest, &format!(r#"["b",{date},true]"#), date),
        (Operation::First, "[null,1,2]", "null"),
        (Operation::First, "[1,2]", "1"),
        (Operation::Last, "[1,2,null]", "null"),
        (
            Operation::Push,
            r#"[1,null,{"a":2}]"#,
            r#"[1,null,{"a":2}]"#,
        ),
    ] {
        assert_eq!(
            over(operation, operands),
            result,
            "{operation:?} {operands}"
        );
    }
}

#[test]
fn groups_keep_the_order_of_their_first_items() {
    let mut memory = Memory::default();
    let mut groups = Groups::new(vec![Operation::Count]);
    let keys = values(r#"["b",null,"a",{"x":1,"y":2},"b",{"y":2,"x":1}]"#);
    for key in &keys {
        let key = vec![Some(Cow::Borrowed(key))];
        groups
            .add(&mut memory, key, [Some(Cow::Owned(Value::Null))])
            .unwrap();
    }
    groups.add(&mut memory, vec![None], [None]).unwrap();
    let keys: Vec<_> = groups.finish().map(|(key, _)| Value::Array(key)).collect();
    assert_eq!(
        serde_json::to_string(&keys).unwrap(),
        r#"[["b"],[null],["a"],[{"x":1,"y":2}]]"#
    );
}

#[test]
fn memory_is_counted() {
    for (operation, distinct, fits) in [
        (Operation::Last, false, true),
        (Operation::Push, false, false),
        (Operation::Count, true, false),
    ] {
        let mut memory = Memory::new(10_000);
        let mut groups = Groups::new(vec![operation]);
        let result = (0..5_000).try_for_each(|number| {
            let key = Value::from(if distinct { number } else { 0 });
            let operand = Value::from("some text");
            let key = vec![Some(Cow::Owned(key))];
            groups.add(&mut memory, key, [Some(Cow::Owned(operand))])
        });
        assert_eq!(result.is_ok(), fits, "{operation:?}");
        if let Err(fault) = result {
            assert_eq!(fault.code(), DataCode::TooMuchMemory);
        }
    }
}

#[test]
fn names() {
    for name in ["a", "a.bSum", "é"] {
        assert!(result_name(Some(name)).is_ok(), "{name}");
    }
    for name in [None, Some(""), Some("_id"), Some("$a"), Some("a\0")] {
        assert!(result_name(name).is_err(), "{name:?}");
    }
    assert!(distinct_names(["a", "b"]).is_ok());
    assert!(distinct_names(["a", "b", "a"]).is_err());
}
