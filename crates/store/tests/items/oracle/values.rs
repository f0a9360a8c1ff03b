//! JSON values in which `{"$date":"…"}` is a date: how they compare, and what a path finds.

use std::cmp::Ordering;

use serde_json::Value as Json;

/// Year, month, day, hour, minute, second, millisecond: they compare as the dates do.
type Moment = [i64; 7];

/// A date, written as `toISOString()` writes it.
fn moment(value: &Json) -> Option<Moment> {
    let object = value.as_object()?;
    let text = object.get("$date")?.as_str()?;
    if object.len() != 1 {
        return None;
    }
    let year_length = if text.starts_with(['+', '-']) { 7 } else { 4 };
    let (year, rest) = text.split_at(year_length);
    let mut moment = [year.parse().ok()?, 0, 0, 0, 0, 0, 0];
    let parts = rest[1..].trim_end_matches('Z').split(['-', 'T', ':', '.']);
    for (place, part) in parts.enumerate() {
        moment[place + 1] = part.parse().ok()?;
    }
    Some(moment)
}

/// A kind's place among the kinds.
pub(crate) fn kind(value: &Json) -> u8 {
    match value {
        Json::Null => 0,
        Json::Number(_) => 1,
        Json::String(_) => 2,
        Json::Object(_) if moment(value).is_some() => 6,
        Json::Object(_) => 3,
        Json::Array(_) => 4,
        Json::Bool(_) => 5,
    }
}

/// How two values sort. Objects do not sort among themselves, nor do lists.
pub(crate) fn order(one: &Json, other: &Json) -> Ordering {
    kind(one)
        .cmp(&kind(other))
        .then_with(|| match (one, other) {
            (Json::Number(one), Json::Number(other)) => {
                one.as_f64().partial_cmp(&other.as_f64()).unwrap()
            }
            (Json::String(one), Json::String(other)) => one.chars().cmp(other.chars()),
            (Json::Bool(one), Json::Bool(other)) => one.cmp(other),
            (Json::Object(_), Json::Object(_)) => moment(one).cmp(&moment(other)),
            _ => Ordering::Equal,
        })
}

/// Whether two values are the same, through and through.
pub(crate) fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(fields), Json::Object(others)) if kind(one) == 3 && kind(other) == 3 => {
            let found = |(name, value): (&String, &Json)| {
                others.get(name).is_some_and(|it| same(value, it))
            };
            fields.len() == others.len() && fields.iter().all(found)
        }
        _ => kind(one) == kind(other) && order(one, other).is_eq(),
    }
}

/// Of a list its elements, of anything else itself.
pub(crate) fn elements(value: &Json) -> &[Json] {
    match value {
        Json::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}

/// Every value that a dotted path finds, looking into lists of objects on the way.
pub(crate) fn at_path<'item>(item: &'item Json, path: &str) -> Vec<&'item Json> {
    let mut found = vec![item];
    for (depth, name) in path.split('.').enumerate() {
        found = found
            .into_iter()
            .flat_map(|value| {
                if depth == 0 {
                    std::slice::from_ref(value)
                } else {
                    elements(value)
                }
            })
            .filter_map(|value| value.as_object()?.get(name))
            .collect();
    }
    found
}

/// A text without its case.
pub(crate) fn folded(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(|it| if it == 'ς' { 'σ' } else { it }).collect()
}

/// Whether a path leads to a list, or to several values.
pub(crate) fn leads_to_a_list(item: &Json, path: &str) -> bool {
    let found = at_path(item, path);
    found.len() > 1 || found.iter().any(|value| value.is_array())
}
