//! A handler's own types, to items and back.

use backlot_wix::data::{Fault, Object, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ItemsFault;

/// A type that is an object in JSON, as an item. A date is `{"$date":"…"}`.
pub(crate) fn to_object(item: &impl Serialize) -> Result<Object, ItemsFault> {
    match serde_json::from_str(&serde_json::to_string(item)?)? {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::invalid("An item is an object.").into()),
    }
}

/// An item's JSON, as a type.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, ItemsFault> {
    Ok(serde_json::from_str(json)?)
}
