//! What a write makes of an item: pure, the same for every database. Whether it can be kept is [`super::conforming`]'s.

use backlot_wix::data::collection::{Access, Definition, Field, Operation, reference_id};
use backlot_wix::data::modification::{Action, Modification};
use backlot_wix::data::{DataCode, DataError, Date, Object, Value, item_id, limits};

use super::Item;
use super::conforming::{check_references, check_rules, checked, kept};
use super::link::too_many;
use super::mutation::{Author, Batch, Document, Mutation};
use crate::collections::Collection;

pub use super::conforming::normalise_references;

/// Units of work for a link that is made or taken away.
const LINK: u64 = 5_000;

/// What is to be done in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The item as it is to be; `None` when it is to go.
    pub new: Option<StoredItem>,
    /// What happens to its links.
    pub links: Vec<LinkChange>,
}

/// An item, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItem {
    /// Its id.
    pub id: String,
    /// Its owner.
    pub owner: Option<String>,
    /// All of it.
    pub object: Object,
    /// The same as JSON.
    pub json: String,
}

impl StoredItem {
    /// The item in its place.
    pub(crate) fn placed(self, sequence: i64) -> Item {
        Item {
            sequence,
            id: self.id,
            owner: self.owner,
            json: self.json,
        }
    }
}

/// A change of what one multi-reference field of the item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkChange {
    /// These, and no others.
    Replace(String, Vec<String>),
    /// This one, too.
    Add(String, String),
    /// Not this one.
    Remove(String, String),
}

impl Mutation {
    /// Which item it is about.
    pub fn item_id(&self) -> &str {
        match self {
            Self::Insert(content) | Self::Update(content) | Self::Save(content) => &content.item_id,
            Self::Patch { item_id, .. }
            | Self::Amend { item_id, .. }
            | Self::Remove { item_id } => item_id,
            Self::Restore { item, .. } => {
                item.get("_id").and_then(Value::as_str).unwrap_or_default()
            }
        }
    }

    /// Whether what is there now must be known.
    pub const fn needs_existing(&self) -> bool {
        !matches!(self, Self::Insert(_) | Self::Restore { .. })
    }

    /// Whether it succeeds or fails by what the item holds, and so tells of it. What multi-references hold lies beside
    /// the item.
    pub fn depends_on_the_item(&self, definition: &Definition) -> bool {
        match self {
            Self::Patch { modifications, .. } => depends_on_the_item(modifications, definition),
            Self::Insert(_)
            | Self::Update(_)
            | Self::Save(_)
            | Self::Restore { .. }
            | Self::Amend { .. }
            | Self::Remove { .. } => false,
        }
    }

    /// How many links it makes.
    pub fn new_links(&self, definition: &Definition) -> usize {
        let named = |links: &[(String, Vec<String>)]| links.iter().map(|(_, ids)| ids.len()).sum();
        match self {
            Self::Insert(content) | Self::Update(content) | Self::Save(content) => {
                named(&content.links)
            }
            Self::Restore { links, .. } => named(links),
            Self::Patch { modifications, .. } => {
                let field = |it: &Modification| definition.multi_reference(it.path.first());
                let links = modifications.iter().filter(|it| field(it).is_some());
                links.map(Modification::new_elements).sum()
            }
            Self::Amend { .. } | Self::Remove { .. } => 0,
        }
    }

    /// What is to be done, for a write that does not look at what is there ([`Self::needs_existing`]). Its
    /// content moves into the stored item.
    pub(crate) fn insert(
        self,
        collection: &Collection,
        batch: &Batch,
    ) -> Result<Effect, DataError> {
        match self {
            Self::Insert(content) => insert(collection, batch, content),
            Self::Restore { item, links } => {
                // Ids of before go along: items have them.
                let id = item.get("_id").and_then(Value::as_str);
                item_id::check(id.unwrap_or_default())?;
                for (field, ids) in &links {
                    ids.iter()
                        .try_for_each(|id| item_id::check_kept_reference(field, id))?;
                }
                let fields = &collection.definition.fields;
                check_references(fields, &item, item_id::check_kept_reference)?;
                Ok(Effect {
                    new: Some(kept(item)?),
                    links: replacements(&links),
                })
            }
            other => other.change(collection, batch, None),
        }
    }

