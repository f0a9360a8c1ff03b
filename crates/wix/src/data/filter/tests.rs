use super::*;
use crate::data::budget::Limits;
use crate::data::{Budget, DataCode, Object, limits};

fn parse(filter: &str) -> Result<Filter, String> {
    let value: Value = serde_json::from_str(filter).map_err(|error| error.to_string())?;
    Filter::parse(&value).map_err(|fault| fault.to_string())
}

fn matches(filter: &str, item: &str) -> bool {
    let item: Object = serde_json::from_str(item).unwrap();
    parse(filter).unwrap().matches(&item)
}

#[track_caller]
fn yes_and_no(filter: &str, yes: &[&str], no: &[&str]) {
    for item in yes {
        assert!(matches(filter, item), "{filter} should match {item}");
    }
    for item in no {
        assert!(!matches(filter, item), "{filter} should not match {item}");
    }
}

#[test]
fn equality_is_strict() {
    yes_and_no(
        r#"{"a":5}"#,
        &[r#"{"a":5}"#, r#"{"a":5.0}"#, r#"{"a":["x",5]}"#],
        &[r#"{"a":"5"}"#, "{}", r#"{"a":[[5]]}"#, r#"{"b":5}"#],
    );
    yes_and_no(r#"{"a":"x"}"#, &[r#"{"a":"x"}"#], &[r#"{"a":"X"}"#]);
    yes_and_no(
        r#"{"a":[1,2]}"#,
        &[r#"{"a":[1,2]}"#, r#"{"a":[[1,2]]}"#],
        &[r#"{"a":[2,1]}"#],
    );
    yes_and_no(
        r#"{"a":{"x":1,"y":2}}"#,
        &[r#"{"a":{"y":2,"x":1}}"#],
        &[r#"{"a":{"x":1}}"#, r#"{"a":{"x":1,"y":2,"z":3}}"#],
    );
    yes_and_no(
        r#"{"a":{"$date":"2024-01-02T00:00:00.000Z"}}"#,
        &[r#"{"a":{"$date":"2024-01-02T00:00:00Z"}}"#],
        &[r#"{"a":"2024-01-02T00:00:00.000Z"}"#],
    );
}

#[test]
fn empty_and_missing() {
    let (empty, full) = (r#"{"a":null}"#, r#"{"a":{"$ne":null}}"#);
    let empties = ["{}", r#"{"a":null}"#, r#"{"a":[1,null]}"#];
    let fulls = [
        r#"{"a":""}"#,
        r#"{"a":[]}"#,
        r#"{"a":{}}"#,
        r#"{"a":0}"#,
        r#"{"a":false}"#,
    ];
    yes_and_no(empty, &empties, &fulls);
    yes_and_no(full, &fulls, &empties);
    yes_and_no(r#"{"a":{"$exists":true}}"#, &[r#"{"a":null}"#], &["{}"]);
    yes_and_no(
        r#"{"a":{"$ne":1}}"#,
        &["{}", r#"{"a":2}"#],
        &[r#"{"a":1}"#, r#"{"a":[1]}"#],
    );
}

#[test]
fn comparisons_stay_within_a_kind() {
    yes_and_no(
        r#"{"a":{"$gt":1,"$lt":3}}"#,
        &[r#"{"a":2}"#, r#"{"a":[0,5]}"#],
        &[
            r#"{"a":1}"#,
            r#"{"a":"2"}"#,
            r#"{"a":null}"#,
            "{}",
            r#"{"a":true}"#,
        ],
    );
    yes_and_no(
        r#"{"a":{"$lt":"abc"}}"#,
        &[r#"{"a":"XYZ"}"#],
        &[r#"{"a":1}"#, r#"{"a":null}"#],
    );
    yes_and_no(
        r#"{"a":{"$lt":true}}"#,
        &[r#"{"a":false}"#],
        &[r#"{"a":true}"#, r#"{"a":0}"#],
    );
}

#[test]
fn texts_disregard_case_and_know_no_patterns() {
    yes_and_no(
        r#"{"a":{"$contains":"F.G"}}"#,
        &[r#"{"a":"a f.g b"}"#, r#"{"a":["x","F.g"]}"#],
        &[r#"{"a":"fig"}"#, r#"{"a":1}"#],
    );
    yes_and_no(
        r#"{"a":{"$endsWith":"CAFÉ"}}"#,
        &[r#"{"a":"naïve café"}"#],
        &[r#"{"a":"cafe"}"#],
    );
    yes_and_no(
        r#"{"a":{"$startsWith":""}}"#,
        &[r#"{"a":""}"#],
        &[r#"{"a":null}"#],
    );
}

#[test]
fn lists_of_operands() {
    yes_and_no(
        r#"{"a":{"$in":[1,"x"]}}"#,
        &[r#"{"a":1}"#, r#"{"a":["x"]}"#],
        &[r#"{"a":"1"}"#, "{}"],
    );
    yes_and_no(r#"{"a":{"$hasSome":[]}}"#, &[], &["{}", r#"{"a":[]}"#]);
    yes_and_no(
        r#"{"a":{"$hasAll":[1,2]}}"#,
        &[r#"{"a":[2,3,1]}"#],
        &[r#"{"a":1}"#],
    );
    yes_and_no(r#"{"a":{"$hasAll":[]}}"#, &["{}"], &[]);
    yes_and_no(
        r#"{"a":{"$nin":[1]}}"#,
        &["{}", r#"{"a":2}"#],
        &[r#"{"a":[1]}"#],
    );
    yes_and_no(
        r#"{"a":{"$in":[null]}}"#,
        &["{}", r#"{"a":null}"#],
        &[r#"{"a":1}"#],
    );
    let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let many = format!(r#"{{"a":{{"$in":[{}]}}}}"#, many.join(","));
    yes_and_no(
        &many,
        &[r#"{"a":99}"#, r#"{"a":[500,3]}"#],
        &[r#"{"a":100}"#, r#"{"a":"99"}"#],
    );
}

#[test]
fn together() {
    yes_and_no("{}", &["{}"], &[]);
    yes_and_no(
        r#"{"$and":[{},{"$not":[{"a":1}]}]}"#,
        &["{}"],
        &[r#"{"a":1}"#],
    );
    yes_and_no(
        r#"{"$not":[{"a":1},{"b":2}]}"#,
        &["{}"],
        &[r#"{"b":2}"#, r#"{"a":1}"#],
    );
    yes_and_no(
        r#"{"$not":{"a":1,"b":2}}"#,
        &[r#"{"a":1}"#],
        &[r#"{"a":1,"b":2}"#],
    );
    yes_and_no(
        r#"{"a":{"$not":{"$gt":1}}}"#,
        &["{}", r#"{"a":1}"#],
        &[r#"{"a":2}"#],
    );
    yes_and_no(
        r#"{"$or":[{"a":1},{"b":{"$gt":1}}],"c":3}"#,
        &[r#"{"b":2,"c":3}"#],
        &[r#"{"a":1}"#],
    );
    yes_and_no(
        r#"{"l.p":2}"#,
        &[r#"{"l":[{"p":1},{"p":2}]}"#],
        &[r#"{"l":[[{"p":2}]]}"#],
    );
}

#[test]
fn refused() {
    for (filter, says) in [
        (r#"{"a":{"$foo":1}}"#, "Unknown operator \"$foo\""),
        (r#"{"a":{"$regex":"x"}}"#, "Unknown operator"),
        (r#"{"$where":"1"}"#, "Unknown operator"),
        (r#"{"a":{"$gt":null}}"#, "$gt takes"),
        (r#"{"a":{"$contains":5}}"#, "takes a text"),
        (r#"{"a":{"$in":5}}"#, "takes a list"),
        (r#"{"$or":{}}"#, "takes a list"),
        (r#"{"$and":[5]}"#, "A filter is an object"),
        (r#"{"":1}"#, "is no field"),
        (r#"{"a..b":1}"#, "is no field"),
        (r#"{"a.$date":1}"#, "is no field"),
        (r#"{"a":"x\u0000"}"#, "NUL"),
        (r#"{"a\u0000":1}"#, "is no field"),
        (r#"{"a":{"$exists":1}}"#, "true or false"),
        (r#"{"a":{"$date":"never"}}"#, "A $date in it is not valid"),
        (r#"{"a":[{"$date":5}]}"#, "(the field \"a\")"),
        (
            r#"{"$or":[{"b.c":{"$gt":{"$date":"2024-02-30T00:00:00.000Z"}}}]}"#,
            "(the field \"b.c\")",
        ),
        ("5", "A filter is an object"),
    ] {
        let error = parse(filter).unwrap_err();
        assert!(
            error.starts_with("WDE00") && error.contains(says),
            "{filter}: {error}"
        );
    }
}

#[test]
fn deep_and_wide_filters_are_refused() {
    let depth = limits::FILTER_DEPTH / 2;
    let nest = |depth: usize| {
        format!("{}{}", r#"{"$not":["#.repeat(depth), "]}".repeat(depth)).replace("[]", "[{}]")
    };
    assert!(parse(&nest(depth)).is_ok());
    assert!(parse(&nest(limits::FILTER_DEPTH + 2)).is_err());
    assert!(parse(&nest(1000)).is_err());
    let not = |depth: usize| {
        format!(
            r#"{{"a":{}1{}}}"#,
            r#"{"$not":"#.repeat(depth),
            "}".repeat(depth)
        )
    };
    assert!(parse(&not(limits::FILTER_DEPTH)).is_ok());
    assert!(parse(&not(limits::FILTER_DEPTH + 1)).is_err());
    let wide = format!(
        r#"{{"a":{{"$in":[{}0]}}}}"#,
        "0,".repeat(limits::FILTER_OPERANDS)
    );
    assert!(parse(&wide).unwrap_err().contains("more than"));
}

/// `$exists`, the keys of an object and what stands in a list's lists were not counted.
#[test]
fn every_term_and_all_that_stands_in_operands_counts() {
    let most = limits::FILTER_OPERANDS;
    let terms = |term: &str, count: usize| {
        let terms: Vec<String> = (0..count)
            .map(|number| format!(r#""f{number}":{term}"#))
            .collect();
        format!("{{{}}}", terms.join(","))
    };
    for term in [
        r#"{"$exists":false}"#,
        r#"{"$ne":1}"#,
        r#"{"$isEmpty":true}"#,
        r#"{"$in":[]}"#,
        "1",
    ] {
        assert!(parse(&terms(term, most)).is_ok(), "{term}");
        let refused = parse(&terms(term, most + 1)).unwrap_err();
        assert!(refused.starts_with("WDE0076"), "{term}: {refused}");
    }
    let list = format!("[{}0]", "0,".repeat(most - 2));
    let object = terms("0", most - 1);
    for operand in [&list, &object] {
        for filter in [
            format!(r#"{{"a":{operand}}}"#),
            format!(r#"{{"a":{{"$in":[{operand}]}}}}"#),
        ] {
            assert!(parse(&filter).is_ok());
        }
        let two = format!(r#"{{"a":{{"$hasAll":[{operand},{operand}]}}}}"#);
        assert!(parse(&two).unwrap_err().starts_with("WDE0076"));
    }
}

#[test]
fn the_texts_of_a_filter_are_capped() {
    let text = "x".repeat(limits::FILTER_BYTES / 4);
    let filter = |count: usize| {
        let one = format!(r#"{{"a":{{"$startsWith":"{text}"}}}}"#);
        format!(r#"{{"$or":[{}]}}"#, vec![one; count].join(","))
    };
    assert!(parse(&filter(3)).is_ok());
    assert!(parse(&filter(4)).unwrap_err().starts_with("WDE0076"));
    let path = "a".repeat(limits::PATH_BYTES + 1);
    assert!(parse(&format!(r#"{{"{path}":1}}"#)).is_err());
}

/// A list of 160,000 empty objects was walked through for the price of one term.
#[test]
fn elements_on_the_way_to_a_value_are_counted() {
    let item = format!(r#"{{"l":[{}{{}}]}}"#, "{},".repeat(99_999));
    let item: Object = serde_json::from_str(&item).unwrap();
    let terms: Vec<String> = (0..100)
        .map(|number| format!(r#"{{"l.x{number}":{{"$exists":true}}}}"#))
        .collect();
    let filter = parse(&format!(r#"{{"$or":[{}]}}"#, terms.join(","))).unwrap();
    let limits = Limits {
        work: 5_000_000,
        memory: 0,
    };
    let fault = filter
        .matches_within(&item, &Budget::new(limits))
        .unwrap_err();
    assert_eq!(fault.code(), DataCode::TooCostly);
    let few = parse(r#"{"l.x":{"$exists":true}}"#).unwrap();
    assert!(!few.matches_within(&item, &Budget::new(limits)).unwrap());
}
