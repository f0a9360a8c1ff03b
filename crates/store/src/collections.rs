//! Collections: which there are, and how each is defined.
//!
//! Those that the configuration declares are every instance's; the others are of one instance. A
//! declared one goes before one of an instance's with the same id.

use backlot_wix::InstanceId;
use backlot_wix::data::collection::{Definition, FieldRules, Index, IndexId, Violation};
use backlot_wix::data::memory::Weigh as _;
use backlot_wix::data::{Budget, DataCode, DataError, Object, Sort, Value, limits};
use std::collections::HashMap;
use std::sync::Arc;

use crate::Backfill;
use crate::StoreError;
use crate::index_state::{IndexState, UnreadyIndex};

/// A collection, prepared for use.
#[derive(Debug, Clone)]
pub struct Collection {
    /// How it is defined.
    pub definition: Definition,
    /// What its fields may hold.
    pub rules: FieldRules,
    /// Its indexes, and one for each unique field.
    pub indexes: Vec<Prepared>,
    /// Whether the configuration declares it.
    pub declared: bool,
}

/// An index, prepared for use.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Names it in the database.
    pub id: IndexId,
    /// The index, its first field ascending: a tree is read in both directions.
    pub index: Index,
    /// Its fields.
    pub sorts: Vec<Sort>,
    /// How it stands in the instance.
    pub state: IndexState,
}

impl Collection {
    /// Prepares a definition.
    pub fn new(definition: Definition, declared: bool) -> Self {
        let indexes = definition
            .all_indexes()
            .iter()
            .map(|index| Prepared::new(&definition.id, index))
            .collect();
        Self {
            rules: FieldRules::new(&definition),
            definition,
            indexes,
            declared,
        }
    }

    /// Roughly its bytes in memory.
    pub(crate) fn weight(&self) -> usize {
        // A place for a pattern, and what is prepared of an index.
        const FIELD: usize = 64;
        const INDEX: usize = 512;
        size_of::<Self>()
            + self.definition.weight()
            + self.definition.fields.len() * FIELD
            + self.indexes.len() * INDEX
    }

    /// Whether another one is defined in the same way, and its indexes stand in the same way.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let states = |it: &Self| it.indexes.iter().map(|index| index.state.clone()).collect();
        let (one, another): (Vec<IndexState>, Vec<IndexState>) = (states(self), states(other));
        self.declared == other.declared && self.definition == other.definition && one == another
    }

    /// The same collection with these indexes.
    pub(crate) fn with_indexes(&self, indexes: Vec<Prepared>) -> Self {
        Self {
            indexes,
            ..self.clone()
        }
    }

    /// The same collection, where these of its indexes are not ready.
    #[must_use]
    pub(crate) fn with_unready(mut self, unready: &[UnreadyIndex]) -> Self {
        for index in &mut self.indexes {
            let found = unready.iter().find(|it| it.index_id == index.id);
            index.state = found.map_or(IndexState::Ready, |it| it.state.clone());
        }
        self
    }

    /// Its definition without the indexes that could not be built: what its items keep to.
    pub(crate) fn without_failed(&self) -> Definition {
        let mut definition = self.definition.clone();
        let is_failed = |index: &&Prepared| matches!(index.state, IndexState::Failed(_));
        for failed in self.indexes.iter().filter(is_failed) {
            definition.indexes.retain(|index| {
                let id = index.id(&self.definition.id);
                id != failed.id
            });
            for field in definition.fields.iter_mut().filter(|it| it.unique) {
                let is_own = matches!(&failed.index.fields[..], [only] if only.path == field.key);
                field.unique = !(is_own && failed.index.unique);
            }
        }
        definition
    }

    /// Its indexes that serve queries.
    pub fn ready_indexes(&self) -> impl Iterator<Item = &Prepared> {
        self.indexes.iter().filter(|index| index.state.is_ready())
    }

    /// Its indexes whose keys are kept by writes.
    pub(crate) fn maintained_indexes(&self) -> impl Iterator<Item = &Prepared> {
        let is_maintained = |index: &&Prepared| index.state.is_maintained();
        self.indexes.iter().filter(is_maintained)
    }

    /// Whether writes must keep to what its fields are declared to be. Those made through the API store what comes, as
    /// on Wix.
    pub const fn is_strict(&self) -> bool {
        self.declared && !self.definition.lenient
    }
}

