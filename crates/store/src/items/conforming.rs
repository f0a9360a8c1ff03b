//! Whether an item can be kept: by the rules of its collection, by what its references are, and at all.

use backlot_wix::data::collection::{Field, FieldType, reference_id, violations_fault};
use backlot_wix::data::{Budget, DataCode, DataError, Object, Value, item_id, limits};

use super::effect::StoredItem;
use super::storable::check_storable;
use crate::collections::Collection;

/// A single reference may be sent as the item that it was included as.
pub fn normalise_references(collection: &Collection, object: &mut Object) {
    for field in &collection.definition.fields {
        if field.field_type != FieldType::Reference {
            continue;
        }
        if let Some(value @ Value::Object(_)) = object.get_mut(&field.key)
            && let Some(id) = reference_id(value)
        {
            *value = Value::String(id.to_owned());
        }
    }
}

/// `WDE0079` if a single reference holds what cannot be an item's id, whatever else the collection lets its fields hold.
pub(super) fn check_references<'field>(
    fields: impl IntoIterator<Item = &'field Field>,
    object: &Object,
    check: fn(&str, &str) -> Result<(), DataError>,
) -> Result<(), DataError> {
    for field in fields {
        if field.field_type == FieldType::Reference
            && let Some(value) = object.get(&field.key).filter(|it| **it != Value::Null)
        {
            let id = item_id::of_reference(&field.key, value)?;
            check(&field.key, id)?;
        }
    }
    Ok(())
}

/// The item, if it keeps to its collection's definition, where that is strict, its references can be some, and it can be
/// kept.
pub(super) fn checked(
    collection: &Collection,
    object: Object,
    budget: &Budget,
) -> Result<StoredItem, DataError> {
    check_rules(collection, &object, budget, |_| true)?;
    let fields = &collection.definition.fields;
    check_references(fields, &object, item_id::check_reference)?;
    kept(object)
}

/// Whether those of an item's fields that count keep to its collection's definition, where that is strict.
pub(super) fn check_rules(
    collection: &Collection,
    object: &Object,
    budget: &Budget,
    counts: impl Fn(&str) -> bool,
) -> Result<(), DataError> {
    if collection.is_strict() {
        let mut violations = collection
            .rules
            .check(&collection.definition, object, budget)?;
        violations.retain(|violation| counts(&violation.field));
        if !violations.is_empty() {
            return Err(violations_fault(&violations));
        }
    }
    Ok(())
}

/// The item, if it can be kept at all.
pub(super) fn kept(object: Object) -> Result<StoredItem, DataError> {
    check_storable(&object)?;
    let json = serde_json::to_string(&object)
        .map_err(|error| DataError::invalid(format!("The item cannot be written: {error}.")))?;
    if json.len() > limits::ITEM_BYTES {
        let text = format!(
            "The item has {} bytes; at most {} are stored.",
            json.len(),
            limits::ITEM_BYTES
        );
        return Err(DataError::new(DataCode::ItemTooLarge, text));
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(StoredItem {
        id: text("_id").unwrap_or_default(),
        owner: text("_owner"),
        object,
        json,
    })
}
