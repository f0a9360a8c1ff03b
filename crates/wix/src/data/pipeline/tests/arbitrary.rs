//! Pipelines that nobody thought of.

use proptest::prelude::*;

use super::*;

/// JSON that looks like stages and expressions, mostly right.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[abn](\\.[ab])?".prop_map(|path| format!(r#"{{"fieldPath":"{path}"}}"#)),
        "[a-c]{0,2}".prop_map(|text| format!(r#"{{"text":"{text}"}}"#)),
        (-3..3_i32).prop_map(|number| format!(r#"{{"numeric":{number}}}"#)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (
                prop::sample::select(vec!["add", "sum", "multiply", "concat"]),
                prop::collection::vec(inner.clone(), 0..3)
            )
                .prop_map(|(name, operands)| format!(
                    r#"{{"{name}":{{"expressions":[{}]}}}}"#,
                    operands.join(",")
                )),
            (
                prop::sample::select(vec!["subtract", "divide", "mod"]),
                inner.clone(),
                inner.clone()
            )
                .prop_map(|(name, first, second)| format!(
                    r#"{{"{name}":{{"firstExpression":{first},"secondExpression":{second}}}}}"#
                )),
            (
                prop::sample::select(vec![
                    "abs",
                    "floor",
                    "ceil",
                    "stringify",
                    "toLower",
                    "toUpper",
                    "length"
                ]),
                inner.clone()
            )
                .prop_map(|(name, operand)| format!(r#"{{"{name}":{{"expression":{operand}}}}}"#)),
            (inner.clone(), inner).prop_map(|(of, start)| format!(
                r#"{{"substring":{{"expression":{of},"startExpression":{start}}}}}"#
            )),
        ]
    })
}

fn stage() -> impl Strategy<Value = String> {
    let accumulators = vec!["sum", "avg", "min", "max", "first", "last", "push"];
    prop_oneof![
        (0..4_u32).prop_map(|number| format!(r#"{{"skip":{number}}}"#)),
        (1..4_u32).prop_map(|number| format!(r#"{{"limit":{number}}}"#)),
        "[abn]".prop_map(|name| format!(r#"{{"filter":{{"{name}":{{"$gte":1}}}}}}"#)),
        "[abn]".prop_map(|name| format!(r#"{{"sort":{{"values":[{{"fieldName":"{name}"}}]}}}}"#)),
        "[ab](\\.[ab])?"
            .prop_map(|name| format!(r#"{{"unwindArray":{{"arrayFieldName":"{name}"}}}}"#)),
        ("[ab]", "[ab](\\.c)?").prop_map(|(from, to)| format!(
            r#"{{"objectToArray":{{"objectFieldName":"{from}","destinationFieldName":"{to}"}}}}"#
        )),
        (
            prop::sample::select(accumulators),
            expression(),
            expression()
        )
            .prop_map(|(name, key, of)| format!(
                r#"{{"group":{{"groupIds":[{{"key":"a","expression":{key}}}],
                "accumulators":[{{"resultFieldName":"b","{name}":{{"expression":{of}}}}}]}}}}"#
            )),
        ("[ab]", expression()).prop_map(|(name, of)| format!(
            r#"{{"projection":{{"fields":[{{"include":{{"fieldName":"n"}}}},
                {{"projectNested":{{"resultFieldName":"a","fields":[
                {{"reshape":{{"resultFieldName":"{name}","expression":{of}}}}}]}}}}]}}}}"#
        )),
    ]
}

proptest! {
    #[test]
    fn nothing_panics(stages in prop::collection::vec(stage(), 0..6)) {
        let items: Vec<Object> = serde_json::from_str(
            r#"[{"a":[1,{"a":2}],"b":{"a":"x","b":[3]},"n":1},{"a":"t","n":null},{"b":[{"a":1}],"n":2}]"#,
        ).unwrap();
        if let Ok(pipeline) = read(&stages.join(","), "") {
            let mut run = pipeline.start();
            let fed = items.iter().try_for_each(|item| run.add(item));
            if fed.is_ok() && let Ok(page) = run.finish() {
                prop_assert!(page.results.len() <= 50);
            }
        }
    }

    #[test]
    fn a_limit_behind_a_sort_changes_nothing_before_it(
        numbers in prop::collection::vec(0..9_i32, 0..200),
        skip in 0..50_usize,
        limit in 1..50_usize,
    ) {
        let items: Vec<_> = numbers.iter().enumerate().map(|(index, number)| Object::from_iter([
            ("n".to_owned(), Value::from(*number)),
            ("i".to_owned(), Value::from(u32::try_from(index).unwrap())),
        ])).collect();
        let sort = r#"{"sort":{"values":[{"fieldName":"n","order":"DESC"}]}}"#;
        let run = |stages: &str| {
            let pipeline = read(stages, r#","paging":{"limit":1000}"#).unwrap();
            let mut run = pipeline.start();
            for item in &items {
                run.add(item).unwrap();
            }
            run.finish().unwrap().results
        };
        let expected: Vec<_> = run(sort).into_iter().skip(skip).take(limit).collect();
        let stages = format!(r#"{sort},{{"skip":{skip}}},{{"limit":{limit}}}"#);
        prop_assert_eq!(run(&stages), expected);
    }
}
