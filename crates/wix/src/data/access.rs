//! Values taken from a path and put to one, as expressions and groups do.
//!
//! Where a list of objects is on the way, what is taken is the list of what they hold; objects without
//! the field are passed over. `MongoDB` has it so, and Wix says nothing else.

use std::borrow::Cow;

use super::memory::Weigh as _;
use super::path::VISIT;
use super::{Budget, DataError, FieldPath, Object, Value};

/// The value at a path. Elements that are looked at, and copies, are counted.
///
/// # Errors
///
/// Fails with `QUERY_TOO_COSTLY` if the budget is exhausted.
pub fn take<'item>(
    item: &'item Object,
    path: &FieldPath,
    budget: &Budget,
) -> Result<Option<Cow<'item, Value>>, DataError> {
    within(item, path.segments(), budget)
}

fn within<'item>(
    object: &'item Object,
    names: &[String],
    budget: &Budget,
) -> Result<Option<Cow<'item, Value>>, DataError> {
    let Some((name, rest)) = names.split_first() else {
        return Ok(None);
    };
    Ok(match object.get(name) {
        Some(value) if rest.is_empty() => Some(Cow::Borrowed(value)),
        Some(Value::Object(inner)) => within(inner, rest, budget)?,
        Some(Value::Array(elements)) => {
            budget.work(elements.len() as u64 * VISIT)?;
            let mut found = Vec::new();
            for inner in elements.iter().filter_map(Value::as_object) {
                if let Some(value) = within(inner, rest, budget)? {
                    budget.work(value.weight() as u64)?;
                    found.push(value.into_owned());
                }
            }
            Some(Cow::Owned(Value::Array(found)))
        }
        None | Some(_) => None,
    })
}

/// Puts a value to a path. What stands in the way and is no object gives way to one.
pub fn put(item: &mut Object, path: &FieldPath, value: Value) {
    put_within(item, path.segments(), value);
}

fn put_within(object: &mut Object, names: &[String], value: Value) {
    let Some((name, rest)) = names.split_first() else {
        return;
    };
    if rest.is_empty() {
        object.insert(name.clone(), value);
        return;
    }
    let inner = object.entry(name.clone()).or_insert(Value::Null);
    match inner {
        Value::Object(inner) => put_within(inner, rest, value),
        other => {
            let mut inner = Object::new();
            put_within(&mut inner, rest, value);
            *other = Value::Object(inner);
        }
    }
}

/// The value at a path to be changed, without looking into lists.
pub fn at_mut<'item>(item: &'item mut Object, path: &FieldPath) -> Option<&'item mut Value> {
    let (last, parents) = path.segments().split_last()?;
    let mut object = item;
    for name in parents {
        object = match object.get_mut(name)? {
            Value::Object(inner) => inner,
            _ => return None,
        };
    }
    object.get_mut(last)
}

#[cfg(test)]
mod tests {
    use super::super::budget::Limits;
    use super::*;

    fn item(json: &str) -> Object {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_taken() {
        let item = item(r#"{"a":{"b":1},"l":[{"x":1},{},2,{"x":[3]}],"n":null}"#);
        for (path, found) in [
            ("a", Some(r#"{"b":1}"#)),
            ("a.b", Some("1")),
            ("a.b.c", None),
            ("a.c", None),
            ("l.x", Some("[1,[3]]")),
            ("l.y", Some("[]")),
            ("n", Some("null")),
            ("n.x", None),
            ("zz", None),
        ] {
            let path = FieldPath::parse(path).unwrap();
            let taken = take(&item, &path, &Budget::unlimited()).unwrap();
            let taken = taken.map(|it| serde_json::to_string(&*it).unwrap());
            assert_eq!(taken.as_deref(), found, "{path}");
        }
    }

    #[test]
    fn elements_on_the_way_and_copies_are_counted() {
        let item = item(&format!(r#"{{"l":[{}{{"x":1}}]}}"#, "{},".repeat(1_000)));
        let path = FieldPath::parse("l.x").unwrap();
        let budget = |work| Budget::new(Limits { work, memory: 0 });
        assert!(take(&item, &path, &budget(9_000)).is_err());
        assert!(take(&item, &path, &budget(20_000)).is_ok());
        let text = Value::from("x".repeat(50_000));
        let texts = Object::from_iter([("x".to_owned(), text)]);
        let list = Object::from_iter([("l".to_owned(), Value::from(vec![texts]))]);
        assert!(take(&list, &path, &budget(9_000)).is_err());
    }

    #[test]
    fn what_is_put() {
        for (before, path, after) in [
            ("{}", "a", r#"{"a":7}"#),
            (r#"{"a":1}"#, "a", r#"{"a":7}"#),
            ("{}", "a.b.c", r#"{"a":{"b":{"c":7}}}"#),
            (r#"{"a":{"x":1}}"#, "a.b", r#"{"a":{"x":1,"b":7}}"#),
            (r#"{"a":[1]}"#, "a.b", r#"{"a":{"b":7}}"#),
        ] {
            let mut item = item(before);
            put(&mut item, &FieldPath::parse(path).unwrap(), Value::from(7));
            assert_eq!(serde_json::to_string(&item).unwrap(), after);
        }
    }
}