impl Prepared {
    fn new(collection: &str, index: &Index) -> Self {
        let index = index.ascending_first();
        Self {
            id: index.id(collection),
            sorts: index.sorts(),
            index,
            state: IndexState::Ready,
        }
    }
}

/// A collection without its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionHead {
    /// Its id.
    pub id: String,
    /// The bytes of its definition, as JSON.
    pub bytes: u64,
}

/// What all instances together hold of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Instances with items in it.
    pub instances: u64,
    /// Items.
    pub items: u64,
    /// Links by field.
    pub links: Vec<(String, u64)>,
}

/// Items that do not keep to a definition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Violations {
    /// How many.
    pub count: u64,
    /// The first few.
    pub first: Vec<Misfit>,
    /// How many items a backfill changes.
    pub amended: u64,
}

/// An item that does not keep to a definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit {
    /// Whose it is.
    pub instance_id: InstanceId,
    /// Its id.
    pub item_id: String,
    /// What is wrong, and what the field holds.
    pub violations: Vec<(Violation, Option<Value>)>,
}

impl Violations {
    /// How many are reported.
    const TOLD: usize = 5;

    /// Looks at an item.
    pub(crate) fn look(
        &mut self,
        collection: &Collection,
        instance_id: InstanceId,
        item_id: &str,
        mut item: Object,
        backfill: &Backfill,
    ) {
        self.amended += u64::from(backfill.amend(&mut item));
        if !collection.is_strict() {
            return;
        }
        let (rules, definition) = (&collection.rules, &collection.definition);
        let violations = rules.check(definition, &item, &Budget::unlimited());
        let violations = violations.unwrap_or_default();
        if violations.is_empty() {
            return;
        }
        self.count += 1;
        if self.first.len() < Self::TOLD {
            let with_value = |violation: Violation| {
                let value = item.get(&violation.field).cloned();
                (violation, value)
            };
            self.first.push(Misfit {
                instance_id,
                item_id: item_id.to_owned(),
                violations: violations.into_iter().map(with_value).collect(),
            });
        }
    }
}

/// All collections of an instance, by id: the declared ones, and its own with other ids. `unready` names those of their
/// indexes that are not ready, with the collection.
pub(crate) fn merge(
    declared: Vec<Definition>,
    own: Vec<Definition>,
    unready: Vec<(String, UnreadyIndex)>,
) -> Vec<Arc<Collection>> {
    let mut all: Vec<Collection> = own
        .into_iter()
        .filter(|it| declared.iter().all(|other| other.id != it.id))
        .map(|it| Collection::new(it, false))
        .collect();
    all.extend(declared.into_iter().map(|it| Collection::new(it, true)));
    all.sort_unstable_by(|one, other| one.definition.id.cmp(&other.definition.id));
    let mut by_collection: HashMap<String, Vec<UnreadyIndex>> = HashMap::new();
    for (collection, index) in unready {
        by_collection.entry(collection).or_default().push(index);
    }
    let with_states = |it: Collection| match by_collection.get(&it.definition.id) {
        Some(unready) => it.with_unready(unready),
        None => it,
    };
    all.into_iter()
        .map(|it| Arc::new(with_states(it)))
        .collect()
}

/// What an instance's items in a collection have keys of, before it was declared: an instance's own collection of the
/// same id may have some, or the one that was declared earlier. None of them is trusted.
pub(crate) fn without_declaration(new: &Collection) -> Collection {
    new.with_indexes(Vec::new())
}

