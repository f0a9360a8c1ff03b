//! Included references: in the place of an id, the item that it names.
//!
//! Only items that the caller may read are included; of the others the id is left as it is. A page's
//! references are read together, each item once.

use std::collections::HashMap;

use backlot_store::StoreError;
use backlot_store::items::Item;
use backlot_store::items::link::ReferenceQuery;
use backlot_wix::data::collection::{Access, FieldType, Operation};
use backlot_wix::data::{Budget, DataCode, DataError, Direction, Object, Value, limits};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{DataSession, OpenCollection, OperationError};

/// `{"field":"author","limit":5}`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Include {
    pub(crate) field: String,
    #[serde(default)]
    limit: Option<u32>,
}

impl Include {
    /// Every reference of a collection.
    pub(crate) fn all(opened: &OpenCollection) -> Vec<Self> {
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

/// What is to be put in the place of references: the items as they are kept, each once, however often it is referred to.
#[derive(Debug, Default)]
pub(crate) struct Inclusions(Vec<(String, Inclusion)>);

#[derive(Debug)]
enum Inclusion {
    /// By the id that the field holds.
    One(HashMap<String, Bytes>),
    /// By the id of the item that refers.
    Many(HashMap<String, Vec<Bytes>>),
}

/// What stands in one field.
pub(crate) enum Included<'inclusions> {
    /// The item in the place of its id.
    One(&'inclusions Bytes),
    /// The items of a multi-reference.
    Many(&'inclusions [Bytes]),
}

impl Inclusions {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands in each field of an item into which something is put.
    pub(crate) fn for_item<'inclusions>(
        &'inclusions self,
        object: &Object,
    ) -> Vec<(&'inclusions str, Included<'inclusions>)> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let one = |(field, inclusion): &'inclusions (String, Inclusion)| {
            let included = match inclusion {
                Inclusion::One(items) => Included::One(items.get(text(field)?)?),
                Inclusion::Many(items) => {
                    let items = text("_id").and_then(|id| items.get(id));
                    Included::Many(items.map_or(&[], Vec::as_slice))
                }
            };
            Some((field.as_str(), included))
        };
        self.0.iter().filter_map(one).collect()
    }

    /// The item with everything put in: for what looks into it. The copies are counted.
    pub(crate) fn put_into(
        &self,
        object: &mut Object,
        budget: &Budget,
    ) -> Result<(), OperationError> {
        let read = |json: &Bytes| {
            budget.keep(2 * json.len())?;
            budget.work(4 * json.len() as u64)?;
            read_kept::<Value>(json)
        };
        let mut values = Vec::new();
        for (field, included) in self.for_item(object) {
            values.push((
                field.to_owned(),
                match included {
                    Included::One(json) => read(json)?,
                    Included::Many(all) => {
                        Value::Array(all.iter().map(read).collect::<Result<_, _>>()?)
                    }
                },
            ));
        }
        object.extend(values);
        Ok(())
    }
}

impl DataSession {
    /// Finds what is to be put into these items. A field that is no reference is left as it is.
    pub(crate) async fn include(
        &self,
        opened: &OpenCollection,
        objects: &[Object],
        includes: &[Include],
    ) -> Result<Inclusions, OperationError> {
        if !includes.is_empty() {
            self.may_take_long()?;
        }
        let mut inclusions = Inclusions::default();
        for include in includes {
            let definition = &opened.of.collection.definition;
            let Some(field) = definition.field(&include.field) else {
                continue;
            };
            if inclusions.0.iter().any(|(name, _)| *name == field.key) {
                continue;
            }
            let referenced = field.referenced_collection().unwrap_or_default();
            let inclusion = match field.field_type {
                FieldType::Reference => {
                    let ids = objects
                        .iter()
                        .filter_map(|object| object.get(&field.key)?.as_str());
                    let ids = ids.map(str::to_owned).collect();
                    Inclusion::One(self.readable(referenced, ids).await?)
                }
                FieldType::MultiReference => {
                    let many = self.include_many(opened, objects, include, referenced);
                    Inclusion::Many(many.await?)
                }
                _ => continue,
            };
            inclusions.0.push((field.key.clone(), inclusion));
        }
        Ok(inclusions)
    }

    async fn include_many(
        &self,
        opened: &OpenCollection,
        objects: &[Object],
        include: &Include,
        referenced: &str,
    ) -> Result<HashMap<String, Vec<Bytes>>, OperationError> {
        let each = include.limit.unwrap_or(limits::DEFAULT_PAGE);
        if each == 0 || each > limits::LARGEST_PAGE {
            let fault = DataError::new(DataCode::Invalid, "includeReferences.limit is 1 to 1000.");
            return Err(fault.into());
        }
        let id = |object: &Object| object.get("_id").and_then(Value::as_str).map(str::to_owned);
        let wanted = ReferenceQuery {
            field: include.field.clone(),
            item_ids: objects.iter().filter_map(id).collect(),
            direction: Direction::Ascending,
            after: None,
            offset: 0,
            limit: u32::MAX,
            each,
        };
        let links = self.data.store.list_links(&opened.of, wanted).await?;
        let ids = links
            .iter()
            .map(|link| link.referenced_id.clone())
            .collect();
        let found = self.readable(referenced, ids).await?;
        let mut by_item: HashMap<String, Vec<Bytes>> = HashMap::new();
        for link in links {
            if let Some(item) = found.get(&link.referenced_id) {
                by_item.entry(link.item_id).or_default().push(item.clone());
            }
        }
        Ok(by_item)
    }

    /// Those of the items that the caller may read, as they are kept, by their ids.
    pub(crate) async fn readable(
        &self,
        collection: &str,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Bytes>, OperationError> {
        let opened = match self.open_for(collection, &[]).await {
            Ok(opened) if opened.access(Operation::Read) != Access::Denied => opened,
            // A collection that is gone, or that the caller may not read, includes nothing.
            Ok(_) => return Ok(HashMap::new()),
            Err(error) if error.is_collection_missing() => return Ok(HashMap::new()),
            Err(error) => return Err(error),
        };
        let mut found = HashMap::with_capacity(ids.len());
        for item in self.data.store.find_items(&opened.of, ids).await? {
            if opened.may_see(&item) {
                found.insert(item.id, Bytes::from(item.json));
            }
        }
        Ok(found)
    }

    /// Those of the items that there are; `None` of one that the caller may not read.
    pub(super) async fn present(
        &self,
        collection: &str,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Option<Bytes>>, OperationError> {
        let opened = match self.open_for(collection, &[]).await {
            Ok(opened) => opened,
            // A collection that is gone.
            Err(error) if error.is_collection_missing() => return Ok(HashMap::new()),
            Err(error) => return Err(error),
        };
        let items = self.data.store.find_items(&opened.of, ids).await?;
        let told = |item: Item| {
            let json = opened.may_see(&item).then(|| Bytes::from(item.json));
            (item.id, json)
        };
        Ok(items.into_iter().map(told).collect())
    }
}

/// An item as it is kept, read.
pub(crate) fn read_kept<T: DeserializeOwned>(json: &[u8]) -> Result<T, OperationError> {
    serde_json::from_slice(json).map_err(|error| {
        OperationError::Store(StoreError::Internal(format!("an item is no JSON: {error}")))
    })
}
