//! A database of its own, and short words for what tests do with it.

use std::sync::Arc;

use backlot_store::Store;
use backlot_store::collections::Collection;
use backlot_store::items::mutation::{Author, Document};
use backlot_store::items::{Batch, CollectionRef, Mutation, MutationResult};
use backlot_store::postgres::PostgresStore;
use backlot_wix::InstanceId;
use backlot_wix::data::collection::{
    Definition, Field, FieldType, Index, IndexField, Level, Permissions,
};
use backlot_wix::data::{Budget, DataError, Date, Direction, Filter, Object, Sort, Value};
use serde_json::json;

use crate::server::{self, Database};

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) database: Database,
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = Database::create().await;
        let store = Store::Postgres(PostgresStore::open(&database.url()).await.unwrap());
        Self { store, database }
    }

    /// A connection beside the store's, of the server's own role.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        let client = server::connect(&self.database.url().parse().unwrap()).await;
        client
            .batch_execute("SET search_path = backlot")
            .await
            .unwrap();
        client
    }

    /// A collection of an instance.
    pub(crate) async fn collection(&self, instance: u8, definition: Definition) -> CollectionRef {
        made(&self.store, instance, definition).await
    }

    pub(crate) async fn write(
        &self,
        of: &CollectionRef,
        writes: Vec<Mutation>,
    ) -> Vec<Result<MutationResult, DataError>> {
        self.store.commit(of, batch(writes)).await.unwrap()
    }

    /// Inserts items, all of which must go in.
    pub(crate) async fn insert(&self, of: &CollectionRef, items: &[(&str, &str)]) {
        let writes = items.iter().map(|(id, json)| insert(id, json)).collect();
        for outcome in self.write(of, writes).await {
            outcome.unwrap();
        }
    }

    /// The ids of what matches, in the order of insertion.
    pub(crate) async fn ids(&self, of: &CollectionRef, filter: &str) -> Vec<String> {
        let find = backlot_store::items::ItemQuery::all(filter_of(filter), 1000);
        let found = self.store.query_items(of, find).await.unwrap();
        found.into_iter().map(|item| item.id).collect()
    }
}

/// A collection of an instance, made.
pub(crate) async fn made(store: &Store, instance: u8, definition: Definition) -> CollectionRef {
    let made = store.insert_collection(instance_id(instance), definition);
    of(instance, made.await.unwrap(), false)
}

pub(crate) fn instance_id(last: u8) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
        .parse()
        .unwrap()
}

pub(crate) fn of(instance: u8, definition: Definition, declared: bool) -> CollectionRef {
    let collection = Collection::new(definition, declared);
    CollectionRef::new(instance_id(instance), Arc::new(collection))
}

/// A collection with indexes: `a`, `-a,b`, and `!a` for a unique one. It links by `friends` to itself.
pub(crate) fn definition(id: &str, indexes: &[&str]) -> Definition {
    let level = Level::Admin;
    let mut friends = Field::new("friends", FieldType::MultiReference);
    friends.type_metadata = Some(json!({ "multiReference": { "referencedCollectionId": id } }));
    Definition {
        id: id.to_owned(),
        display_name: None,
        display_field: None,
        fields: vec![friends],
        permissions: Permissions {
            insert: level,
            update: level,
            remove: level,
            read: level,
        },
        plugins: Vec::new(),
        indexes: indexes.iter().map(|text| index(text)).collect(),
        lenient: false,
        revision: 0,
        created_at: 0,
        updated_at: 0,
    }
}

pub(crate) fn index(text: &str) -> Index {
    let (unique, paths) = match text.strip_prefix('!') {
        Some(paths) => (true, paths),
        None => (false, text),
    };
    let fields = paths.split(',').map(|path| match path.strip_prefix('-') {
        Some(path) => (path, Direction::Descending),
        None => (path, Direction::Ascending),
    });
    Index {
        name: text.to_owned(),
        fields: fields
            .map(|(path, order)| IndexField {
                path: path.to_owned(),
                order,
            })
            .collect(),
        unique,
        case_insensitive: false,
    }
}

pub(crate) fn object(json: &str) -> Object {
    serde_json::from_str(json).unwrap()
}

pub(crate) fn filter_of(json: &str) -> Filter {
    let value: Value = serde_json::from_str(json).unwrap();
    Filter::parse(&value).unwrap()
}

pub(crate) fn sort(text: &str) -> Sort {
    let (path, direction) = match text.strip_prefix('-') {
        Some(path) => (path, Direction::Descending),
        None => (text, Direction::Ascending),
    };
    Sort {
        path: path.parse().unwrap(),
        direction,
    }
}

pub(crate) fn content(id: &str, json: &str) -> Document {
    Document {
        item_id: id.to_owned(),
        fields: object(json),
        links: Vec::new(),
    }
}

pub(crate) fn insert(id: &str, json: &str) -> Mutation {
    Mutation::Insert(content(id, json))
}

pub(crate) fn batch(writes: Vec<Mutation>) -> Batch {
    Batch {
        writes,
        condition: None,
        author: Author::app(Some("me".to_owned())),
        now: Date::from_milliseconds(1_700_000_000_123).unwrap(),
        stops_at_failure: false,
        budget: Budget::unlimited(),
        room: None,
        tells_items: true,
    }
}
