//! Records into an instance that has none yet.

use std::collections::HashMap;
use std::sync::Arc;

use backlot_wix::data::{Budget, Date, Fault};
use backlot_wix::{AppInstance, InstanceId};

use super::{Exported, Record};
use crate::collections::{Collection, Collections as _};
use crate::instance_details::{Details, InstanceDetails as _};
use crate::instances::{Instances as _, Sighting};
use crate::items::write::{Author, Batch, Write};
use crate::items::{Items as _, ItemsOf};
use crate::{Store, StoreError};

/// Items that are written at once.
const TOGETHER: usize = 500;

/// Reads the records of an export without doing anything with them: whether they are all there.
#[derive(Default)]
pub struct Check {
    held: Exported,
    begun: bool,
    ended: bool,
}

impl Check {
    /// Looks at a record.
    pub fn look(&mut self, record: &Record) -> Result<(), NotImported> {
        if self.ended {
            return Err(NotImported::Disorder("something follows the end"));
        }
        match record {
            Record::Header { version: 1, .. } if !self.begun => self.begun = true,
            Record::Header { .. } => return Err(NotImported::Disorder("its version is not 1")),
            _ if !self.begun => return Err(NotImported::Disorder("it has no header")),
            Record::Instance { .. } | Record::Details { .. } => {}
            Record::Collection { definition, .. } => {
                self.held.collections += 1;
                self.held.checksum.collection(&definition.id);
            }
            Record::Item {
                collection,
                data,
                links,
            } => {
                self.held.items += 1;
                self.held.checksum.item(collection, data, links);
            }
            Record::End {
                collections,
                items,
                checksum,
            } => {
                self.ended = true;
                return self.held.compare(*collections, *items, checksum);
            }
        }
        Ok(())
    }

    /// Ends it; an export that was broken off has no end.
    pub const fn finish(self) -> Result<(), NotImported> {
        match (self.begun, self.ended) {
            (_, true) => Ok(()),
            (false, _) => Err(NotImported::Disorder("it has no header")),
            (true, false) => Err(NotImported::Disorder("it has no end, so it was broken off")),
        }
    }
}

impl Exported {
    fn compare(&self, collections: u64, items: u64, checksum: &str) -> Result<(), NotImported> {
        let said = words(collections, items, checksum);
        let held = words(self.collections, self.items, &self.checksum.to_string());
        if said == held {
            Ok(())
        } else {
            Err(NotImported::Damaged { said, held })
        }
    }
}

/// Takes the records of one instance, in their order.
///
/// In another instance than the one that they are of, what Wix said of the latter (site, owner, plan) is left out:
/// it names the other, and whoever asked by its site would be answered with this one's data.
pub struct Importer<'store> {
    store: &'store Store,
    instance_id: InstanceId,
    collections: HashMap<String, Arc<Collection>>,
    waiting: Vec<Write>,
    waiting_for: String,
    imported: Exported,
    /// The instance that the records are of, as their header says.
    exported_from: Option<InstanceId>,
    ended: bool,
}

/// Why records cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record does not fit.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The instance has collections or items of its own.
    #[error("the instance {0} has data already; delete it first, or import with --replace")]
    NotEmpty(InstanceId),
    /// A collection that the configuration declared where the export was made is not declared here.
    #[error(
        "the collection {0} is declared in the configuration that the export was made with, and not here"
    )]
    NotDeclared(String),
    /// The records are in no order that an export has.
    #[error("the records are not those of an export: {0}")]
    Disorder(&'static str),
    /// What arrived is not what was sent.
    #[error("the export is damaged: it says {said}, and holds {held}")]
    Damaged {
        /// Counts and checksum at its end.
        said: String,
        /// What was read.
        held: String,
    },
}

impl<'store> Importer<'store> {
    /// Begins with an instance that has no collections and no items of its own.
    pub async fn begin(store: &'store Store, instance_id: InstanceId) -> Result<Self, NotImported> {
        for collection in store.collections(instance_id).await? {
            let declared = collection.declared;
            let of = ItemsOf::new(instance_id, collection);
            let all = backlot_wix::data::Filter::all();
            if !declared || store.count(&of, &all).await? > 0 {
                return Err(NotImported::NotEmpty(instance_id));
            }
        }
        Ok(Self {
            store,
            instance_id,
            collections: HashMap::new(),
            waiting: Vec::new(),
            waiting_for: String::new(),
            imported: Exported::default(),
            exported_from: None,
            ended: false,
        })
    }

