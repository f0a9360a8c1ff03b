//! Filters, orders and indexes that nobody thought of.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::{leaf, object, small, text};
use crate::oracle::SortBy;
use crate::oracle::condition::{Condition, Field};

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
