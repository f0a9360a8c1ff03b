//! Writing items. The writer's thread works out only what costs next to nothing.
//!
//! What becomes of a new item is worked out before the writer is asked. What becomes of one that is there already hangs
//! on what is there: a small change is worked out by the writer, within a separate budget ([`super::writing`]); a costly one outside, from what a
//! reader finds, and the writer does it if the item is still the same.

use std::sync::Arc;

use backlot_wix::data::memory::Weigh as _;
use backlot_wix::data::{DataError, Object};

use super::get;
use super::writing::{
    CHANGED_BYTE, Done, MAX_LINKS_AT_ONCE, MutationRun, PreparedMutation, WorkedOut,
};
use crate::StoreError;
use crate::items::effect::{Effect, growths};
use crate::items::mutation::{Mutation, Outcome};
use crate::items::{Batch, CollectionRef, Item};
use crate::sqlite::SqliteStore;

/// Writes that are done together. In between, other instances have their turn.
const MAX_BATCH_SIZE: usize = 50;
/// Bytes of new items that are written together.
const MAX_BATCH_BYTES: usize = 512 * 1024;
/// Bytes of items that one transaction holds, as they are and as they are to be, unless one item is more.
const MAX_WEIGHT_AS_ONE: usize = 8 << 20;
/// How often a costly change is worked out again because its item has changed meanwhile.
const ATTEMPTS: usize = 8;

impl SqliteStore {
    pub(in crate::sqlite) async fn write_items(
        &self,
        of: &CollectionRef,
        mut batch: Batch,
    ) -> Result<Vec<Outcome>, StoreError> {
        let writes = std::mem::take(&mut batch.writes);
        let batch = Arc::new(batch);
        let prepare = |write: Mutation| {
            if write.needs_existing() {
                PreparedMutation::Look(write)
            } else {
                PreparedMutation::Insert(write.insert(&of.collection, &batch))
            }
        };
        let prepared: Vec<PreparedMutation> = writes.into_iter().map(prepare).collect();
        let is_single = prepared.len() == 1;
        let mut outcomes = Vec::with_capacity(prepared.len());
        for mut part in parts(of, prepared) {
            while !part.is_empty() {
                let mut left = Vec::new();
                for done in self.write_together(of, &batch, part).await? {
                    match done {
                        Done::Outcome(outcome) => outcomes.push(outcome),
                        Done::WorkOut(write) => {
                            let outcome = Box::pin(self.write_costly(of, &batch, write)).await;
                            outcomes.push(match outcome {
                                // Others are done already, and have their outcomes.
                                Err(StoreError::Rejected(fault)) if !is_single => Err(fault),
                                outcome => outcome?,
                            });
                        }
                        Done::Later(write) => left.push(write),
                    }
                }
                part = left;
            }
        }
        Ok(outcomes)
    }

    /// Works out all mutations of a commit that is one transaction, in which none can be put off.
    pub(in crate::sqlite) async fn work_out_all(
        &self,
        of: &CollectionRef,
        mut batch: Batch,
    ) -> Result<MutationRun, StoreError> {
        let writes = std::mem::take(&mut batch.writes);
        let batch = Arc::new(batch);
        let mut prepared = Vec::with_capacity(writes.len());
        let (mut weight, mut is_partial) = (0, false);
        for write in writes {
            if weight > MAX_WEIGHT_AS_ONE {
                // The next commit finds the rest again.
                is_partial = true;
                break;
            }
            let write = if write.needs_existing() {
                self.work_out(of, &batch, write).await?
            } else {
                PreparedMutation::Insert(write.insert(&of.collection, &batch))
            };
            weight += write.weight();
            prepared.push(write);
        }
        Ok(MutationRun {
            is_partial,
            ..MutationRun::new(of, &batch, prepared)
        })
    }

    async fn write_together(
        &self,
        of: &CollectionRef,
        batch: &Arc<Batch>,
        writes: Vec<PreparedMutation>,
    ) -> Result<Vec<Done>, StoreError> {
        let work = MutationRun::new(of, batch, writes);
        self.write_for(of.instance_id, move |connection| work.run(connection))
            .await
    }

