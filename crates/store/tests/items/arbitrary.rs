//! Items, filters and orders that nobody thought of, from pools so small that much of it meets.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use crate::oracle::SortBy;
use crate::oracle::condition::{Condition, Field};

/// Fields at the top of items; the odd ones are as good as any.
const NAMES: [&str; 14] = [
    "a",
    "b",
    "c",
    "o",
    "l",
    "it's",
    "q\"uote",
    "__proto__",
    "sp ace",
    "é日",
    "back\\slash",
    "%_",
    "a.b",
    "[0]",
];

/// What is asked for; some of it is nowhere.
const PATHS: [&str; 21] = [
    "a",
    "b",
    "c",
    "a",
    "o.x",
    "o.y",
    "l.x",
    "l.y",
    "o",
    "l",
    "it's",
    "q\"uote",
    "__proto__",
    "sp ace",
    "é日",
    "back\\slash",
    "%_",
    "a.b",
    "a.x",
    "_id",
    "missing.at.all",
];

const TEXTS: [&str; 45] = [
    "",
    "a",
    "A",
    "b",
    "B",
    "ab",
    "aB",
    "Ab",
    "abc",
    "a'b",
    "'",
    "x' OR '1'='1",
    "\"",
    "\\",
    "\\\\",
    "%",
    "_",
    "a%",
    "a_",
    "*",
    ".*",
    "^a$",
    "(",
    "[a-z]",
    "é",
    "É",
    "e\u{301}",
    "ß",
    "SS",
    "ΟΣ",
    "ΟΣΑ",
    "ος",
    "σ",
    "Σ",
    "İ",
    "i",
    "ı",
    "ж",
    "Ж",
    "🦀",
    "👩\u{200d}👩",
    "\u{1}",
    "\u{ffff}",
    "\u{10ffff}",
    "\n\t",
];

fn number() -> impl Strategy<Value = Json> {
    prop_oneof![2 => small(), 1 => edge()]
}

fn small() -> impl Strategy<Value = Json> {
    (0..6).prop_map(Json::from)
}

fn edge() -> impl Strategy<Value = Json> {
    select(vec![
        json!(f64::MIN),
        json!(-1e21),
        json!(-9_007_199_254_740_993_i64),
        json!(-1.5),
        json!(-1),
        json!(-5e-324),
        json!(-0.0),
        json!(0),
        json!(5e-324),
        json!(0.1),
        json!(0.300_000_000_000_000_04),
        json!(1),
        json!(1.0),
        json!(2),
        json!(3),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(u64::MAX),
        json!(1e21),
        json!(f64::MAX),
    ])
}

fn text() -> impl Strategy<Value = String> {
    let long = (select(vec!["x", "X", "é"]), select(vec!["", "1", "2"]))
        .prop_map(|(letter, end)| letter.repeat(950) + end);
    prop_oneof![
        12 => select(TEXTS.to_vec()).prop_map(str::to_owned),
        4 => "[aAbBσΣ%_]{0,3}",
        1 => long,
    ]
}

fn date() -> impl Strategy<Value = Json> {
    let year = select(vec![
        "-271820", "-000001", "0000", "1600", "1969", "1970", "2024", "9999", "+010000", "+275759",
    ]);
    (
        year,
        select(vec![1, 2, 12]),
        select(vec![1, 28]),
        select(vec![0, 999]),
    )
        .prop_map(|(year, month, day, millisecond)| {
            let text = format!("{year}-{month:02}-{day:02}T23:59:00.{millisecond:03}Z");
            json!({ "$date": text })
        })
}

/// What is neither a list nor an object.
fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        5 => number(),
        6 => text().prop_map(Json::from),
        2 => date(),
        1 => any::<bool>().prop_map(Json::from),
        2 => Just(Json::Null),
    ]
}

fn object(inner: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec((select(vec!["x", "y", "é日"]), inner), 0..3).prop_map(|fields| {
        let fields = fields.into_iter();
        Json::Object(fields.map(|(name, it)| (name.to_owned(), it)).collect())
    })
}

fn any_value() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(Json::Array),
            1 => object(inner.clone()),
            1 => vec(object(inner), 0..3).prop_map(Json::Array),
        ]
    })
}

/// The fields of an item, without its id.
pub(crate) fn fields() -> impl Strategy<Value = Map<String, Json>> {
    let simple = prop_oneof![
        4 => leaf(),
        1 => vec(leaf(), 0..4).prop_map(Json::Array),
        1 => vec(small(), 1..4).prop_map(Json::Array),
    ];
    let simple = (select(vec!["a", "b", "c"]), simple);
    let other = (select(NAMES.to_vec()), any_value());
    let nested = (select(vec!["o", "l"]), object(leaf()));
    (vec(simple, 1..4), vec(other, 0..4), vec(nested, 0..2)).prop_map(|(simple, other, nested)| {
        let all = simple.into_iter().chain(nested).chain(other);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    })
}

