//! One collection of one instance, as tests handle it: items and filters are JSON.

use backlot_store::items::mutation::{Author, Document};
use backlot_store::items::{Batch, CollectionRef, Item, ItemQuery, Mutation, MutationResult};
use backlot_store::{Store, StoreError};
use backlot_wix::InstanceId;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::modification::{Modification, WireModification};
use backlot_wix::data::{Budget, DataCode, DataError, Date, Filter, Object, Value};
use serde_json::{Value as Json, json};

/// What became of each write.
pub(crate) type Outcomes = Vec<Result<MutationResult, DataError>>;

/// The instance of this number.
pub(crate) fn instance(number: u64) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-{number:012x}")
        .parse()
        .unwrap()
}

/// `c`, with more of a definition beside its id and its permissions.
pub(crate) fn definition(more: &Json) -> Definition {
    let mut definition = json!({
        "id": "c",
        "permissions": { "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE", "read": "ANYONE" },
    });
    for (name, value) in more.as_object().unwrap() {
        definition[name] = value.clone();
    }
    serde_json::from_value(definition).unwrap()
}

/// One collection of one instance.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) store: Store,
    pub(crate) of: CollectionRef,
}

impl Table {
    /// Makes it.
    pub(crate) async fn create(store: &Store, number: u64, more: &Json) -> Self {
        let definition = definition(more);
        let id = definition.id.clone();
        let made = store.insert_collection(instance(number), definition).await;
        made.unwrap();
        Self::open(store, number, &id).await
    }

    /// Finds it.
    pub(crate) async fn open(store: &Store, number: u64, id: &str) -> Self {
        let found = store.find_collection(instance(number), id).await.unwrap();
        let of = CollectionRef::new(instance(number), found.unwrap());
        let store = store.clone();
        Self { store, of }
    }

    /// Puts another definition in the place of this one.
    pub(crate) async fn redefine(&mut self, more: &Json) -> Result<(), DataError> {
        let mut new = definition(more);
        let now = &self.of.collection.definition;
        new.id.clone_from(&now.id);
        new.revision = now.revision;
        let id = self.of.instance_id;
        or_rejection(self.store.update_collection(id, new).await)?;
        let found = self.store.find_collection(id, &now.id).await.unwrap();
        self.of.collection = found.unwrap();
        Ok(())
    }

    pub(crate) async fn write(&self, writes: Vec<Mutation>) -> Outcomes {
        self.store.commit(&self.of, batch(writes)).await.unwrap()
    }

    /// Writes one, which must be done.
    pub(crate) async fn done(&self, write: Mutation) -> MutationResult {
        self.write(vec![write]).await.remove(0).unwrap()
    }

    /// Writes one, which must not be done.
    pub(crate) async fn refused(&self, write: Mutation) -> DataCode {
        self.write(vec![write]).await.remove(0).unwrap_err().code()
    }

    pub(crate) async fn insert_all(&self, items: &[Json]) {
        let outcomes = self.write(items.iter().map(insert).collect()).await;
        let refused = outcomes.iter().find_map(|it| it.as_ref().err());
        assert_eq!(refused, None);
    }

    pub(crate) async fn item(&self, id: &str) -> Option<Json> {
        let item = self.store.find_item(&self.of, id).await.unwrap()?;
        Some(serde_json::from_str(&item.json).unwrap())
    }

    /// An item that is there, as it is kept.
    pub(crate) async fn store_item(&self, id: &str) -> Item {
        self.store.find_item(&self.of, id).await.unwrap().unwrap()
    }

    /// One field of an item that is there.
    pub(crate) async fn field(&self, id: &str, name: &str) -> Json {
        self.item(id).await.unwrap()[name].clone()
    }

    pub(crate) async fn find(&self, find: ItemQuery) -> Vec<String> {
        ids(self.store.query_items(&self.of, find).await.unwrap())
    }

    /// The ids of all that match, in the order of insertion, and that their count is the same.
    pub(crate) async fn matching(&self, of: &Json) -> Vec<String> {
        let found = self.find(ItemQuery::all(filter(of), 10_000)).await;
        let count = self.store.count_items(&self.of, &filter(of)).await.unwrap();
        assert_eq!(count, found.len() as u64, "the count of {of}");
        found
    }
}

pub(crate) fn ids(items: Vec<Item>) -> Vec<String> {
    items.into_iter().map(|item| item.id).collect()
}

pub(crate) fn filter(json: &Json) -> Filter {
    Filter::parse(&value(json)).unwrap()
}

pub(crate) fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_string()).unwrap()
}

pub(crate) fn batch(writes: Vec<Mutation>) -> Batch {
    Batch {
        writes,
        condition: None,
        author: Author::app(None),
        now: Date::from_milliseconds(1_700_000_000_000).unwrap(),
        stops_at_failure: false,
        budget: Budget::unlimited(),
        room: None,
        tells_items: true,
    }
}

pub(crate) fn content(item: &Json) -> Document {
    let mut fields: Object = match value(item) {
        Value::Object(fields) => fields,
        _ => Object::new(),
    };
    let id = fields.shift_remove("_id");
    Document {
        item_id: id.unwrap().as_str().unwrap().to_owned(),
        fields,
        links: Vec::new(),
    }
}

pub(crate) fn insert(item: &Json) -> Mutation {
    Mutation::Insert(content(item))
}

pub(crate) fn update(item: &Json) -> Mutation {
    Mutation::Update(content(item))
}

pub(crate) fn save(item: &Json) -> Mutation {
    Mutation::Save(content(item))
}

pub(crate) fn remove(id: &str) -> Mutation {
    let item_id = id.to_owned();
    Mutation::Remove { item_id }
}

/// A patch of `[fieldPath, action, value]`s.
pub(crate) fn patch(id: &str, modifications: &[(&str, &str, Json)]) -> Mutation {
    let one = |(path, action, value): &(&str, &str, Json)| {
        let options = json!({ "value": value });
        json!({
            "fieldPath": path, "action": action, "setFieldOptions": options, "incrementFieldOptions": options,
            "appendToArrayOptions": options, "removeFromArrayOptions": options,
        })
    };
    let wire = Json::Array(modifications.iter().map(one).collect());
    let wire: Vec<WireModification> = serde_json::from_value(wire).unwrap();
    Mutation::Patch {
        item_id: id.to_owned(),
        modifications: Modification::parse_all(wire).unwrap(),
    }
}

/// The code of each that was refused, and `None` for what was done.
pub(crate) fn codes(outcomes: &Outcomes) -> Vec<Option<DataCode>> {
    let code =
        |outcome: &Result<MutationResult, DataError>| outcome.as_ref().err().map(DataError::code);
    outcomes.iter().map(code).collect()
}

/// Tells rejections from what must not fail.
pub(crate) fn or_rejection<T>(outcome: Result<T, StoreError>) -> Result<T, DataError> {
    match outcome {
        Err(StoreError::Rejected(fault)) => Err(fault),
        outcome => Ok(outcome.unwrap()),
    }
}
