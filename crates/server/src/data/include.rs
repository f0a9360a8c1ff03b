//! Included references: in the place of an id, the item that it names.
//!
//! Only items that the caller may read are included; of the others the id is left as it is. A page's
//! references are read together, each item once.

use std::collections::HashMap;

use backlot_store::items::Items as _;
use backlot_store::items::link::Wanted;
use backlot_wix::data::collection::{Access, FieldType, Operation};
use backlot_wix::data::{DataCode, Direction, Fault, Object, Value, limits};
use serde::Deserialize;

use super::{DataFault, DataOf, Opened};

/// `{"field":"author","limit":5}`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Include {
    pub(crate) field: String,
    #[serde(default)]
    limit: Option<u32>,
}

impl Include {
    /// Every reference of a collection.
    pub(crate) fn all(opened: &Opened) -> Vec<Self> {
        let definition = &opened.of.collection.definition;
        let references = definition.fields.iter().filter(|field| {
            matches!(
                field.field_type,
                FieldType::Reference | FieldType::MultiReference
            )
        });
        let include = |key: &String| Self {
            field: key.clone(),
            limit: None,
        };
        references.map(|field| include(&field.key)).collect()
    }
}

impl DataOf {
    /// Puts the items in. A field that is no reference is left as it is.
    pub(crate) async fn include(
        &self,
        opened: &Opened,
        objects: &mut [Object],
        includes: &[Include],
    ) -> Result<(), DataFault> {
        for include in includes {
            let definition = &opened.of.collection.definition;
            let Some(field) = definition.field(&include.field) else {
                continue;
            };
            let referenced = field.referenced_collection().unwrap_or_default();
            match field.field_type {
                FieldType::Reference => self.include_one(objects, &field.key, referenced).await?,
                FieldType::MultiReference => {
                    self.include_many(opened, objects, include, referenced)
                        .await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn include_one(
        &self,
        objects: &mut [Object],
        field: &str,
        referenced: &str,
    ) -> Result<(), DataFault> {
        let ids = objects
            .iter()
            .filter_map(|object| object.get(field)?.as_str());
        let found = self
            .readable(referenced, ids.map(str::to_owned).collect())
            .await?;
        for object in objects {
            if let Some(value) = object.get_mut(field)
                && let Some(item) = value.as_str().and_then(|id| found.get(id))
            {
                *value = Value::Object(item.clone());
            }
        }
        Ok(())
    }

    async fn include_many(
        &self,
        opened: &Opened,
        objects: &mut [Object],
        include: &Include,
        referenced: &str,
    ) -> Result<(), DataFault> {
        let each = include.limit.unwrap_or(limits::DEFAULT_PAGE);
        if each == 0 || each > limits::LARGEST_PAGE {
            let fault = Fault::new(DataCode::Invalid, "includeReferences.limit is 1 to 1000.");
            return Err(fault.into());
        }
        let id = |object: &Object| object.get("_id").and_then(Value::as_str).map(str::to_owned);
        let wanted = Wanted {
            field: include.field.clone(),
            item_ids: objects.iter().filter_map(id).collect(),
            direction: Direction::Ascending,
            offset: 0,
            limit: u32::MAX,
            each,
        };
        let links = self.data.store.links(&opened.of, wanted).await?;
        let ids = links
            .iter()
            .map(|link| link.referenced_id.clone())
            .collect();
        let found = self.readable(referenced, ids).await?;
        let mut by_item: HashMap<String, Vec<Value>> = HashMap::new();
        for link in links {
            if let Some(item) = found.get(&link.referenced_id) {
                let list = by_item.entry(link.item_id).or_default();
                list.push(Value::Object(item.clone()));
            }
        }
        for object in objects {
            let items = id(object)
                .and_then(|id| by_item.remove(&id))
                .unwrap_or_default();
            object.insert(include.field.clone(), Value::Array(items));
        }
        Ok(())
    }

    /// Those of the items that the caller may read, by their ids.
    pub(crate) async fn readable(
        &self,
        collection: &str,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Object>, DataFault> {
        let opened = match self.open_for(collection, &[]).await {
            Ok(opened) if opened.access(Operation::Read) != Access::Denied => opened,
            // A collection that is gone, or that the caller may not read, includes nothing.
            Ok(_) | Err(DataFault::Fault(_)) => return Ok(HashMap::new()),
            Err(error) => return Err(error),
        };
        let mut found = HashMap::with_capacity(ids.len());
        for item in self.data.store.items_by_id(&opened.of, ids).await? {
            if opened.may_see(&item) {
                let object = item.object()?;
                found.insert(item.id, object);
            }
        }
        Ok(found)
    }
}
