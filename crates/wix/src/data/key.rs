//! Values as bytes that sort as the values do: what a database keeps in an index.
//!
//! One value is a tag and a body; several values are one after the other. Texts end with a zero byte,
//! which no stored text holds. A descending part has all its bits turned around.

use super::path::VISIT;
use super::value::Kind;
use super::{Budget, DataError, Direction, Object, Sort, Value};

/// The key of an item for these fields: `compare_items` in bytes.
pub fn sort_key(sorts: &[Sort], item: &Object) -> Vec<u8> {
    let mut key = Vec::with_capacity(16 * sorts.len());
    for sort in sorts {
        push(&mut key, sort.value(item), sort.direction);
    }
    key
}

/// The same, within a budget: each element of a list is looked at.
///
/// # Errors
///
/// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
pub fn sort_key_within(
    sorts: &[Sort],
    item: &Object,
    budget: &Budget,
) -> Result<Vec<u8>, DataError> {
    let mut key = Vec::with_capacity(16 * sorts.len());
    for sort in sorts {
        let mut visited = 0;
        let value = sort.value_counted(item, &mut |elements| visited += elements);
        budget.work(visited * VISIT)?;
        push(&mut key, value, sort.direction);
    }
    Ok(key)
}

/// Adds one value.
pub fn push(key: &mut Vec<u8>, value: &Value, direction: Direction) {
    let start = key.len();
    key.push(tag(value.kind()));
    match value {
        Value::Null | Value::Object(_) | Value::Array(_) => {}
        Value::Bool(it) => key.push(u8::from(*it)),
        Value::Number(number) => key.extend(ordered(*number).to_be_bytes()),
        Value::Date(date) => {
            let shifted = date.milliseconds().cast_unsigned() ^ (1 << 63);
            key.extend(shifted.to_be_bytes());
        }
        Value::String(text) => {
            key.extend(text.as_bytes());
            key.push(0);
        }
    }
    if direction == Direction::Descending {
        for byte in &mut key[start..] {
            *byte = !*byte;
        }
    }
}

/// The first byte of every value of a kind. Zero and 255 are left free, so that there is room below and
/// above all values.
pub const fn tag(kind: Kind) -> u8 {
    (kind as u8 + 1) << 4
}

/// The bits of a double, so that they sort as the number does.
const fn ordered(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// The least key above every key that begins with this one.
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)? + 1;
    let mut above = prefix[..kept].to_vec();
    if let Some(last) = above.last_mut() {
        *last += 1;
    }
    Some(above)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::order::{compare, equal, equality_key};
    use super::super::{Date, FieldPath};
    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>().prop_map(Value::from),
            (-3..3_i32).prop_map(Value::from),
            "[a-c\u{1}é\u{10ffff}]{0,3}".prop_map(Value::String),
            (-9_i64..9).prop_map(|it| Value::Date(Date::from_milliseconds(it).unwrap())),
        ];
        leaf.prop_recursive(2, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                prop::collection::vec(("[ab]", inner), 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn direction() -> impl Strategy<Value = Direction> {
        prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)]
    }

    proptest! {
        #[test]
        fn bytes_sort_as_values_do(a in value(), b in value(), c in value(), d in value(), first in direction(), second in direction()) {
            let sorts = [("a", first), ("b", second)].map(|(name, direction)| Sort {
                path: FieldPath::parse(name).unwrap(),
                direction,
            });
            let left = Object::from_iter([("a".to_owned(), a), ("b".to_owned(), b)]);
            let right = Object::from_iter([("a".to_owned(), c), ("b".to_owned(), d)]);
            let by_bytes = sort_key(&sorts, &left).cmp(&sort_key(&sorts, &right));
            prop_assert_eq!(by_bytes, super::super::order::compare_items(&sorts, &left, &right));
        }

        #[test]
        fn equal_values_have_equal_keys(left in value(), right in value()) {
            prop_assert_eq!(equal(&left, &right), equality_key(&left) == equality_key(&right));
            if equal(&left, &right) {
                prop_assert!(compare(&left, &right).is_eq());
            }
        }

        #[test]
        fn after_a_prefix_comes_nothing_that_begins_with_it(prefix in prop::collection::vec(any::<u8>(), 0..4), rest in prop::collection::vec(any::<u8>(), 0..4)) {
            if let Some(above) = after_prefix(&prefix) {
                let longer = [prefix, rest].concat();
                prop_assert!(longer < above);
            } else {
                prop_assert!(prefix.iter().all(|byte| *byte == u8::MAX));
            }
        }
    }
}
