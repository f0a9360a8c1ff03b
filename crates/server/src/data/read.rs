//! Reading one item, counting, and looking at all that match.

use std::ops::ControlFlow;

use backlot_store::items::Item;
use backlot_wix::data::collection::Operation;
use backlot_wix::data::{Budget, DataError, Filter, Object, item_id};

use super::{DataSession, OpenCollection, OperationError};

impl DataSession {
    /// One item, as it is kept. `WDE0073` when there is none, or none that the caller may see. It is not counted: it costs
    /// no more than the largest item does.
    pub(crate) async fn get(&self, collection: &str, id: &str) -> Result<Item, OperationError> {
        let found = self.find(collection).await?;
        let opened = self.opened(found, &[Operation::Read], Budget::unlimited())?;
        self.item_of(&opened, id).await
    }

    /// The same of a collection that is open, for what does more with it.
    pub(crate) async fn item_of(
        &self,
        opened: &OpenCollection,
        id: &str,
    ) -> Result<Item, OperationError> {
        item_id::check(id)?;
        let item = self.data.store.find_item(&opened.of, id).await?;
        let item = item.filter(|item| opened.may_see(item));
        Ok(item.ok_or_else(|| DataError::item_missing(id, opened.id()))?)
    }

    /// How many items match.
    pub(crate) async fn count(
        &self,
        collection: &str,
        filter: Filter,
    ) -> Result<u64, OperationError> {
        self.may_take_long()?;
        let opened = self.open(collection, Operation::Read).await?;
        let filter = opened.visible(filter)?;
        Ok(self.data.store.count_items(&opened.of, &filter).await?)
    }

    /// Shows every item that matches, until `visit` has seen enough.
    pub(crate) async fn scan(
        &self,
        opened: &OpenCollection,
        filter: Filter,
        mut visit: impl FnMut(Object) -> Result<ControlFlow<()>, DataError> + Send,
    ) -> Result<(), OperationError> {
        self.may_take_long()?;
        let filter = opened.visible(filter)?;
        let mut broken = None;
        let mut look = |item: Item| match item.object() {
            Ok(object) => visit(object),
            Err(error) => {
                broken = Some(error);
                Ok(ControlFlow::Break(()))
            }
        };
        self.data
            .store
            .scan_items(&opened.of, &filter, &mut look)
            .await?;
        broken.map_or(Ok(()), |error| Err(error.into()))
    }
}

impl OpenCollection {
    /// Whether the caller may see an item.
    pub(crate) fn may_see(&self, item: &Item) -> bool {
        self.reaches(Operation::Read, item)
    }
}
