//! Which fields of an item are returned: all, or those asked for and `_id`.

use backlot_wix::data::value::get;
use backlot_wix::data::{FieldPath, Object, Value};

/// The chosen fields. Nested ones keep their place; names that do not exist are passed over.
pub(super) fn project(object: &Object, fields: &[FieldPath]) -> Object {
    let mut projected = Object::new();
    if let Some(id) = object.get("_id") {
        projected.insert("_id".to_owned(), id.clone());
    }
    for path in fields {
        if let Some(value) = get(object, path) {
            put(&mut projected, path.segments(), value);
        }
    }
    projected
}

fn put(object: &mut Object, names: &[String], value: &Value) {
    match names {
        [] => {}
        [name] => {
            object.insert(name.clone(), value.clone());
        }
        [name, rest @ ..] => {
            let inner = object
                .entry(name.clone())
                .or_insert_with(|| Value::Object(Object::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_fields_keep_their_place() {
        let item: Object =
            serde_json::from_str(r#"{"_id":"1","_owner":"o","a":1,"b":{"c":2,"d":3},"e":[1]}"#)
                .unwrap();
        for (fields, projected) in [
            (&["a"][..], r#"{"_id":"1","a":1}"#),
            (
                &["b.c", "b.d", "nope", "e.x"],
                r#"{"_id":"1","b":{"c":2,"d":3}}"#,
            ),
            (&["b", "b.c"], r#"{"_id":"1","b":{"c":2,"d":3}}"#),
            (&["nope"], r#"{"_id":"1"}"#),
            (&["_owner"], r#"{"_id":"1","_owner":"o"}"#),
        ] {
            let paths: Vec<FieldPath> = fields
                .iter()
                .map(|it| FieldPath::parse(it).unwrap())
                .collect();
            let json = serde_json::to_string(&project(&item, &paths)).unwrap();
            assert_eq!(json, projected);
        }
    }
}