/// A value to be unique, of the item with this number.
pub(crate) fn unique_value(number: usize) -> impl Strategy<Value = Option<Json>> {
    select(vec![
        None,
        Some(json!(null)),
        Some(json!([])),
        Some(json!(number)),
        Some(json!(format!("u{number}"))),
        Some(json!({ "x": number })),
        Some(json!([number, format!("u{number}"), null])),
        Some(json!({ "$date": format!("1969-01-01T00:00:00.{number:03}Z") })),
    ])
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec!["a", "b", "c"]),
        5 => select(PATHS.to_vec()),
        2 => Just("u"),
    ]
    .prop_map(str::to_owned)
}

fn operand() -> impl Strategy<Value = Json> {
    prop_oneof![
        8 => leaf(),
        1 => object(leaf()),
        1 => vec(leaf(), 0..3).prop_map(Json::Array),
        2 => (0..12_usize).prop_map(|it| json!(it)),
        1 => (0..12_usize).prop_map(|it| json!(format!("u{it}"))),
    ]
}

fn operator() -> impl Strategy<Value = (&'static str, Json)> {
    let equal = select(vec!["$eq", "$ne"]);
    let compare = select(vec![
        "$lt", "$lte", "$le", "$gt", "$gte", "$ge", "$gt", "$lt",
    ]);
    let comparable = leaf().prop_filter("null does not compare", |it| !it.is_null());
    let search = select(vec!["$contains", "$startsWith", "$endsWith"]);
    let list = select(vec!["$in", "$hasSome", "$nin", "$hasAll", "$all"]);
    let long_list = vec(leaf(), 17..40);
    let there = select(vec!["$exists", "$isEmpty"]);
    prop_oneof![
        3 => (equal, operand()),
        4 => (compare, comparable),
        2 => (search, text().prop_map(Json::from)),
        2 => (list.clone(), vec(operand(), 0..4).prop_map(Json::Array)),
        1 => (list, long_list.prop_map(Json::Array)),
        1 => (there, any::<bool>().prop_map(Json::from)),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    let operators = vec(operator(), 1..4).prop_map(BTreeMap::from_iter);
    let bounds = (
        select(vec!["$gt", "$gte"]),
        small(),
        select(vec!["$lt", "$lte"]),
        small(),
    );
    let between =
        bounds.prop_map(|(low, from, high, to)| Field::Operators([(low, from), (high, to)].into()));
    let one = prop_oneof![
        2 => operand().prop_map(Field::Equals),
        1 => between,
        5 => operators.prop_map(Field::Operators),
    ];
    let negated = one.clone().prop_map(|field| Field::Not(Box::new(field)));
    prop_oneof![9 => one, 1 => negated]
}

/// A filter.
pub(crate) fn condition() -> impl Strategy<Value = Condition> {
    let fields = prop_oneof![
        1 => Just(0..1),
        6 => Just(1..2),
        3 => Just(2..4),
    ]
    .prop_flat_map(|count| vec((path(), field()), count))
    .prop_map(|fields| Condition::Fields(fields.into_iter().collect()));
    fields.prop_recursive(2, 8, 3, |inner| {
        let parts = || vec(inner.clone(), 0..3);
        prop_oneof![
            3 => parts().prop_map(Condition::And),
            2 => parts().prop_map(Condition::Or),
            1 => parts().prop_map(Condition::Not),
            1 => parts().prop_map(Condition::Nor),
            1 => inner.clone().prop_map(|part| Condition::NotOne(Box::new(part))),
        ]
    })
}

/// Fields to sort by.
pub(crate) fn sorts() -> impl Strategy<Value = Vec<SortBy>> {
    vec((path(), any::<bool>()), 0..3)
}

/// An index as JSON, for a definition.
pub(crate) fn index() -> impl Strategy<Value = Json> {
    let paths = select(vec![
        "a", "b", "c", "a", "b", "o.x", "l.x", "it's", "é日", "_id",
    ]);
    let field = (paths, any::<bool>()).prop_map(|(path, descending)| {
        json!({ "path": path, "order": if descending { "DESC" } else { "ASC" } })
    });
    let folds = prop_oneof![5 => Just(false), 1 => Just(true)];
    let fields = prop_oneof![
        2 => vec(field.clone(), 1),
        1 => vec(field.clone(), 2),
        1 => vec(field, 3),
    ];
    (fields, folds, any::<u32>()).prop_map(|(fields, folds, number)| {
        json!({ "name": format!("i'{number}"), "fields": fields, "caseInsensitive": folds })
    })
}
