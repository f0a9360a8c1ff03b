use backlot_wix::data::collection::{Definition, IndexField, Level, Permissions};
use proptest::prelude::*;

use super::*;

fn collection(indexes: &[(&[&str], bool)]) -> Collection {
    let level = Level::Admin;
    let one = |(paths, unique): &(&[&str], bool)| Index {
        name: paths.join("_"),
        fields: paths
            .iter()
            .map(|path| {
                let (path, order) = match path.strip_prefix('-') {
                    Some(path) => (path, Direction::Descending),
                    None => (*path, Direction::Ascending),
                };
                IndexField {
                    path: path.to_owned(),
                    order,
                }
            })
            .collect(),
        unique: *unique,
        case_insensitive: false,
    };
    Collection::new(
        Definition {
            id: "c".to_owned(),
            display_name: None,
            display_field: None,
            fields: Vec::new(),
            permissions: Permissions {
                insert: level,
                update: level,
                remove: level,
                read: level,
            },
            plugins: Vec::new(),
            indexes: indexes.iter().map(one).collect(),
            lenient: false,
            revision: 1,
            created_at: 0,
            updated_at: 0,
        },
        false,
    )
}

fn find(filter: &str, sorts: &[&str]) -> ItemQuery {
    let filter: Value = serde_json::from_str(filter).unwrap();
    let mut find = ItemQuery::all(Filter::parse(&filter).unwrap(), 10);
    find.sorts = sorts
        .iter()
        .map(|path| match path.strip_prefix('-') {
            Some(path) => Sort {
                path: FieldPath::parse(path).unwrap(),
                direction: Direction::Descending,
            },
            None => Sort {
                path: FieldPath::parse(path).unwrap(),
                direction: Direction::Ascending,
            },
        })
        .collect();
    find
}

/// The index's name, the number of ranges, and the order.
fn chosen(
    indexes: &[(&[&str], bool)],
    filter: &str,
    sorts: &[&str],
    exact: bool,
) -> Option<(String, usize, Order)> {
    let collection = collection(indexes);
    let inexact: Vec<IndexId> = if exact {
        Vec::new()
    } else {
        collection.indexes.iter().map(|it| it.id).collect()
    };
    let plan = choose(&collection, &find(filter, sorts), &inexact)?;
    Some((plan.index.index.name.clone(), plan.ranges.len(), plan.order))
}

