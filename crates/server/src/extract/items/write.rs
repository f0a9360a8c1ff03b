//! Writing items.

use backlot_store::items::MutationResult;
use backlot_wix::data::{DataCode, DataError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::convert::{from_json, to_object};
use super::{Items, ItemsError};
use crate::data::{DataSession, MutationRequest, OperationError, WireItem};

impl Items {
    /// Inserts an item. If it has no `_id`, it gets one. Returns it with the fields of the
    /// system.
    pub async fn insert<T: Serialize + DeserializeOwned + Sync>(
        &self,
        collection: &str,
        item: &T,
    ) -> Result<T, ItemsError> {
        let item = WireItem::new(to_object(item)?);
        self.change(collection, MutationRequest::Insert(item)).await
    }

    /// Replaces a whole item, which must have an `_id`.
    pub async fn update<T: Serialize + DeserializeOwned + Sync>(
        &self,
        collection: &str,
        item: &T,
    ) -> Result<T, ItemsError> {
        let item = WireItem::new(to_object(item)?);
        self.change(collection, MutationRequest::Update(item)).await
    }

    /// An update, or where there is no such item, an insert.
    pub async fn save<T: Serialize + DeserializeOwned + Sync>(
        &self,
        collection: &str,
        item: &T,
    ) -> Result<T, ItemsError> {
        let item = WireItem::new(to_object(item)?);
        self.change(collection, MutationRequest::Save(item)).await
    }

    /// Removes an item. False when there was none.
    pub async fn remove(&self, collection: &str, id: &str) -> Result<bool, ItemsError> {
        let change = MutationRequest::Remove(id.to_owned());
        match self.write(collection, change).await? {
            Ok(_) => Ok(true),
            Err(OperationError::DataError(fault)) if is_missing(&fault) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    async fn change<T: DeserializeOwned>(
        &self,
        collection: &str,
        change: MutationRequest,
    ) -> Result<T, ItemsError> {
        let written = self.write(collection, change).await??;
        from_json(&written.item().json)
    }

    async fn write(
        &self,
        collection: &str,
        change: MutationRequest,
    ) -> Result<Result<MutationResult, OperationError>, ItemsError> {
        let collection = collection.to_owned();
        let work = move |data: DataSession| {
            let (collection, change) = (collection.clone(), change.clone());
            async move {
                let written = data.change_one(&collection, change, None, false).await;
                written.map(|(_, written)| written)
            }
        };
        Ok(self.0.run(work).await?)
    }
}

fn is_missing(fault: &DataError) -> bool {
    fault.code() == DataCode::ItemMissing
}
