//! Items and questions that nobody thought of, from pools so small that much of it meets.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

mod questions;

pub(crate) use questions::{condition, index, sorts};

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