    /// How much has been taken.
    pub const fn imported(&self) -> Exported {
        self.imported
    }

    /// Takes a record.
    pub async fn take(&mut self, record: Record) -> Result<(), NotImported> {
        if self.ended {
            return Err(NotImported::Disorder("something follows the end"));
        }
        match record {
            Record::Header {
                version: 1,
                instance_id,
            } => {
                if self.exported_from.replace(instance_id).is_some() {
                    return Err(NotImported::Disorder("it has two headers"));
                }
                Ok(())
            }
            Record::Header { .. } => Err(NotImported::Disorder("its version is not 1")),
            Record::Details { answer, .. } if !self.are_own(&answer) => Ok(()),
            Record::Instance {
                first_seen,
                last_seen,
                requests,
            } => {
                let sighting = Sighting {
                    instance_id: self.instance_id,
                    first_seen,
                    last_seen,
                    requests,
                };
                Ok(self.store.record_sightings(vec![sighting]).await?)
            }
            Record::Details { answer, fetched_at } => {
                let details = Details {
                    instance_id: self.instance_id,
                    answer: *answer,
                    fetched_at,
                };
                Ok(self.store.keep_details(details).await?)
            }
            Record::Collection {
                declared,
                definition,
            } => {
                self.write_waiting().await?;
                let id = definition.id.clone();
                let found = self.store.collection(self.instance_id, &id).await?;
                if declared && !found.is_some_and(|found| found.declared) {
                    return Err(NotImported::NotDeclared(id));
                }
                if !declared {
                    self.store
                        .create_collection(self.instance_id, *definition)
                        .await??;
                }
                let made = self.store.collection(self.instance_id, &id).await?;
                let made = made.ok_or_else(|| Fault::collection_missing(&id))?;
                self.imported.collections += 1;
                self.imported.checksum.collection(&id);
                self.collections.insert(id, made);
                Ok(())
            }
            Record::Item {
                collection,
                data,
                links,
            } => {
                self.imported.items += 1;
                self.imported.checksum.item(&collection, &data, &links);
                if collection != self.waiting_for || self.waiting.len() >= TOGETHER {
                    self.write_waiting().await?;
                    self.waiting_for = collection;
                }
                self.waiting.push(Write::Restore { item: data, links });
                Ok(())
            }
            Record::End {
                collections,
                items,
                checksum,
            } => {
                self.write_waiting().await?;
                self.ended = true;
                self.imported.compare(collections, items, &checksum)
            }
        }
    }

    /// Whether details are of the instance that they would be kept for.
    fn are_own(&self, answer: &AppInstance) -> bool {
        let named = answer.instance.instance_id.as_deref();
        let names_another = named.is_some_and(|id| id.parse() != Ok(self.instance_id));
        self.exported_from == Some(self.instance_id) && !names_another
    }

    /// Ends it; an export that was broken off has no end.
    pub fn finish(self) -> Result<Exported, NotImported> {
        if self.ended {
            Ok(self.imported)
        } else {
            Err(NotImported::Disorder("it has no end, so it was broken off"))
        }
    }

    async fn write_waiting(&mut self) -> Result<(), NotImported> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let collection = self.collections.get(&self.waiting_for);
        let collection = collection.ok_or_else(|| Fault::collection_missing(&self.waiting_for))?;
        let of = ItemsOf::new(self.instance_id, Arc::clone(collection));
        let batch = Batch {
            writes: std::mem::take(&mut self.waiting),
            condition: None,
            author: Author::app(None),
            now: Date::from(jiff::Timestamp::UNIX_EPOCH),
            step: None,
            budget: Budget::unlimited(),
            room: None,
            tells_items: false,
        };
        for outcome in self.store.write(&of, batch).await? {
            outcome?;
        }
        Ok(())
    }
}

fn words(collections: u64, items: u64, checksum: &str) -> String {
    format!("{collections} collections, {items} items, checksum {checksum}")
}
