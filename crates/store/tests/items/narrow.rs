//! Items of two fields with few values, all of which meet: so every corner of an index is looked into.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use crate::oracle::SortBy;
use crate::oracle::condition::{Condition, Field};

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => (0..4).prop_map(Json::from),
        5 => select(vec!["a", "A", "b", "B", "c", "", "é", "É"]).prop_map(Json::from),
        1 => select(vec![false, true]).prop_map(Json::from),
        1 => (1..4).prop_map(|day| json!({ "$date": format!("1969-12-0{day}T00:00:00.000Z") })),
        1 => Just(Json::Null),
        1 => select(vec!["1", "2"]).prop_map(|end| json!("x".repeat(920) + end)),
    ]
}

/// The fields of an item, without its id.
pub(crate) fn fields() -> impl Strategy<Value = Map<String, Json>> {
    let value = prop_oneof![
        5 => leaf(),
        1 => vec(leaf(), 0..3).prop_map(Json::Array),
        1 => Just(json!({ "x": 1 })),
    ];
    let field = (select(vec!["a", "b"]), value);
    vec(field, 0..4).prop_map(|fields| {
        let fields = fields.into_iter();
        fields.map(|(name, it)| (name.to_owned(), it)).collect()
    })
}

fn operators() -> impl Strategy<Value = Field> {
    let comparable = || leaf().prop_filter("null does not compare", |it| !it.is_null());
    let low = || (select(vec!["$gt", "$gte"]), comparable());
    let high = || (select(vec!["$lt", "$lte"]), comparable());
    let list = (
        select(vec!["$in", "$hasAll"]),
        vec(leaf(), 1..4).prop_map(Json::Array),
    );
    let other = prop_oneof![
        (select(vec!["$eq", "$ne"]), leaf()),
        (
            Just("$startsWith"),
            select(vec!["a", "A", "x"]).prop_map(Json::from)
        ),
        (Just("$exists"), any::<bool>().prop_map(Json::from)),
    ];
    prop_oneof![
        3 => vec(low(), 1),
        3 => vec(high(), 1),
        2 => (low(), high()).prop_map(|(low, high)| vec![low, high]),
        2 => vec(list, 1),
        1 => vec(other, 1),
    ]
    .prop_map(|operators| Field::Operators(BTreeMap::from_iter(operators)))
}

/// A filter on both fields, one of them, or none.
pub(crate) fn condition() -> impl Strategy<Value = Condition> {
    let field = prop_oneof![2 => leaf().prop_map(Field::Equals), 3 => operators()];
    vec((select(vec!["a", "b"]), field), 0..3).prop_map(|fields| {
        let fields = fields.into_iter();
        Condition::Fields(fields.map(|(name, it)| (name.to_owned(), it)).collect())
    })
}

/// The fields to sort by.
pub(crate) fn sorts() -> impl Strategy<Value = Vec<SortBy>> {
    let field = (select(vec!["a", "b"]), any::<bool>());
    vec(field.prop_map(|(path, down)| (path.to_owned(), down)), 0..3)
}

/// An index of one field or of both.
pub(crate) fn index() -> impl Strategy<Value = Json> {
    let paths = select(vec![&["a"][..], &["b"], &["a", "b"], &["b", "a"]]);
    let orders = vec(select(vec!["ASC", "DESC"]), 2);
    (
        paths,
        orders,
        select(vec![false, false, true]),
        any::<u32>(),
    )
        .prop_map(|(paths, orders, folds, number)| {
            let fields = paths.iter().zip(orders);
            let fields: Vec<Json> = fields
                .map(|(path, order)| json!({ "path": path, "order": order }))
                .collect();
            json!({ "name": format!("i{number}"), "fields": fields, "caseInsensitive": folds })
        })
}