    /// What is to be done, given what is there now. (An insert does not look: the database refuses a
    /// second item with the same id.)
    pub fn change(
        &self,
        collection: &Collection,
        batch: &Batch,
        existing: Option<&Object>,
    ) -> Result<Effect, DataError> {
        match self {
            Self::Insert(_) | Self::Restore { .. } => self.clone().insert(collection, batch),
            Self::Save(content) if existing.is_none() => insert(collection, batch, content.clone()),
            Self::Update(content) | Self::Save(content) => {
                let existing = may(collection, batch, self, existing, Operation::Update)?;
                let object = replaced(content, existing, batch.now);
                Ok(Effect {
                    new: Some(checked(collection, object, &batch.budget)?),
                    links: counted(replacements(&content.links), &content.item_id, batch)?,
                })
            }
            Self::Patch { modifications, .. } => {
                let existing = may(collection, batch, self, existing, Operation::Update)?;
                let outcome = patch(collection, batch, modifications, existing);
                if batch.author.owns_or_all(batch.author.read, existing) {
                    return outcome;
                }
                outcome.map_err(|fault| without_content(&fault))
            }
            Self::Amend { backfill, .. } => {
                let existing = may(collection, batch, self, existing, Operation::Update)?;
                let mut object = existing.clone();
                backfill.amend(&mut object);
                Ok(Effect {
                    new: Some(kept(object)?),
                    links: Vec::new(),
                })
            }
            Self::Remove { .. } => {
                may(collection, batch, self, existing, Operation::Remove)?;
                Ok(Effect {
                    new: None,
                    links: Vec::new(),
                })
            }
        }
    }
}

/// Whether modifications succeed or fail by what an item holds.
pub fn depends_on_the_item(modifications: &[Modification], definition: &Definition) -> bool {
    let is_link = |it: &Modification| definition.multi_reference(it.path.first()).is_some();
    let mut all = modifications.iter();
    all.any(|it| it.depends_on_the_item() && !is_link(it))
}

fn insert(collection: &Collection, batch: &Batch, content: Document) -> Result<Effect, DataError> {
    if batch.author.insert == Access::Denied {
        return Err(denied(collection, Operation::Insert));
    }
    item_id::check_new(&content.item_id)?;
    let mut object = Object::with_capacity(content.fields.len() + 4);
    object.insert("_id".to_owned(), Value::String(content.item_id));
    let owner = batch.author.owner.clone();
    object.insert(
        "_owner".to_owned(),
        owner.map_or(Value::Null, Value::String),
    );
    object.insert("_createdDate".to_owned(), Value::Date(batch.now));
    object.insert("_updatedDate".to_owned(), Value::Date(batch.now));
    object.extend(content.fields);
    let new = checked(collection, object, &batch.budget)?;
    Ok(Effect {
        links: counted(replacements(&content.links), &new.id, batch)?,
        new: Some(new),
    })
}

fn replacements(links: &[(String, Vec<String>)]) -> Vec<LinkChange> {
    let replace =
        |(field, ids): &(String, Vec<String>)| LinkChange::Replace(field.clone(), ids.clone());
    links.iter().map(replace).collect()
}

/// The item, if it is there and the author may do this to it.
fn may<'item>(
    collection: &Collection,
    batch: &Batch,
    write: &Mutation,
    existing: Option<&'item Object>,
    operation: Operation,
) -> Result<&'item Object, DataError> {
    let missing = || DataError::item_missing(write.item_id(), &collection.definition.id);
    let existing = existing.ok_or_else(missing)?;
    let author = &batch.author;
    let access = match operation {
        Operation::Remove => author.remove,
        _ => author.update,
    };
    if !author.owns_or_all(access, existing) {
        // A caller who may not see the item gets the error for a missing one.
        return Err(if author.owns_or_all(author.read, existing) {
            denied(collection, operation)
        } else {
            missing()
        });
    }
    // Whether a condition holds, and whether a field can be incremented, tells of the item: only of what the author may
    // read.
    let tells = batch.condition.is_some() || write.depends_on_the_item(&collection.definition);
    if tells && !author.owns_or_all(author.read, existing) {
        return Err(denied(collection, Operation::Read));
    }
    let is_met = match &batch.condition {
        Some(condition) => condition.matches_within(existing, &batch.budget)?,
        None => true,
    };
    if !is_met {
        let text = format!("Item [{}] does not meet the condition.", write.item_id());
        return Err(DataError::new(DataCode::ConditionNotMet, text).with("itemId", write.item_id()));
    }
    Ok(existing)
}

impl Author {
    /// Whether this access reaches an item.
    pub fn owns_or_all(&self, access: Access, item: &Object) -> bool {
        match access {
            Access::All => true,
            Access::Denied => false,
            Access::Own => {
                let owner = item.get("_owner").and_then(Value::as_str);
                owner.is_some() && owner == self.owner.as_deref()
            }
        }
    }
}

/// `WDE0027`, in Wix's wording.
pub fn denied(collection: &Collection, operation: Operation) -> DataError {
    let (word, id) = (operation.word(), &collection.definition.id);
    let text =
        format!("The current user does not have permissions to {word} on the {id} collection.");
    DataError::new(DataCode::PermissionDenied, text).with("collectionName", id.as_str())
}

/// The new fields with the system fields of before.
fn replaced(content: &Document, existing: &Object, now: Date) -> Object {
    let mut object = Object::with_capacity(content.fields.len() + 4);
    for name in ["_id", "_owner", "_createdDate"] {
        let kept = existing.get(name).cloned().unwrap_or(Value::Null);
        object.insert(name.to_owned(), kept);
    }
    object.insert("_updatedDate".to_owned(), Value::Date(now));
    object.extend(content.fields.clone());
    object
}

