//! Any JSON as an item, a line end, and any JSON as the modifications of a patch: inserted and patched without a panic,
//! and what is kept is read again as it was.

use std::sync::Arc;

use backlot_store::collections::Collection;
use backlot_store::items::effect::StoredItem;
use backlot_store::items::mutation::{Author, Document};
use backlot_store::items::{Batch, Mutation};
use backlot_wix::data::collection::Definition;
use backlot_wix::data::modification::{Modification, WireModification};
use backlot_wix::data::order::equal;
use backlot_wix::data::{Budget, Date, Object, Value, limits};

const DEFINITION: &str = r#"{
    "id": "c",
    "permissions": { "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE", "read": "ANYONE" },
    "fields": [
        { "key": "m", "type": "MULTI_REFERENCE",
          "typeMetadata": { "multiReference": { "referencedCollectionId": "c" } } },
        { "key": "r", "type": "REFERENCE", "typeMetadata": { "reference": { "referencedCollectionId": "c" } } }
    ],
    "indexes": [{ "name": "a", "fields": [{ "path": "a" }, { "path": "b.c", "order": "DESC" }] }]
}"#;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (item, modifications) = text.split_once('\n').unwrap_or((text, "[]"));
    let Ok(mut fields) = serde_json::from_str::<Object>(item) else {
        return;
    };
    let Ok(definition) = serde_json::from_str::<Definition>(DEFINITION) else {
        return;
    };
    let collection = Arc::new(Collection::new(definition, false));
    let item_id = match fields.shift_remove("_id") {
        Some(Value::String(id)) => id,
        _ => "1".to_owned(),
    };
    let batch = Batch {
        writes: Vec::new(),
        condition: None,
        author: Author::app(None),
        now: Date::EPOCH,
        stops_at_failure: false,
        budget: Budget::unlimited(),
        room: None,
        tells_items: false,
    };
    let content = Document {
        item_id,
        fields,
        links: Vec::new(),
    };
    let Ok(change) = Mutation::Insert(content).change(&collection, &batch, None) else {
        return;
    };
    let Some(kept) = change.new else {
        panic!("an insert keeps nothing")
    };
    check(&collection, &kept);
    let Ok(wire) = serde_json::from_str::<Vec<WireModification>>(modifications) else {
        return;
    };
    let Ok(modifications) = Modification::parse_all(wire) else {
        return;
    };
    let patch = Mutation::Patch {
        item_id: kept.id.clone(),
        modifications,
    };
    if let Ok(change) = patch.change(&collection, &batch, Some(&kept.object))
        && let Some(patched) = change.new
    {
        assert_eq!(patched.id, kept.id);
        check(&collection, &patched);
    }
}

fn check(collection: &Collection, kept: &StoredItem) {
    assert!(kept.json.len() <= limits::ITEM_BYTES);
    let Ok(again) = serde_json::from_str::<Object>(&kept.json) else {
        panic!("what is kept cannot be read")
    };
    assert!(again.keys().eq(kept.object.keys()));
    assert!(equal(
        &Value::Object(again),
        &Value::Object(kept.object.clone())
    ));
    for index in &collection.indexes {
        if let Ok(keys) = index.index.keys(&kept.object) {
            assert!(keys.keys.iter().all(|key| !key.is_empty()));
        }
    }
}