/// How a definition is declared, if it says something else than the one before.
pub(crate) fn redeclared(
    before: &[Definition],
    new: &Definition,
) -> Option<(Option<Collection>, Collection)> {
    let old = before.iter().find(|it| it.id == new.id).cloned();
    let mut definition = new.clone();
    if let Some(old) = &old {
        (definition.revision, definition.created_at) = (old.revision, old.created_at);
        if old.is_same_definition(&definition) {
            return None;
        }
    }
    definition.revision += 1;
    let old = old.map(|it| Collection::new(it, true));
    Some((old, Collection::new(definition, true)))
}

/// Those of the declared collections that are not declared any more.
pub(crate) fn gone<'before>(
    before: &'before [Definition],
    definitions: &[Definition],
) -> impl Iterator<Item = &'before Definition> {
    let is_gone = |it: &&Definition| definitions.iter().all(|new| new.id != it.id);
    before.iter().filter(is_gone)
}

/// The first revision of a collection: the time of its making, so that one that is made again with an id
/// that was in use is not taken for the one before.
pub(crate) fn first_revision(definition: &Definition) -> u64 {
    u64::try_from(definition.created_at)
        .unwrap_or_default()
        .max(1)
}

/// A definition as it is kept.
pub(crate) fn parse(json: &str) -> Result<Definition, StoreError> {
    serde_json::from_str(json).map_err(StoreError::not_json("a collection"))
}

/// A definition as it is to be kept.
pub(crate) fn write(definition: &Definition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::Internal(error.to_string()))
}

/// `WDE0104`
pub(crate) fn exists(id: &str) -> DataError {
    let text = format!("The {id} collection already exists.");
    DataError::new(DataCode::CollectionExists, text).with("collectionName", id)
}

/// `WDE0075`
pub(crate) fn too_many() -> DataError {
    let most = limits::COLLECTIONS;
    let text = format!("A site has at most {most} collections.");
    DataError::new(DataCode::BadRequest, text)
}

/// What an instance has beside the collection that is written.
pub(crate) struct OtherDefinitions {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

impl OtherDefinitions {
    /// `WDE0075` when one more has no room.
    pub(crate) fn check_new(&self, json: &str) -> Result<(), DataError> {
        if self.count >= limits::COLLECTIONS as u64 {
            return Err(too_many());
        }
        self.check_bytes(json, 0)
    }

    /// `WDE0075` when one that had so many bytes has no room any more. One that shrinks always has.
    pub(crate) fn check_bytes(&self, json: &str, before: usize) -> Result<(), DataError> {
        let most = limits::DEFINITIONS_BYTES;
        if json.len() <= before || self.bytes + json.len() as u64 <= most {
            return Ok(());
        }
        let text = format!(
            "The definitions of a site's collections have at most {most} bytes as JSON, all together."
        );
        Err(DataError::new(DataCode::BadRequest, text).with("limitBytes", most))
    }
}

/// [`DataCode::TooCostly`] for a definition that is not to be read here.
pub(crate) fn too_large_to_read() -> StoreError {
    let text = "The definition of the collection is large.";
    StoreError::Rejected(DataError::new(DataCode::TooCostly, text))
}

/// The definitions in the order of the ids.
pub(crate) fn in_order(ids: &[String], found: Vec<Definition>) -> Vec<Definition> {
    let mut by_id: HashMap<String, Definition> = HashMap::with_capacity(found.len());
    for definition in found {
        by_id.insert(definition.id.clone(), definition);
    }
    ids.iter().filter_map(|id| by_id.remove(id)).collect()
}

/// `WDE0178`
pub(crate) fn stale(now: &Definition) -> DataError {
    let text = format!(
        "The collection was changed since: its revision is {}.",
        now.revision
    );
    DataError::new(DataCode::StaleRevision, text).with("revision", now.revision.to_string())
}
