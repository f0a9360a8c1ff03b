//! Lists out of which items come, and objects out of which a list comes.

use super::super::access::{at_mut, put};
use super::super::value::get;
use super::super::{DataError, FieldPath, Object, Value};

/// `unwindArray`: calls `each` with one item for each element of a list.
pub(super) fn unwind(
    mut item: Object,
    path: &FieldPath,
    mut each: impl FnMut(Object) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let elements = match at_mut(&mut item, path) {
        None | Some(Value::Null) => return Ok(()),
        // Taken out first, so that it is not copied.
        Some(Value::Array(elements)) => std::mem::take(elements),
        Some(_) => return each(item),
    };
    for element in elements {
        let mut one = item.clone();
        if let Some(place) = at_mut(&mut one, path) {
            *place = element;
        }
        each(one)?;
    }
    Ok(())
}

/// `objectToArray`: a list of an object's fields, each `{"k":name,"v":value}`.
pub(super) fn object_to_array(item: &mut Object, from: &FieldPath, to: &FieldPath) {
    let pairs = get(item, from).and_then(Value::as_object).map(|object| {
        let pair = |(name, value): (&String, &Value)| {
            let name = Value::from(name.as_str());
            let value = value.clone();
            Value::from(Object::from_iter([
                ("k".to_owned(), name),
                ("v".to_owned(), value),
            ]))
        };
        Value::Array(object.iter().map(pair).collect())
    });
    put(item, to, pairs.unwrap_or(Value::Null));
}