#[test]
fn which_index_serves() {
    let ascending = Order::AsWanted(Direction::Ascending);
    let descending = Order::AsWanted(Direction::Descending);
    let a: &[(&[&str], bool)] = &[(&["a"], false)];
    let ab: &[(&[&str], bool)] = &[(&["a", "b"], false)];
    let down_a: &[(&[&str], bool)] = &[(&["-a", "b"], false)];
    let unique: &[(&[&str], bool)] = &[(&["a"], true)];
    let two: &[(&[&str], bool)] = &[(&["a"], false), (&["b", "a"], false)];
    for (indexes, filter, sorts, expected) in [
        (a, "{}", &[][..], None),
        (a, r#"{"b":1}"#, &[], None),
        (a, r#"{"a":1}"#, &[], Some(("a", 1, Order::Insertion))),
        (a, r#"{"a":1,"b":2}"#, &[], Some(("a", 1, Order::Insertion))),
        (
            a,
            r#"{"a":{"$in":[1,2]}}"#,
            &[],
            Some(("a", 2, Order::None)),
        ),
        (a, r#"{"a":{"$gt":1}}"#, &[], Some(("a", 1, Order::None))),
        (a, r#"{"a":{"$gt":1}}"#, &["a"], Some(("a", 1, ascending))),
        (a, r#"{"a":{"$gt":1}}"#, &["-a"], Some(("a", 1, descending))),
        (a, "{}", &["-a"], Some(("a", 1, descending))),
        (a, "{}", &["a", "b"], None),
        (a, r#"{"a":{"$ne":1}}"#, &[], None),
        (a, r#"{"$or":[{"a":1},{"b":1}]}"#, &[], None),
        (a, r#"{"a":[1]}"#, &[], None),
        (a, r#"{"a":null}"#, &[], Some(("a", 1, Order::Insertion))),
        (a, r#"{"a":{"$contains":"x"}}"#, &[], None),
        (ab, r#"{"a":1}"#, &["b"], Some(("a_b", 1, ascending))),
        (ab, r#"{"a":1}"#, &[], Some(("a_b", 1, Order::None))),
        (
            ab,
            r#"{"a":1,"b":{"$lt":3}}"#,
            &["-b"],
            Some(("a_b", 1, descending)),
        ),
        (ab, "{}", &["a"], None),
        (ab, "{}", &["a", "b"], Some(("a_b", 1, ascending))),
        (ab, "{}", &["a", "-b"], None),
        (down_a, "{}", &["a", "-b"], Some(("-a_b", 1, ascending))),
        (unique, "{}", &["a"], None),
        (unique, r#"{"a":null}"#, &[], None),
        (
            unique,
            r#"{"a":"x"}"#,
            &[],
            Some(("a", 1, Order::Insertion)),
        ),
        (
            two,
            r#"{"a":1,"b":1}"#,
            &[],
            Some(("b_a", 1, Order::Insertion)),
        ),
    ] {
        let expected = expected.map(|(name, ranges, order)| (name.to_owned(), ranges, order));
        assert_eq!(
            chosen(indexes, filter, sorts, true),
            expected,
            "{filter} by {sorts:?}"
        );
    }
    // With lists in it an index finds items, but in no order.
    assert_eq!(chosen(a, "{}", &["a"], false), None);
    assert_eq!(
        chosen(a, r#"{"a":{"$gt":1}}"#, &["a"], false),
        Some(("a".to_owned(), 1, Order::None))
    );
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        (-3..4_i32).prop_map(|it| it.to_string()),
        "[ab]{0,2}".prop_map(|it| format!("{it:?}")),
        Just("null".to_owned()),
        Just("true".to_owned()),
        prop::collection::vec(-3..4_i32, 0..3).prop_map(|it| format!("{it:?}")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operand = || {
        prop_oneof![
            (-3..4_i32).prop_map(|it| it.to_string()),
            "[ab]{0,2}".prop_map(|it| format!("{it:?}"))
        ]
    };
    prop_oneof![
        value()
            .prop_filter("operand", |it| it != "null")
            .prop_map(|it| format!("{{\"$eq\":{it}}}")),
        operand().prop_map(|it| format!("{{\"$gt\":{it}}}")),
        operand().prop_map(|it| format!("{{\"$lte\":{it}}}")),
        (operand(), operand()).prop_map(|(a, b)| format!("{{\"$gte\":{a},\"$lt\":{b}}}")),
        (operand(), operand()).prop_map(|(a, b)| format!("{{\"$in\":[{a},{b}]}}")),
        (operand(), operand()).prop_map(|(a, b)| format!("{{\"$hasAll\":[{a},{b}]}}")),
    ]
}

proptest! {
    /// Whatever matches is found: one of the item's keys lies in one of the plan's ranges.
    #[test]
    fn a_plan_never_finds_too_little(
        a in value(), b in value(), on_a in condition(), on_b in condition(),
        both in any::<bool>(), descending in any::<bool>(),
    ) {
        let item: backlot_wix::data::Object = serde_json::from_str(&format!("{{\"a\":{a},\"b\":{b}}}")).unwrap();
        let filter = if both { format!("{{\"a\":{on_a},\"b\":{on_b}}}") } else { format!("{{\"a\":{on_a}}}") };
        let paths: &[&str] = if descending { &["-a", "b"] } else { &["a", "-b"] };
        let collection = collection(&[(paths, false), (&["a"], false), (&["b"], true)]);
        let find = find(&filter, &[]);
        let mut inexact = Vec::new();
        let mut indexable = true;
        for index in &collection.indexes {
            match index.index.keys(&item) {
                Ok(keys) if !keys.exact => inexact.push(index.id),
                Ok(_) => {}
                Err(_) => indexable = false,
            }
        }
        prop_assume!(indexable);
        if let Some(plan) = choose(&collection, &find, &inexact) {
            let keys = plan.index.index.keys(&item).unwrap().keys;
            let found = keys.iter().any(|key| plan.ranges.iter().any(|range| {
                *key >= range.from && range.to.as_ref().is_none_or(|to| key < to)
            }));
            prop_assert!(found || !find.filter.matches(&item), "{} {}", filter, serde_json::to_string(&item).unwrap());
        }
    }
}
