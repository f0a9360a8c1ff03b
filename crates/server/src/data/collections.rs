//! Collections of one instance: made and changed by the app, seen by the owner, too.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_store::StoreError;
use backlot_store::collections::{Collection, CollectionHead};
use backlot_wix::Role;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{DataCode, DataError};

use super::retry::ATTEMPTS;
use super::{DataSession, OperationError};

/// Units of work for a byte of a definition that is read.
const DEFINITION_BYTE: u64 = 10;
/// Bytes of definitions that are read at once, unless one has more.
const BYTES_AT_ONCE: u64 = 512 * 1024;

/// The collections in runs whose definitions are read at once.
pub(crate) fn some_at_once(heads: &[CollectionHead]) -> impl Iterator<Item = &[CollectionHead]> {
    let mut rest = heads;
    std::iter::from_fn(move || {
        let mut bytes = rest.first()?.bytes;
        let more = rest[1..].iter().take_while(|head| {
            bytes += head.bytes;
            bytes <= BYTES_AT_ONCE
        });
        let (some, others) = rest.split_at(1 + more.count());
        rest = others;
        Some(some)
    })
}

impl DataSession {
    pub(crate) async fn collection(&self, id: &str) -> Result<Arc<Collection>, OperationError> {
        self.may_see_collections()?;
        self.may_take_long()?;
        let found = self
            .data
            .store
            .find_collection(self.who.instance_id, id)
            .await?;
        Ok(found.ok_or_else(|| DataError::collection_missing(id))?)
    }

    /// Which collections there are, by id.
    pub(crate) async fn collection_heads(&self) -> Result<Vec<CollectionHead>, OperationError> {
        self.may_see_collections()?;
        self.may_take_long()?;
        let heads = self
            .data
            .store
            .list_collection_heads(self.who.instance_id)
            .await;
        Ok(heads?)
    }

    /// Which collections there are, by the names that people see, and by id where they have none.
    pub(crate) async fn collection_heads_by_name(
        &self,
    ) -> Result<Vec<CollectionHead>, OperationError> {
        let heads = self.collection_heads().await?;
        let mut names: HashMap<String, String> = HashMap::new();
        for some in some_at_once(&heads) {
            for definition in self.definitions(some).await? {
                if let Some(name) = definition.display_name {
                    self.budget().keep(name.len())?;
                    names.insert(definition.id, name);
                }
            }
        }
        let mut heads = heads;
        heads.sort_by(|one, other| names.get(&one.id).cmp(&names.get(&other.id)));
        Ok(heads)
    }

    /// The definitions of some collections, of which there should be few at once ([`some_at_once`]).
    pub(crate) async fn definitions(
        &self,
        heads: &[CollectionHead],
    ) -> Result<Vec<Definition>, OperationError> {
        self.may_see_collections()?;
        let bytes: u64 = heads.iter().map(|head| head.bytes).sum();
        self.budget().work(bytes * DEFINITION_BYTE)?;
        let ids = heads.iter().map(|head| head.id.clone()).collect();
        let (store, instance_id) = (&self.data.store, self.who.instance_id);
        Ok(store.list_definitions(instance_id, ids).await?)
    }

    pub(crate) async fn create_collection(
        &self,
        mut definition: Definition,
    ) -> Result<Definition, OperationError> {
        self.may_change_collections()?;
        let now = self.data.clock.now().as_millisecond();
        (definition.created_at, definition.updated_at) = (now, now);
        let instance_id = self.who.instance_id;
        Ok(self
            .data
            .store
            .insert_collection(instance_id, definition)
            .await?)
    }

    /// Changes the definition. With `revision`, only if that is the latest.
    pub(crate) async fn change_collection(
        &self,
        id: &str,
        revision: Option<u64>,
        change: impl Fn(&mut Definition) -> Result<(), DataError>,
    ) -> Result<Definition, OperationError> {
        self.may_change_collections()?;
        for _ in 0..ATTEMPTS {
            let collection = self.collection(id).await?;
            if collection.declared {
                return Err(declared(id).into());
            }
            let mut definition = collection.definition.clone();
            change(&mut definition)?;
            definition.validate()?;
            definition.revision = revision.unwrap_or(collection.definition.revision);
            definition.updated_at = self.data.clock.now().as_millisecond();
            let instance_id = self.who.instance_id;
            match self
                .data
                .store
                .update_collection(instance_id, definition)
                .await
            {
                // Only what was read here may be read again.
                Err(StoreError::Rejected(fault))
                    if fault.code() == DataCode::StaleRevision && revision.is_none() => {}
                other => {
                    // Keys of a large collection are made, or removed, after this.
                    self.data.new_job.notify_one();
                    return Ok(other?);
                }
            }
        }
        Err(StoreError::Outdated.into())
    }

    pub(crate) async fn delete_collection(&self, id: &str) -> Result<(), OperationError> {
        self.may_change_collections()?;
        if self.collection(id).await?.declared {
            return Err(declared(id).into());
        }
        let deleted = self
            .data
            .store
            .delete_collection(self.who.instance_id, id)
            .await?;
        self.data.new_job.notify_one();
        if deleted {
            Ok(())
        } else {
            Err(DataError::collection_missing(id).into())
        }
    }

    fn may_see_collections(&self) -> Result<(), DataError> {
        if self.who.role.has_owner_rights() {
            Ok(())
        } else {
            Err(refused("see"))
        }
    }

    fn may_change_collections(&self) -> Result<(), DataError> {
        if self.who.role == Role::App {
            Ok(())
        } else {
            Err(refused("change"))
        }
    }
}

fn refused(verb: &str) -> DataError {
    let text = format!(
        "The current user does not have permissions to {verb} collections; the app has, with its elevated token or an API key."
    );
    DataError::new(DataCode::PermissionDenied, text)
}

fn declared(id: &str) -> DataError {
    let text =
        format!("The {id} collection is declared in the server's configuration; change it there.");
    DataError::new(DataCode::NotSupported, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_bytes_are_read_at_once() {
        let heads: Vec<CollectionHead> = [1, 2, BYTES_AT_ONCE, 5, 5, BYTES_AT_ONCE - 10, 1]
            .iter()
            .map(|bytes| CollectionHead {
                id: bytes.to_string(),
                bytes: *bytes,
            })
            .collect();
        let runs: Vec<usize> = some_at_once(&heads).map(<[CollectionHead]>::len).collect();
        assert_eq!(runs, [2, 1, 3, 1]);
        assert_eq!(some_at_once(&[]).count(), 0);
    }
}
