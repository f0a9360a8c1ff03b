//! A handler's own types, to items and back.

use backlot_wix::data::{DataError, Object, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ItemsError;

/// A type that is an object in JSON, as an item. A date is `{"$date":"…"}`.
pub(crate) fn to_object(item: &impl Serialize) -> Result<Object, ItemsError> {
    match serde_json::from_str(&serde_json::to_string(item)?)? {
        Value::Object(object) => Ok(object),
        _ => Err(DataError::invalid("An item is an object.").into()),
    }
}

/// An item's JSON, as a type.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, ItemsError> {
    Ok(serde_json::from_str(json)?)
}
