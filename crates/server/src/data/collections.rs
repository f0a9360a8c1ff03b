//! Collections of one instance: made and changed by the app, seen by the owner, too.

use std::sync::Arc;

use backlot_store::StoreError;
use backlot_store::collections::{Collection, Collections as _};
use backlot_wix::Role;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{DataCode, Fault};

use super::anew::ATTEMPTS;
use super::{DataFault, DataOf};

impl DataOf {
    pub(crate) async fn collection(&self, id: &str) -> Result<Arc<Collection>, DataFault> {
        self.may_see_collections()?;
        let found = self.data.store.collection(self.who.instance_id, id).await?;
        Ok(found.ok_or_else(|| Fault::collection_missing(id))?)
    }

    pub(crate) async fn collections(&self) -> Result<Vec<Arc<Collection>>, DataFault> {
        self.may_see_collections()?;
        Ok(self.data.store.collections(self.who.instance_id).await?)
    }

    pub(crate) async fn create_collection(
        &self,
        mut definition: Definition,
    ) -> Result<Definition, DataFault> {
        self.may_change_collections()?;
        let now = self.data.clock.now().as_millisecond();
        (definition.created_at, definition.updated_at) = (now, now);
        let instance_id = self.who.instance_id;
        Ok(self
            .data
            .store
            .create_collection(instance_id, definition)
            .await??)
    }

    /// Changes the definition. With `revision`, only if that is the latest.
    pub(crate) async fn change_collection(
        &self,
        id: &str,
        revision: Option<u64>,
        change: impl Fn(&mut Definition) -> Result<(), Fault>,
    ) -> Result<Definition, DataFault> {
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
                .await?
            {
                // Only what was read here may be read again.
                Err(fault) if fault.code() == DataCode::StaleRevision && revision.is_none() => {}
                other => {
                    // Keys of a large collection are made, or removed, after this.
                    self.data.new_job.notify_one();
                    return Ok(other?);
                }
            }
        }
        Err(StoreError::Outdated.into())
    }

    pub(crate) async fn delete_collection(&self, id: &str) -> Result<(), DataFault> {
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
            Err(Fault::collection_missing(id).into())
        }
    }

    fn may_see_collections(&self) -> Result<(), Fault> {
        match self.who.role {
            Role::App | Role::Owner => Ok(()),
            Role::Member | Role::Visitor => Err(refused("see")),
        }
    }

    fn may_change_collections(&self) -> Result<(), Fault> {
        match self.who.role {
            Role::App => Ok(()),
            _ => Err(refused("change")),
        }
    }
}

fn refused(verb: &str) -> Fault {
    let text = format!(
        "The current user does not have permissions to {verb} collections; the app has, with its elevated token or an API key."
    );
    Fault::new(DataCode::PermissionDenied, text)
}

fn declared(id: &str) -> Fault {
    let text =
        format!("The {id} collection is declared in the server's configuration; change it there.");
    Fault::new(DataCode::NotSupported, text)
}