fn patch(
    collection: &Collection,
    batch: &Batch,
    modifications: &[Modification],
    existing: &Object,
) -> Result<Effect, DataError> {
    let mut object = existing.clone();
    let mut links = Vec::new();
    for modification in modifications {
        let name = modification.path.first();
        batch.budget.work(modification.work_on(&object))?;
        if collection.definition.multi_reference(name).is_some() {
            links.push(link_change(modification)?);
        } else if !is_kept_by_the_server(name) {
            modification.apply(&mut object)?;
        }
    }
    object.insert("_updatedDate".to_owned(), Value::Date(batch.now));
    normalise_references(collection, &mut object);
    // What other fields hold is not this patch's.
    let is_patched = |field: &&Field| modifications.iter().any(|it| it.path.first() == field.key);
    // Whether other fields keep to a definition that was changed tells of the item.
    let may_read = batch.author.owns_or_all(batch.author.read, existing);
    let counts = |field: &str| may_read || modifications.iter().any(|it| it.path.first() == field);
    check_rules(collection, &object, &batch.budget, counts)?;
    let patched = collection.definition.fields.iter().filter(is_patched);
    check_references(patched, &object, item_id::check_reference)?;
    let new = kept(object)?;
    Ok(Effect {
        links: counted(links, &new.id, batch)?,
        new: Some(new),
    })
}

/// The changes of links, with their work counted. `WDE0080` if a field would hold too many by them alone.
fn counted(
    links: Vec<LinkChange>,
    item_id: &str,
    batch: &Batch,
) -> Result<Vec<LinkChange>, DataError> {
    for change in &links {
        let LinkChange::Replace(field, ids) = change else {
            batch.budget.work(LINK)?;
            continue;
        };
        if ids.len() > limits::LINKS_OF_FIELD {
            return Err(too_many(item_id, field));
        }
        batch.budget.work(LINK * (1 + ids.len() as u64))?;
    }
    Ok(links)
}

/// How many links a field gets.
pub(crate) struct Growth<'change> {
    pub(crate) field: &'change str,
    pub(crate) more: usize,
    /// Whether those that were there go.
    pub(crate) is_replaced: bool,
}

/// The fields that get links.
pub(crate) fn growths(links: &[LinkChange]) -> Vec<Growth<'_>> {
    let mut growths: Vec<Growth<'_>> = Vec::new();
    for change in links {
        let (field, more, is_replaced) = match change {
            LinkChange::Replace(field, ids) => (field, ids.len(), true),
            LinkChange::Add(field, _) => (field, 1, false),
            LinkChange::Remove(..) => continue,
        };
        match growths.iter_mut().find(|it| it.field == field) {
            Some(known) if !is_replaced => known.more += more,
            known => {
                let new = Growth {
                    field,
                    more,
                    is_replaced,
                };
                match known {
                    Some(known) => *known = new,
                    None => growths.push(new),
                }
            }
        }
    }
    growths
}

/// What a patch reveals of an item that may not be read: neither what its fields hold, nor how large it is.
fn without_content(fault: &DataError) -> DataError {
    match fault.code() {
        DataCode::Invalid | DataCode::ItemTooLarge => {
            DataError::new(DataCode::Invalid, "The item cannot be changed in this way.")
        }
        _ => fault.clone(),
    }
}

fn is_kept_by_the_server(name: &str) -> bool {
    matches!(name, "_owner" | "_createdDate" | "_updatedDate")
}

fn link_change(modification: &Modification) -> Result<LinkChange, DataError> {
    let not_ids = || DataError::not_ids(&modification.path);
    let name = modification.path.single().ok_or_else(not_ids)?;
    let field = name.to_owned();
    let id = |value: &Value| {
        let id = reference_id(value).ok_or_else(not_ids)?;
        item_id::check_reference(name, id)?;
        Ok(id.to_owned())
    };
    // A link that was made before may be taken away.
    let old_id = |value: &Value| {
        let id = reference_id(value).ok_or_else(not_ids)?;
        item_id::check(id)?;
        Ok(id.to_owned())
    };
    Ok(match &modification.action {
        Action::Set(Value::Array(values)) => {
            let ids = values.iter().map(id).collect::<Result<_, _>>()?;
            LinkChange::Replace(field, ids)
        }
        Action::Set(Value::Null) | Action::Remove => LinkChange::Replace(field, Vec::new()),
        Action::Append(value) => LinkChange::Add(field, id(value)?),
        Action::RemoveFromArray(value) => LinkChange::Remove(field, old_id(value)?),
        Action::Set(_) | Action::Increment(_) => return Err(not_ids()),
    })
}

/// `WDE0123`
pub(crate) fn not_unique(index: &backlot_wix::data::collection::Index) -> DataError {
    let paths: Vec<&str> = index
        .fields
        .iter()
        .map(|field| field.path.as_str())
        .collect();
    let text = format!(
        "Another item has the same value of {}, which must be unique.",
        paths.join(", ")
    );
    DataError::new(DataCode::UniqueViolated, text).with("indexName", index.name.as_str())
}
