use super::super::DataCode;
use super::*;

fn run(request: &str) -> Page<Value> {
    let items: Vec<Object> = serde_json::from_str(
        r#"[{"a":2},{"a":"x"},{"a":null},{},{"a":[2,1,null,{"p":1,"q":2}]},{"a":{"q":2,"p":1}},
            {"a":true},{"o":[{"x":3},{"x":4}]},{"o":{"x":3}},{"a":[]}]"#,
    )
    .unwrap();
    let distinct = Distinct::read(&serde_json::from_str(request).unwrap()).unwrap();
    let mut run = distinct.start();
    for item in items.iter().filter(|item| distinct.filter().matches(item)) {
        run.add(item).unwrap();
    }
    run.finish().unwrap()
}

#[test]
fn values() {
    for (request, values) in [
        (r#"{"fieldName":"a"}"#, r#"[1,2,"x",{"p":1,"q":2},true]"#),
        (
            r#"{"fieldName":"a","order":"DESC"}"#,
            r#"[true,{"p":1,"q":2},"x",2,1]"#,
        ),
        (r#"{"fieldName":"o.x"}"#, "[3,4]"),
        (r#"{"fieldName":"zz"}"#, "[]"),
        (
            r#"{"fieldName":"a","filter":{"a":{"$lt":2}}}"#,
            r#"[1,2,{"p":1,"q":2}]"#,
        ),
        (
            r#"{"fieldName":"a","paging":{"limit":2,"offset":1}}"#,
            r#"[2,"x"]"#,
        ),
    ] {
        let results = serde_json::to_string(&run(request).results).unwrap();
        assert_eq!(results, values, "{request}");
    }
}

#[test]
fn total_and_next() {
    let page = run(r#"{"fieldName":"a","paging":{"limit":2},"returnTotalCount":true}"#);
    assert_eq!((page.total, page.has_next), (Some(5), true));
    let page = run(r#"{"fieldName":"a","paging":{"offset":4}}"#);
    assert_eq!((page.total, page.has_next), (None, false));
}

#[test]
fn refused() {
    for request in [
        "{}",
        r#"{"fieldName":"a..b"}"#,
        r#"{"fieldName":"a","order":"UP"}"#,
        r#"{"fieldName":"a","paging":{"limit":0}}"#,
    ] {
        assert!(Distinct::read(&serde_json::from_str(request).unwrap()).is_err());
    }
}

#[test]
fn too_many_values() {
    let distinct = Distinct::read(&serde_json::from_str(r#"{"fieldName":"a"}"#).unwrap());
    let distinct = distinct.unwrap();
    let mut run = distinct.start();
    let result = (0..2_000).try_for_each(|number| {
        let text = format!("{number}{}", "x".repeat(100_000));
        run.add(&Object::from_iter([("a".to_owned(), text.into())]))
    });
    assert_eq!(result.unwrap_err().code(), DataCode::TooMuchMemory);
}