    /// Works out a change from what a reader finds, until the item is the same when the writer gets to it.
    async fn write_costly(
        &self,
        of: &CollectionRef,
        batch: &Arc<Batch>,
        write: Mutation,
    ) -> Result<Outcome, StoreError> {
        for _ in 0..ATTEMPTS {
            let mut worked = self.work_out(of, batch, write.clone()).await?;
            loop {
                let done = self.write_together(of, batch, vec![worked]).await?;
                match done.into_iter().next() {
                    Some(Done::Outcome(outcome)) => return Ok(outcome),
                    Some(Done::Later(left)) => worked = left,
                    Some(Done::WorkOut(_)) | None => break,
                }
            }
        }
        Err(StoreError::Busy)
    }

    async fn work_out(
        &self,
        of: &CollectionRef,
        batch: &Arc<Batch>,
        write: Mutation,
    ) -> Result<PreparedMutation, StoreError> {
        let (own, budget, batch) = (of.clone(), of.budget.clone(), Arc::clone(batch));
        self.readers
            .read_long(budget, move |reader| {
                let (instance_id, collection) = (own.instance_id, &own.collection);
                let item = get(&reader.connection, instance_id, collection, write.item_id())?;
                let bytes = item.as_ref().map_or(0, |item| item.json.len());
                batch.budget.work(bytes as u64 * CHANGED_BYTE)?;
                let object = item.as_ref().map(Item::object).transpose()?;
                let change = write.change(collection, &batch, object.as_ref());
                Ok(PreparedMutation::WorkedOut(Box::new(WorkedOut {
                    write,
                    before: item.zip(object),
                    change,
                })))
            })
            .await
    }
}

/// The writes in parts that leave others their turn.
fn parts(of: &CollectionRef, writes: Vec<PreparedMutation>) -> Vec<Vec<PreparedMutation>> {
    let mut parts = vec![Vec::new()];
    let (mut bytes, mut links) = (0, 0);
    for write in writes {
        let (size, new_links) = (write.bytes(), write.links(of));
        let is_full = parts.last().is_some_and(|part: &Vec<PreparedMutation>| {
            part.len() >= MAX_BATCH_SIZE
                || (bytes + size > MAX_BATCH_BYTES && !part.is_empty())
                || (links + new_links > MAX_LINKS_AT_ONCE && !part.is_empty())
        });
        if is_full {
            parts.push(Vec::new());
            (bytes, links) = (0, 0);
        }
        bytes += size;
        links += new_links;
        if let Some(part) = parts.last_mut() {
            part.push(write);
        }
    }
    parts
}

impl PreparedMutation {
    /// Bytes that are written, as far as they are known.
    fn bytes(&self) -> usize {
        match self {
            Self::Insert(change) => new_bytes(change),
            Self::WorkedOut(worked) => new_bytes(&worked.change),
            Self::Look(_) => 0,
        }
    }

    /// Roughly the bytes that a change takes up which was worked out.
    fn weight(&self) -> usize {
        let Self::WorkedOut(worked) = self else {
            return 0;
        };
        let item = |json: &str, object: &Object| json.len() + object.weight();
        let before = worked.before.as_ref();
        let before = before.map_or(0, |(before, object)| item(&before.json, object));
        let new = worked.change.as_ref().ok();
        let new = new.and_then(|change| change.new.as_ref());
        before + new.map_or(0, |new| item(&new.json, &new.object))
    }

    /// Links that are made.
    fn links(&self, of: &CollectionRef) -> usize {
        let made = |change: &Result<Effect, DataError>| {
            let links = change.as_ref().map_or(&[][..], |change| &change.links);
            growths(links).iter().map(|it| it.more).sum()
        };
        match self {
            Self::Insert(change) => made(change),
            Self::WorkedOut(worked) => made(&worked.change),
            Self::Look(write) => write.new_links(&of.collection.definition),
        }
    }
}

fn new_bytes(change: &Result<Effect, DataError>) -> usize {
    let new = change.as_ref().ok().and_then(|change| change.new.as_ref());
    new.map_or(0, |new| new.json.len())
}
