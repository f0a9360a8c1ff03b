//! Writing items. The writer's thread works out only what costs next to nothing.
//!
//! What becomes of a new item is worked out before the writer is asked. What becomes of one that is there already hangs
//! on what is there: a small change is worked out by the writer, within a budget of its own ([`super::writing`]); a costly one outside, from what a
//! reader finds, and the writer does it if the item is still the same.

use std::sync::Arc;

use backlot_wix::data::Fault;

use super::get;
use super::writing::{CHANGED_BYTE, Done, Outcome, Prepared, Work, Worked};
use crate::StoreError;
use crate::items::change::Change;
use crate::items::write::Write;
use crate::items::{Batch, Item, ItemsOf};
use crate::sqlite::SqliteStore;

/// Writes that are done together. In between, other instances have their turn.
const MAX_TOGETHER: usize = 50;
/// Bytes of new items that are written together.
const MAX_BYTES_TOGETHER: usize = 512 * 1024;
/// How often a costly change is worked out anew, since its item has changed meanwhile.
const ATTEMPTS: usize = 8;

impl SqliteStore {
    pub(super) async fn write_items(
        &self,
        of: &ItemsOf,
        mut batch: Batch,
    ) -> Result<Vec<Outcome>, StoreError> {
        let writes = std::mem::take(&mut batch.writes);
        let batch = Arc::new(batch);
        let mut prepared = Vec::with_capacity(writes.len());
        for write in writes {
            prepared.push(if !write.needs_existing() {
                Prepared::Insert(write.insert(&of.collection, &batch))
            } else if batch.step.is_some() {
                // A step is taken as a whole, so nothing of it can be put off. On the heap, as below: it is seldom.
                Box::pin(self.work_out(of, &batch, write)).await?
            } else {
                Prepared::Look(write)
            });
        }
        if batch.step.is_some() {
            let done = self.write_together(of, &batch, prepared).await?;
            return done.into_iter().map(Done::outcome).collect();
        }
        let mut outcomes = Vec::with_capacity(prepared.len());
        for part in parts(prepared) {
            for done in self.write_together(of, &batch, part).await? {
                outcomes.push(match done {
                    Done::Outcome(outcome) => outcome,
                    Done::WorkOut(write) => Box::pin(self.write_costly(of, &batch, write)).await?,
                });
            }
        }
        Ok(outcomes)
    }

    async fn write_together(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        writes: Vec<Prepared>,
    ) -> Result<Vec<Done>, StoreError> {
        let work = Work {
            of: of.clone(),
            batch: Arc::clone(batch),
            writes,
        };
        self.write_for(of.instance_id, move |connection| work.run(connection))
            .await
    }

    /// Works out a change from what a reader finds, until the item is the same when the writer gets to it.
    async fn write_costly(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        write: Write,
    ) -> Result<Outcome, StoreError> {
        for _ in 0..ATTEMPTS {
            let worked = self.work_out(of, batch, write.clone()).await?;
            let done = self.write_together(of, batch, vec![worked]).await?;
            if let Some(Done::Outcome(outcome)) = done.into_iter().next() {
                return Ok(outcome);
            }
        }
        Err(StoreError::Busy)
    }

    async fn work_out(
        &self,
        of: &ItemsOf,
        batch: &Arc<Batch>,
        write: Write,
    ) -> Result<Prepared, StoreError> {
        let (own, budget, batch) = (of.clone(), of.budget.clone(), Arc::clone(batch));
        self.readers
            .read_long(budget, move |reader| {
                let (instance_id, collection) = (own.instance_id, &own.collection);
                let item = get(&reader.connection, instance_id, collection, write.item_id())?;
                let bytes = item.as_ref().map_or(0, |item| item.json.len());
                batch.budget.work(bytes as u64 * CHANGED_BYTE)?;
                let object = item.as_ref().map(Item::object).transpose()?;
                let change = write.change(collection, &batch, object.as_ref());
                Ok(Prepared::Worked(Box::new(Worked {
                    write,
                    before: item.zip(object),
                    change,
                })))
            })
            .await
    }
}

/// The writes in parts that leave others their turn.
fn parts(writes: Vec<Prepared>) -> Vec<Vec<Prepared>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for write in writes {
        let size = write.bytes();
        let is_full = parts.last().is_some_and(|part: &Vec<Prepared>| {
            part.len() >= MAX_TOGETHER || (bytes + size > MAX_BYTES_TOGETHER && !part.is_empty())
        });
        if is_full {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(write);
        }
    }
    parts
}

impl Prepared {
    /// Bytes that are written, as far as they are known.
    fn bytes(&self) -> usize {
        match self {
            Self::Insert(change) => new_bytes(change),
            Self::Worked(worked) => new_bytes(&worked.change),
            Self::Look(_) => 0,
        }
    }
}

fn new_bytes(change: &Result<Change, Fault>) -> usize {
    let new = change.as_ref().ok().and_then(|change| change.new.as_ref());
    new.map_or(0, |new| new.json.len())
}
