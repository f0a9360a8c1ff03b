//! An item as it is sent, made into what is written.

use backlot_store::collections::Collection;
use backlot_store::items::effect::normalise_references;
use backlot_store::items::mutation::Document;
use backlot_wix::data::collection::{SYSTEM_FIELDS, reference_id};
use backlot_wix::data::{DataCode, DataError, Object, Value, fits_in, item_id, limits};
use jiff::Timestamp;
use serde::Deserialize;

/// `{"id":"…","data":{…}}`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct WireItem {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    pub(crate) data: Object,
}

impl WireItem {
    pub(crate) const fn new(data: Object) -> Self {
        Self { id: None, data }
    }

    /// The same item, with this id if it says none.
    pub(crate) fn or_with_id(mut self, id: Option<String>) -> Self {
        if self.id.is_none() && !self.data.contains_key("_id") {
            self.id = id.map(Value::String);
        }
        self
    }

    /// `WDE0009` if the item is too large, before anything is made of it.
    pub(crate) fn check_size(&self) -> Result<(), DataError> {
        let most = limits::ITEM_BYTES;
        if fits_in(&self.data, most) {
            return Ok(());
        }
        let text = format!("The item has more than {most} bytes as JSON.");
        Err(DataError::new(DataCode::ItemTooLarge, text))
    }

    /// The id that the item is sent with, in either place.
    pub(crate) fn item_id(&self) -> Result<Option<String>, DataError> {
        let given = match (self.data.get("_id"), self.id.as_ref()) {
            (Some(one), Some(other)) if one != other => {
                return Err(bad_id("The item's id and its _id differ."));
            }
            (one, other) => one.or(other),
        };
        match given {
            None => Ok(None),
            Some(Value::String(id)) => {
                item_id::check(id)?;
                Ok(Some(id.clone()))
            }
            Some(_) => Err(bad_id("An item's _id is a text.")),
        }
    }
}

fn bad_id(text: &str) -> DataError {
    DataError::new(DataCode::BadItemId, text)
}

/// What is written of an item: without the fields that the server keeps, and with its multi-references
/// beside it. Those are dropped unless `save_references` says otherwise, as on Wix.
pub(crate) fn content(
    collection: &Collection,
    item_id: String,
    mut fields: Object,
    save_references: bool,
) -> Result<Document, DataError> {
    for name in SYSTEM_FIELDS {
        fields.shift_remove(name);
    }
    let mut links = Vec::new();
    for field in collection.definition.multi_references() {
        let Some(value) = fields.shift_remove(&field.key) else {
            continue;
        };
        if save_references {
            links.push((field.key.clone(), ids(&field.key, &value)?));
        }
    }
    normalise_references(collection, &mut fields);
    Ok(Document {
        item_id,
        fields,
        links,
    })
}

fn ids(field: &str, value: &Value) -> Result<Vec<String>, DataError> {
    let not_ids = || DataError::not_ids(field);
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(elements) => elements
            .iter()
            .map(|it| {
                let id = reference_id(it).ok_or_else(not_ids)?;
                item_id::check_reference(field, id)?;
                Ok(id.to_owned())
            })
            .collect(),
        _ => Err(not_ids()),
    }
}

/// A new id: a GUID that begins with the time, as `UUIDv7` has it, so that new items stand beside one
/// another in the trees that ids are looked up in (`docs/decisions/0009-ids-of-new-items.md`).
pub(crate) fn new_item_id(now: Timestamp) -> String {
    let mut random = [0; 10];
    // The operating system's generator: an id of an item may be all that keeps it from strangers.
    if aws_lc_rs::rand::fill(&mut random).is_err() {
        fastrand::fill(&mut random);
    }
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random)
        .into_uuid()
        .to_string()
}
