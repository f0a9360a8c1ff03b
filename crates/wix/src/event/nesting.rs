//! JSON within JSON: the parts of a domain event.

use crate::json_object::{JsonObject, open_object};

/// The parts of a domain event, with the field that has the entity.
pub(super) const PARTS: [(&str, &str); 4] = [
    ("createdEvent", "entity"),
    ("updatedEvent", "currentEntity"),
    ("deletedEvent", "deletedEntity"),
    ("actionEvent", "body"),
];

/// Opens the nested JSON in the content of an event.
pub(super) fn open(content: &mut JsonObject<'_>) {
    for (name, _) in PARTS {
        let opened = content.find(name).and_then(open_part);
        if let Some(opened) = opened {
            content.replace(name, name, opened);
        }
    }
}

/// Opens the entity of a part, under any of its names: some events have another part's.
fn open_part(json: &str) -> Option<String> {
    let text = open_object(json)?;
    let mut part = JsonObject::parse(&text)?;
    for (_, field) in PARTS {
        open_field(&mut part, field);
    }
    Some(part.to_json())
}

/// Opens a field under either of its names. A part that has both keeps both.
fn open_field(part: &mut JsonObject<'_>, field: &str) {
    let as_json = format!("{field}AsJson");
    let has_both = part.contains(field) && part.contains(&as_json);
    for name in [field, &as_json] {
        let opened = part.find(name).and_then(open_object);
        if let Some(opened) = opened.map(std::borrow::Cow::into_owned) {
            part.replace(name, if has_both { name } else { field }, opened);
        }
    }
}
