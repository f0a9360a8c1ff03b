//! Which fields of an item are returned: all, or those asked for and `_id`.

use std::collections::HashSet;

use backlot_wix::data::memory::Weigh as _;
use backlot_wix::data::value::get;
use backlot_wix::data::{Budget, DataError, FieldPath, Object, Value, limits};

/// Units of work for a field that is looked for in an item.
const FIELD: u64 = 60;

/// Field names as paths, each once; what is no path is a name that does not exist.
pub(crate) fn read_fields(names: &[String]) -> Result<Vec<FieldPath>, DataError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let most = limits::CHOSEN_FIELDS;
    let mut known = HashSet::new();
    let mut paths = Vec::new();
    for name in names {
        if !known.insert(name.as_str()) {
            continue;
        }
        if known.len() > most {
            return Err(DataError::invalid(format!(
                "fields has more than {most} names."
            )));
        }
        paths.extend(FieldPath::parse(name).ok());
    }
    // A list of unknown names chooses nothing but `_id`; an empty one would choose everything.
    paths.push(FieldPath::parse("_id")?);
    Ok(paths)
}

/// The chosen fields. Nested ones keep their place; names that do not exist are passed over. Looking for them, and what is
/// copied, is counted.
pub(crate) fn project(
    object: &Object,
    fields: &[FieldPath],
    budget: &Budget,
) -> Result<Object, DataError> {
    let mut projected = Object::new();
    if let Some(id) = object.get("_id") {
        projected.insert("_id".to_owned(), id.clone());
    }
    for path in fields {
        budget.work(FIELD)?;
        if let Some(value) = get(object, path) {
            budget.work(value.weight() as u64)?;
            put(&mut projected, path.segments(), value);
        }
    }
    Ok(projected)
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
    use backlot_wix::data::DataCode;
    use backlot_wix::data::budget::Limits;

    use super::*;

    fn paths(fields: &[&str]) -> Vec<FieldPath> {
        let parse = |field: &&str| FieldPath::parse(field).unwrap();
        fields.iter().map(parse).collect()
    }

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
            let all = project(&item, &paths(fields), &Budget::unlimited()).unwrap();
            assert_eq!(serde_json::to_string(&all).unwrap(), projected);
        }
    }

    /// The same name 150,000 times copied the same text as often, and nobody counted.
    #[test]
    fn a_name_is_looked_for_once_and_names_are_capped() {
        let same = vec!["t".to_owned(); 150_000];
        assert_eq!(read_fields(&same).unwrap(), paths(&["t", "_id"]));
        let numbered = |count: usize| (0..count).map(|it| format!("f{it}")).collect::<Vec<_>>();
        let most = limits::CHOSEN_FIELDS;
        assert_eq!(read_fields(&numbered(most)).unwrap().len(), most + 1);
        let fault = read_fields(&numbered(most + 1)).unwrap_err();
        assert_eq!(fault.code(), DataCode::Invalid);
    }

    #[test]
    fn looking_for_fields_and_copying_them_is_counted() {
        let text = "x".repeat(100_000);
        let item = Object::from_iter([("t".to_owned(), Value::from(text))]);
        let limits = Limits {
            work: 150_000,
            memory: 0,
        };
        let budget = Budget::new(limits);
        project(&item, &paths(&["t"]), &budget).unwrap();
        let fault = project(&item, &paths(&["t"]), &budget).unwrap_err();
        assert_eq!(fault.code(), DataCode::TooCostly);
        let budget = Budget::new(limits);
        let many = vec![paths(&["none"])[0].clone(); 3_000];
        assert!(project(&item, &many, &budget).is_err());
    }
}
