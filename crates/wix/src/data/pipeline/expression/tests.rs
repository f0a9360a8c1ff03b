use super::super::super::{Budget, DataCode, Object, Value};
use super::super::reader::Reader;
use super::*;

const ITEM: &str = r#"{"n":7,"m":-2.5,"t":"Ärger","nil":null,"o":{"x":3},"l":[{"x":1},{"x":2},{}],
    "k":[1,"2",4],"b":true,"d":{"$date":"2024-01-02T03:04:05.678Z"},"z":0}"#;

fn parse(json: &str) -> Result<Expression, String> {
    let value: Value = serde_json::from_str(json).unwrap();
    Reader::default()
        .expression(&value, 0)
        .map_err(|fault| fault.to_string())
}

#[track_caller]
fn gives(expression: &str, result: &str) {
    let item: Object = serde_json::from_str(ITEM).unwrap();
    let parsed = parse(expression).unwrap();
    let value = parsed.evaluate(&item, &Budget::unlimited()).unwrap();
    let json = value.map_or("missing".to_owned(), |it| {
        serde_json::to_string(&*it).unwrap()
    });
    assert_eq!(json, result, "{expression}");
}

fn field(path: &str) -> String {
    format!(r#"{{"fieldPath":"{path}"}}"#)
}

#[test]
fn values() {
    for (path, result) in [
        ("n", "7"),
        ("o.x", "3"),
        ("l.x", "[1,2]"),
        ("nil", "null"),
        ("zz", "missing"),
        ("n.x", "missing"),
    ] {
        gives(&field(path), result);
    }
    gives(r#"{"text":""}"#, r#""""#);
    gives(r#"{"numeric":-1.5}"#, "-1.5");
    gives(r#"{"numeric":1,"text":null}"#, "1");
}

#[test]
fn of_many() {
    for (operation, fields, result) in [
        ("add", "n m", "4.5"),
        ("add", "", "0"),
        ("add", "n nil", "null"),
        ("add", "n zz", "null"),
        ("add", "n t", "null"),
        ("multiply", "n m", "-17.5"),
        ("multiply", "", "1"),
        ("sum", "n nil t zz m", "4.5"),
        ("sum", "k", "5"),
        ("sum", "k n", "7"),
        ("sum", "", "0"),
        ("concat", "t t", r#""ÄrgerÄrger""#),
        ("concat", "", r#""""#),
        ("concat", "t n", "null"),
    ] {
        let operands: Vec<_> = fields.split_whitespace().map(field).collect();
        let operands = operands.join(",");
        gives(
            &format!(r#"{{"{operation}":{{"expressions":[{operands}]}}}}"#),
            result,
        );
    }
    gives(
        r#"{"multiply":{"expressions":[{"numeric":1e308},{"numeric":10}]}}"#,
        "null",
    );
}

#[test]
fn of_two() {
    for (operation, first, second, result) in [
        ("subtract", "n", "m", "9.5"),
        ("subtract", "d", "n", "null"),
        ("divide", "n", "m", "-2.8"),
        ("divide", "n", "z", "null"),
        ("divide", "z", "z", "null"),
        ("divide", "n", "zz", "null"),
        ("mod", "n", "m", "2"),
        ("mod", "m", "n", "-2.5"),
        ("mod", "n", "z", "null"),
    ] {
        let (first, second) = (field(first), field(second));
        gives(
            &format!(
                r#"{{"{operation}":{{"firstExpression":{first},"secondExpression":{second}}}}}"#
            ),
            result,
        );
    }
}

#[test]
fn of_one() {
    for (operation, path, result) in [
        ("abs", "m", "2.5"),
        ("abs", "t", "null"),
        ("floor", "m", "-3"),
        ("ceil", "m", "-2"),
        ("ceil", "nil", "null"),
        ("stringify", "n", r#""7""#),
        ("stringify", "b", r#""true""#),
        ("stringify", "t", r#""Ärger""#),
        ("stringify", "d", r#""2024-01-02T03:04:05.678Z""#),
        ("stringify", "o", r#""{\"x\":3}""#),
        ("stringify", "zz", "null"),
        ("toLower", "t", r#""ärger""#),
        ("toUpper", "t", r#""ÄRGER""#),
        ("toUpper", "zz", r#""""#),
        ("toUpper", "n", r#""7""#),
        ("toUpper", "o", "null"),
        ("length", "t", "5"),
        ("length", "n", "null"),
        ("length", "zz", "null"),
    ] {
        let operand = field(path);
        gives(
            &format!(r#"{{"{operation}":{{"expression":{operand}}}}}"#),
            result,
        );
    }
}

#[test]
fn substrings() {
    for (path, start, length, result) in [
        ("t", "1", Some("2"), r#""rg""#),
        ("t", "1", None, r#""rger""#),
        ("t", "0", Some("1"), r#""Ä""#),
        ("t", "9", Some("1"), r#""""#),
        ("t", "0", Some("99"), r#""Ärger""#),
        ("t", "-1", None, "null"),
        ("t", "0.5", None, "null"),
        ("t", "0", Some("-1"), "null"),
        ("zz", "0", None, r#""""#),
        ("n", "0", None, "null"),
    ] {
        let of = field(path);
        let length = length.map_or(String::new(), |length| {
            format!(r#","lengthExpression":{{"numeric":{length}}}"#)
        });
        gives(
            &format!(
                r#"{{"substring":{{"expression":{of},"startExpression":{{"numeric":{start}}}{length}}}}}"#
            ),
            result,
        );
    }
}

#[test]
fn refused() {
    let mut deep = field("n");
    for _ in 0..33 {
        deep = format!(r#"{{"abs":{{"expression":{deep}}}}}"#);
    }
    let many = vec![field("n"); 1001].join(",");
    for expression in [
        "5",
        "{}",
        r#"{"numeric":1,"text":"a"}"#,
        r#"{"numeric":"1"}"#,
        r#"{"text":1}"#,
        r#"{"text":"a\u0000"}"#,
        r#"{"fieldPath":"a..b"}"#,
        r#"{"power":{"expressions":[]}}"#,
        r#"{"abs":{}}"#,
        r#"{"abs":5}"#,
        r#"{"add":{"expressions":5}}"#,
        r#"{"divide":{"firstExpression":{"numeric":1}}}"#,
        r#"{"substring":{"expression":{"text":"a"}}}"#,
        &deep,
        &format!(r#"{{"add":{{"expressions":[{many}]}}}}"#),
    ] {
        assert!(
            parse(expression).unwrap_err().starts_with("WDE0080"),
            "{expression}"
        );
    }
}

#[test]
fn texts_do_not_grow_without_bound() {
    let twice = vec![field("t"); 2].join(",");
    let expression = parse(&format!(r#"{{"concat":{{"expressions":[{twice}]}}}}"#)).unwrap();
    let item = Object::from_iter([("t".to_owned(), "x".repeat(300_000).into())]);
    let fault = expression
        .evaluate(&item, &Budget::unlimited())
        .unwrap_err();
    assert_eq!(fault.code(), DataCode::TooMuchMemory);
}
